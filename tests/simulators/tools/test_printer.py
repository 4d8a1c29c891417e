"""lp, lpstat, cancel, tray and the camera over a simulated disc printer."""

import asyncio
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.simulators.tools.bench import Bench, play


def picture(to: Path, text: str) -> Path:
    """A label with a QR code in its lower half, as labels have it."""
    label: Any = np.full((1200, 1200, 3), 255, np.uint8)
    code = cv2.QRCodeEncoder.create().encode(text)
    code = cv2.resize(code, (260, 260), interpolation=cv2.INTER_NEAREST)
    label[850:1110, 470:730] = cv2.cvtColor(code, cv2.COLOR_GRAY2BGR)
    cv2.putText(label, "TOP", (480, 200), cv2.FONT_HERSHEY_SIMPLEX, 3, (0, 0, 160), 9)
    cv2.imwrite(str(to), label)
    return to


def seen(here: Bench) -> Any:
    frame = cv2.imread(str(here.dev / "camera.png"))
    assert frame is not None
    return frame


def decoded(frame: Any) -> str:
    return str(cv2.QRCodeDetector().detectAndDecode(frame)[0])


def lay_disc(here: Bench, serial: str = "BD000001") -> None:
    here.world.move(here.world.state.discs[serial], "p1")


async def print_label(here: Bench, path: Path) -> None:
    await here.good("lp", "-d", "disc", "-t", "label", "-n", "1", "--", path)

    async def is_done() -> bool:
        return not await here.good("lpstat", "-l", "-W", "not-completed", "-o", "disc")

    await here.until(is_done, every_s=1)


def test_a_label_is_printed_and_seen(tmp_path: Path) -> None:
    label = picture(tmp_path / "label.png", "BD000001:vol-7")

    async def story(here: Bench) -> None:
        lay_disc(here)
        bare = seen(here)
        assert decoded(bare) == ""
        idle = await here.good("lpstat", "-l", "-p", "disc")
        assert idle.startswith("printer disc is idle.  enabled since ")
        assert "\tAlerts: none" in idle
        told = await here.good("lp", "-d", "disc", "-t", "A title", "--", label)
        assert told == "request id is disc-1 (1 file(s))"
        await asyncio.sleep(1)
        assert "printer disc now printing disc-1." in await here.good("lpstat", "-p", "disc")
        jobs = (await here.good("lpstat", "-l", "-o", "disc")).split("\n")
        assert jobs[0].startswith("disc-1                  stele         ")
        assert jobs[-2:] == ["\tAlerts: job-printing", "\tqueued for disc"]
        assert (await here.run("tray", "open")).text == "tray: the printer is busy"
        await asyncio.sleep(25)
        assert await here.good("lpstat", "-o", "disc")
        await asyncio.sleep(5)
        assert await here.good("lpstat", "-o", "disc") == ""
        assert "disc-1" in await here.good("lpstat", "-W", "completed", "-o", "disc")
        frame = seen(here)
        assert decoded(frame) == "BD000001:vol-7"
        assert frame.shape == (1200, 1600, 3)
        printed = here.world.state.prints["BD000001"]
        assert (printed.title, printed.times) == ("A title", 1)

    play(tmp_path, story)


@pytest.mark.parametrize("fault", ["print-smeared", "print-missing", "print-upside-down"])
def test_bad_prints_look_bad(tmp_path: Path, fault: str) -> None:
    label = picture(tmp_path / "label.png", "BD000001:vol-7")

    async def story(here: Bench) -> None:
        here.fault(fault)
        lay_disc(here)
        await print_label(here, label)
        frame = seen(here)
        if fault != "print-upside-down":
            assert decoded(frame) == ""
            return
        _, corners, _ = cv2.QRCodeDetector().detectAndDecode(frame)
        assert corners is not None
        assert corners.reshape(-1, 2)[:, 1].mean() < 600  # sent below the middle

    play(tmp_path, story)


def test_the_label_of_another_disc_comes_out(tmp_path: Path) -> None:
    first = picture(tmp_path / "first.png", "first")
    second = picture(tmp_path / "second.png", "second")

    async def story(here: Bench) -> None:
        lay_disc(here)
        await print_label(here, first)
        here.world.move(here.world.state.discs["BD000001"], "s001")
        lay_disc(here, "BD000002")
        here.fault("print-swapped")
        await print_label(here, second)
        assert decoded(seen(here)) == "first"

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("level", "darkest"), [(100.0, 0), (4.0, 125), (0.5, 235)]
)  # fmt: skip
def test_prints_become_pale_before_the_ink_is_out(
    tmp_path: Path, level: float, darkest: int
) -> None:
    label = picture(tmp_path / "label.png", "BD000001")

    async def story(here: Bench) -> None:
        lay_disc(here)
        if level < 100:
            here.fault("ink", value=level)
            assert "marker-supply-low-warning" in await here.good("lpstat", "-l", "-p", "disc")
        await print_label(here, label)
        ring = seen(here)[880:1100, 690:910]
        assert abs(int(ring.min()) - darkest) < 30

    play(tmp_path, story)


def test_the_camera_in_the_dark_gone_and_over_an_empty_tray(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        assert 20 < seen(here).mean() < 80
        here.fault("camera-black")
        assert seen(here).max() == 0
        here.lift("camera-black")
        lay_disc(here)
        assert seen(here)[600, 300].mean() > 150
        here.fault("camera-gone")
        assert not (here.dev / "camera.png").exists()

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("", "media-empty-error"),
        ("no-ink", "marker-supply-empty-error"),
    ],
)
def test_a_job_waits_while_the_printer_cannot_go_on(
    tmp_path: Path, fault: str, reason: str
) -> None:
    label = picture(tmp_path / "label.png", "x")

    async def story(here: Bench) -> None:
        if fault:
            here.fault(fault)
            lay_disc(here)
        await here.good("lp", "-d", "disc", "--", label)
        await asyncio.sleep(100)
        told = await here.good("lpstat", "-l", "-p", "disc")
        assert "now printing disc-1" in told
        assert f"\tAlerts: {reason}" in told
        if fault:
            here.lift(fault)
        else:
            lay_disc(here)
        await asyncio.sleep(31)
        assert await here.good("lpstat", "-o", "disc") == ""
        assert "BD000001" in here.world.state.prints

    play(tmp_path, story)


@pytest.mark.parametrize("fault", ["printer-stopped", "print-aborted"])
def test_a_stopped_queue_keeps_its_job_until_it_is_held_or_cancelled(
    tmp_path: Path, fault: str
) -> None:
    label = picture(tmp_path / "label.png", "x")

    async def story(here: Bench) -> None:
        here.fault(fault)
        lay_disc(here)
        await here.good("lp", "-d", "disc", "--", label)
        await asyncio.sleep(60)
        assert "printer disc disabled since" in await here.good("lpstat", "-l", "-p", "disc")
        await here.good("lp", "-i", "disc-1", "-H", "hold")
        here.lift(fault)
        await asyncio.sleep(60)
        assert "job-hold" in await here.good("lpstat", "-l", "-o", "disc")
        assert not here.world.state.prints
        await here.good("cancel", "disc-1")
        assert await here.good("lpstat", "-o", "disc") == ""
        assert (await here.run("cancel", "disc-1")).code == 1

    play(tmp_path, story)


def test_the_tray_moves_and_an_open_tray_prints_nothing(tmp_path: Path) -> None:
    label = picture(tmp_path / "label.png", "x")

    async def story(here: Bench) -> None:
        lay_disc(here)
        run = await here.run("tray", "open")
        assert (run.code, run.text) == (0, "tray open")
        assert run.seconds >= 2
        assert here.world.state.open_trays == {"p1"}
        await here.good("lp", "-d", "disc", "--", label)
        await asyncio.sleep(60)
        assert "input-tray-missing" in await here.good("lpstat", "-l", "-p", "disc")
        assert await here.good("tray", "close") == "tray closed"
        assert await here.good("tray", "status") == "tray closed"
        await asyncio.sleep(31)
        assert "BD000001" in here.world.state.prints
        assert (await here.run("tray", "dance")).code == 2

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("lp", "-d", "other", "x.png"), "lp: The printer or class does not exist."),
        (("lp", "-d", "disc", "/none.png"), "lp: Error - unable to access"),
        (("lpstat", "-p", "other"), 'lpstat: Invalid destination name in list "other".'),
        (("cancel", "other-3"), 'cancel: Error - unknown destination "other-3".'),
    ],
)
def test_wrong_words_are_refused_as_cups_does(
    tmp_path: Path, words: tuple[str, ...], answer: str
) -> None:
    async def story(here: Bench) -> None:
        run = await here.run(*words)
        assert run.code == 1
        assert answer in run.text

    play(tmp_path, story)
