"""A bay whose lines, programs or disk do not do what they should; and one over real programs."""

import asyncio
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from hal.drivers.diskbay import BayLines, DiskBayTiming, DiskPrograms, LineDiskBay
from hal.errors import HalError
from hal.transports.command_line import LocalCommandLine
from hal.transports.interfaces import CommandLine
from tests.hal.drivers.diskbay.test_codec import report
from tests.hal.drivers.fake_program import FakeProgram, MissingProgram

FAST = DiskBayTiming(
    spin_up_s=0.05, latch_s=0.02, poll_s=0.005, smart_s=0.2, unmount_s=5, mount_s=5
)


@dataclass
class Line:
    active: bool = False

    async def is_active(self) -> bool:
        return self.active

    async def set(self, active: bool) -> None:
        self.active = active


def good(argv: tuple[str, ...]) -> tuple[int, str]:
    return 0, json.dumps(report(), indent=2)


@dataclass
class Bench:
    """A bay with a disk whose device is there, and programs that are pleased with everything."""

    folder: Path

    def __post_init__(self) -> None:
        self.device = self.folder / "sdb"
        self.device.write_bytes(bytes(4 << 20))
        self.lines = BayLines(Line(True), Line(True), Line(), Line())
        self.programs: dict[str, CommandLine] = {
            word: FakeProgram(good) for word in ("smartctl", "mount", "umount", "mkfs", "df")
        }

    @property
    def bay(self) -> LineDiskBay:
        programs = DiskPrograms(**self.programs)
        mount_point = self.folder / "mounts" / "b01"
        return LineDiskBay("b01", self.device, self.lines, programs, mount_point, timing=FAST)

    def say(self, word: str, exit_code: int, text: str) -> FakeProgram:
        program = FakeProgram(lambda argv: (exit_code, text))
        self.programs[word] = program
        return program


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def code_of(call: object) -> int:
    with pytest.raises(HalError) as caught:
        await call  # type: ignore[misc]
    return caught.value.code


async def test_a_disk_that_does_not_come_up_is_switched_off_again(bench: Bench) -> None:
    bench.device.unlink()
    assert await code_of(bench.bay.ensure_on()) == 3241
    assert not await bench.lines.power.is_active()


async def test_a_tray_that_is_not_closed_gets_no_power(bench: Bench) -> None:
    await bench.lines.latched.set(False)  # type: ignore[attr-defined]
    assert await code_of(bench.bay.ensure_on()) == 3245
    assert not await bench.lines.power.is_active()


async def test_a_latch_that_does_not_move_is_let_back(bench: Bench) -> None:
    assert await code_of(bench.bay.ensure_released()) == 3246
    assert not await bench.lines.release.is_active()


async def test_a_disk_in_use_keeps_its_power_and_its_tray(bench: Bench) -> None:
    bay = bench.bay
    await bay.ensure_mounted()
    bench.say("umount", 32, "umount: /m: target is busy.")
    bay = bench.bay
    assert await code_of(bay.ensure_off()) == 3242
    assert await code_of(bay.ensure_released()) == 3242
    assert await bench.lines.power.is_active()
    assert not await bench.lines.release.is_active()


async def test_a_disk_that_will_not_park_is_switched_off_all_the_same(bench: Bench) -> None:
    await bench.bay.ensure_on()
    for smartctl in (bench.say("smartctl", 1, "what?"), FakeProgram(lambda argv: None)):
        await bench.lines.power.set(True)
        bench.programs["smartctl"] = smartctl
        await bench.bay.ensure_off()
        assert not await bench.lines.power.is_active()
        assert smartctl.runs == [("-s", "standby,now", str(bench.device))]


@pytest.mark.parametrize(
    ("exit_code", "text", "code"),
    [(0, '{"smartctl": {', 1042), (1, "{}", 1042), (-9, "", 1043), (2, '{"smartctl":{}}', 3243)],
)
async def test_a_broken_answer_of_smartctl_is_told(
    exit_code: int, text: str, code: int, bench: Bench
) -> None:
    bench.say("smartctl", exit_code, text)
    bay = bench.bay
    await bay.ensure_on()
    assert await code_of(bay.health()) == code


async def test_a_hanging_and_a_missing_program_are_told(bench: Bench) -> None:
    await bench.bay.ensure_on()
    bench.programs["smartctl"] = FakeProgram(lambda argv: None)
    assert await code_of(bench.bay.health()) == 1041
    bench.programs["smartctl"] = MissingProgram()
    assert await code_of(bench.bay.health()) == 1040
    bench.programs["mount"] = MissingProgram()
    assert await code_of(bench.bay.ensure_mounted()) == 1040


@pytest.mark.parametrize("place", [0, 600_000, (4 << 20) - 1])
async def test_a_disk_with_anything_on_it_is_never_formatted(place: int, bench: Bench) -> None:
    with bench.device.open("r+b") as disk:
        disk.seek(place)
        disk.write(b"x")
    bench.say("mount", 32, "mount: /m: wrong fs type, bad option, bad superblock on /dev/sdb.")
    mkfs = bench.say("mkfs", 0, "")
    assert await code_of(bench.bay.ensure_formatted("L")) == 3247
    assert mkfs.runs == []


async def test_a_mount_that_fails_for_another_reason_formats_nothing(bench: Bench) -> None:
    bench.say("mount", 32, "mount: /m: special device /dev/sdb does not exist.")
    mkfs = bench.say("mkfs", 0, "")
    assert await code_of(bench.bay.ensure_formatted("L")) == 3244
    assert mkfs.runs == []


async def test_a_file_system_that_cannot_be_made_is_told(bench: Bench) -> None:
    bench.say("mount", 32, "mount: /m: wrong fs type, bad option, bad superblock on /dev/sdb.")
    bench.say("mkfs", 1, "mkfs.ext4: Device size reported to be zero.")
    assert await code_of(bench.bay.ensure_formatted("L")) == 3248


async def can_mount(folder: Path) -> bool:
    """Whether this machine lets us mount images at all."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4", path="/usr/sbin:/sbin") is None:
        return False
    image, point = folder / "probe.img", folder / "probe"
    image.write_bytes(bytes(4 << 20))
    point.mkdir()
    for words in (("/sbin/mkfs.ext4", "-q", image), ("mount", image, point), ("umount", point)):
        run = await asyncio.create_subprocess_exec(*map(str, words), stderr=-3, stdout=-3)
        if await run.wait() != 0:
            return False
    return True


async def test_real_mount_and_mkfs_keep_a_file_over_power_off(tmp_path: Path) -> None:
    if not await can_mount(tmp_path):
        pytest.skip("images cannot be mounted here")
    bench = Bench(tmp_path)
    bench.device.write_bytes(bytes(16 << 20))
    bench.programs["mkfs"] = LocalCommandLine(["/sbin/mkfs.ext4"])
    bench.programs["mount"] = LocalCommandLine(["mount"])
    bench.programs["umount"] = LocalCommandLine(["umount"])
    bay = bench.bay
    assert await code_of(bay.ensure_mounted()) == 3244
    root = await bay.ensure_formatted("STELE0001")
    try:
        (root / "件.txt").write_text("内容", "utf-8")
        with (root / "件.txt").open():
            assert await code_of(bay.ensure_off()) == 3242
        await bay.ensure_off()
        assert list(root.iterdir()) == []  # an empty folder
        assert await bench.bay.ensure_formatted("STELE0001") == root
        assert (root / "件.txt").read_text("utf-8") == "内容"
    finally:
        await bench.bay.ensure_off()
