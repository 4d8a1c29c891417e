"""The cabinet and its burner command as processes of their own."""

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from simulators.world.world import World, read_state

SIM = [sys.executable, "-m", "simulators.cli"]
SECTORS = 4000


class CabinetProcess:
    """A running `stele-sim cabinet`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        words = [*SIM, "cabinet", "--world", os.fspath(folder), "--speed", "200", *options]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def burner_words(self, *words: str) -> list[str]:
        wires = tomllib.loads((self.folder / "wires.toml").read_text())
        prefix: list[str] = wires["drives"][0]["burner"]
        return [*prefix, *words]

    def burn(self) -> subprocess.Popen[bytes]:
        words = ("-no_rc", "-as", "cdrecord", "-v", f"dev={self.folder}/dev/d1", "fs=64m")
        return subprocess.Popen(
            self.burner_words(*words, f"tsize={SECTORS}s", "-nopad", "-"),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def toc(self) -> str:
        words = self.burner_words("-no_rc", "-outdev", f"{self.folder}/dev/d1", "-toc")
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        assert self.process.stdout
        self.process.stdout.close()
        return code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A world whose first disc lies in drive d1."""
    world = World.create(tmp_path / "world", discs=4, capacity_sectors=SECTORS + 200)
    disc = world.disc_at("s001")
    assert disc
    world.move(disc, "d1")
    world.close()
    return world.folder


@pytest.fixture
def cabinet(folder: Path) -> Iterator[CabinetProcess]:
    running = CabinetProcess(folder)
    yield running
    running.end()


def ask(port: int, words: bytes, wanted: bytes, timeout_s: float = 10) -> bytes:
    """Write to an open terminal and read until an answer contains what is wanted."""
    os.write(port, words)
    data, until_s = b"", time.monotonic() + timeout_s
    while wanted not in data:
        ready, _, _ = select.select([port], [], [], max(0, until_s - time.monotonic()))
        assert ready, f"only {data!r} came"
        data += os.read(port, 4096)
    return data


def wait_for_writing(said: IO[bytes]) -> None:
    """Read what the burner says until the disc is being written."""
    for line in said:
        if b"Working since 0 seconds" in line:
            return
    raise AssertionError("the burner ended without writing")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_cabinet_ends_cleanly_and_can_be_started_again(
    folder: Path, number: signal.Signals
) -> None:
    cabinet = CabinetProcess(folder)
    assert cabinet.end(number) == 0
    assert not (folder / "dev" / "robot").is_symlink()
    again = CabinetProcess(folder)
    assert "Media status : is blank" in again.toc()
    assert again.end() == 0


def test_wires_are_what_the_firmware_wants(cabinet: CabinetProcess) -> None:
    wires = tomllib.loads((cabinet.folder / "wires.toml").read_text())
    assert wires["changer"] == {"port": f"{cabinet.folder}/dev/robot"}
    assert [drive["name"] for drive in wires["drives"]] == ["d1", "d2", "d3", "d4"]
    assert wires["drives"][3]["device"] == f"{cabinet.folder}/dev/d4"


def test_a_second_cabinet_on_the_same_world_is_refused(cabinet: CabinetProcess) -> None:
    words = [*SIM, "cabinet", "--world", os.fspath(cabinet.folder)]
    refused = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 1
    assert "another process has the world" in refused.stderr


def test_the_robots_port_survives_its_users(cabinet: CabinetProcess) -> None:
    for attempt in range(3):
        port = os.open(cabinet.folder / "dev" / "robot", os.O_RDWR | os.O_NOCTTY)
        if attempt == 0:
            ask(port, b"$H\nG0 Y-100\nG4P0\n", b"ok\r\nok\r\nok\r\n")
        assert b"MPos:0.000,-100.000,0.000" in ask(port, b"?", b">")
        os.close(port)


def test_a_burn_and_its_read_back(cabinet: CabinetProcess) -> None:
    image = os.urandom(SECTORS * 2048)
    burning = cabinet.burn()
    _, said = burning.communicate(image, timeout=30)
    assert burning.returncode == 0, said
    assert b"completed successfully." in said
    assert "Media status : is written , is closed" in cabinet.toc()
    assert (cabinet.folder / "dev" / "d1").read_bytes() == image


def test_the_burner_starts_quickly(cabinet: CabinetProcess) -> None:
    cabinet.toc()
    words = cabinet.burner_words("-no_rc", "-outdev", "/dev/sr7", "-toc")
    took_s = []
    for _ in range(5):
        began_s = time.perf_counter()
        subprocess.run(words, capture_output=True, check=False)
        took_s.append(time.perf_counter() - began_s)
    python_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    python_s = time.perf_counter() - python_s
    assert min(took_s) < 0.15 + python_s  # a busy machine slows Python itself


def test_the_death_of_the_firmware_ends_the_burn(cabinet: CabinetProcess) -> None:
    burning = cabinet.burn()
    assert burning.stdin
    burning.stdin.write(bytes(1024 * 1024))
    _, said = burning.communicate(timeout=30)
    assert burning.returncode == 5
    assert b"Premature end of input encountered." in said
    assert "is appendable , but next track is damaged" in cabinet.toc()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 1), (signal.SIGKILL, -9)])
def test_the_death_of_the_burner_spoils_the_disc_and_frees_the_drive(
    cabinet: CabinetProcess, number: signal.Signals, code: int
) -> None:
    burning = cabinet.burn()
    assert burning.stdin
    assert burning.stderr
    burning.stdin.write(bytes(3 * 1024 * 1024))
    wait_for_writing(burning.stderr)
    burning.send_signal(number)
    _, said = burning.communicate(timeout=30)
    assert burning.returncode == code
    assert (b"Drive is released" in said) == (number is signal.SIGTERM)
    assert "is appendable , but next track is damaged" in cabinet.toc()


def test_the_death_of_the_cabinet_looks_like_a_lost_drive(cabinet: CabinetProcess) -> None:
    burning = cabinet.burn()
    assert burning.stdin
    assert burning.stderr
    burning.stdin.write(bytes(3 * 1024 * 1024))
    wait_for_writing(burning.stderr)
    cabinet.end(signal.SIGKILL)
    _, said = burning.communicate(timeout=30)
    assert burning.returncode == 5
    assert b"libburn : FATAL : Lost connection to drive" in said
    again = CabinetProcess(cabinet.folder)
    assert "is appendable , but next track is damaged" in again.toc()
    assert again.end() == 0


def test_killed_at_any_moment_the_world_is_whole(folder: Path) -> None:
    """Kill the cabinet while it picks a disc and burns another, and look at what is left."""
    chance = random.Random(4)
    robot = b"$X\n$H\n" + b"G0 X-14.118 Y-20\nM8\nG4P.3\nG0 Z-120\nM9\nG4P.3\nG0 Z0\n" * 2
    for _ in range(6):
        cabinet = CabinetProcess(folder)
        port = os.open(folder / "dev" / "robot", os.O_RDWR | os.O_NOCTTY)
        os.write(port, robot[:120])
        burning = cabinet.burn()
        assert burning.stdin
        time.sleep(chance.random() * 0.3)  # the point of the kill, not a synchronisation
        cabinet.end(signal.SIGKILL)
        os.close(port)
        burning.communicate(timeout=30)
        world = World.open(folder)  # checks that every disc is in one place
        assert len(world.state.discs) == 4
        assert all(disc.burns <= 1 for disc in world.state.discs.values())
        held = world.disc_at("gripper")
        if held:
            world.move(held, "s002")
        world.close()


def test_faults_and_status_from_the_command_line(cabinet: CabinetProcess) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*SIM, *words], capture_output=True, text=True, check=False)

    where = os.fspath(cabinet.folder)
    assert run("fault", where, "steal", "s002").stdout == "BD000002 was taken out of s002\n"
    assert run("fault", where, "jam").stdout == "jam begins\n"
    refused = run("fault", where, "steal", "s002")
    assert refused.returncode == 1
    assert "there is no disc in s002" in refused.stderr
    shown = run("status", where)
    assert "BD000002 in outside: blank" in shown.stdout
    assert "fault: jam" in shown.stdout
    state = json.loads(run("status", where, "--json").stdout)
    assert state["discs"]["BD000001"]["place"] == "d1"
    assert read_state(cabinet.folder).faults == {"jam": {}}


def test_the_clock_of_a_running_cabinet_takes_another_speed(cabinet: CabinetProcess) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        told = [*SIM, "speed", os.fspath(cabinet.folder), *words]
        return subprocess.run(told, capture_output=True, text=True, check=False)

    port = os.open(cabinet.folder / "dev" / "robot", os.O_RDWR | os.O_NOCTTY)
    ask(port, b"$H\n", b"ok\r\n")
    assert run("0.001").stdout == "the clock runs 0.001 times as fast\n"
    os.write(port, b"G4P10\n")  # three hours at this speed
    refused = run("nan")
    assert refused.returncode == 1
    assert "must be above 0" in refused.stderr
    assert run("2000").returncode == 0
    ask(port, b"", b"ok\r\n")
    os.close(port)


def test_the_clock_slows_down_at_the_moment_a_disc_is_written(cabinet: CabinetProcess) -> None:
    told = [*SIM, "speed", os.fspath(cabinet.folder), "0.001", "--when-writing"]
    slowing = subprocess.Popen(told, stdout=subprocess.PIPE, text=True)
    burning = cabinet.burn()
    assert burning.stdin
    burning.stdin.write(bytes(1024 * 1024))
    said, _ = slowing.communicate(timeout=20)
    assert said == "the clock runs 0.001 times as fast\n"
    assert read_state(cabinet.folder).discs["BD000001"].state == "appendable"
    assert burning.poll() is None
    burning.kill()
    burning.communicate()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("cabinet", "--world", "DIR", "--speed", "0"), "speed must be above 0"),
        (("cabinet", "--world", "DIR", "--profile", "rock"), "there is: desktop, disc-cabinet"),
        (("cabinet", "--world", "DIR", "--discs", "201"), "200 slots"),
        (("cabinet", "--world", "DIR", "--capacity-bytes", "100"), "at least 32 sectors"),
        (("status", "/"), "there is no world"),
        (("fault", "/", "jam"), "no cabinet runs in /"),
        (("speed", "/", "3"), "no cabinet runs in /"),
        (("speed", "DIR", "fast"), "not a valid float"),
        (("burner", "--world", "/", "-no_rc"), "no cabinet answers"),
        (("burner",), "--world"),
    ],
)
def test_wrong_words_are_explained(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    told = [word.replace("DIR", os.fspath(tmp_path)) for word in words]
    refused = subprocess.run([*SIM, *told], capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode != 0
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_scenario_plays_in_the_cabinet(folder: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text('[[fault]]\nat_s = 1.0\nwhat = "steal"\nwhere = "s003"\n')
    cabinet = CabinetProcess(folder, "--scenario", os.fspath(scenario))
    until_s = time.monotonic() + 10
    while read_state(folder).discs["BD000003"].place != "outside":
        assert time.monotonic() < until_s
        time.sleep(0.01)
    cabinet.end()


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-rather-long-name-of-a-folder"] * 5)
    cabinet = CabinetProcess(deep, "--discs", "1")
    try:
        assert "is not present" in cabinet.toc()
    finally:
        cabinet.end()
        shutil.rmtree(deep)
