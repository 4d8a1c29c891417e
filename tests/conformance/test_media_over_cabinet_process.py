"""Tapes, a disk and the printer of a simulated cabinet that is a process of its own.

Every command is a process and every byte goes through real pipes, as on a real machine. The
cabinet's clock runs faster; the drivers' is the machine's.
"""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hal.drivers.diskbay import BayLines, DiskPrograms, LineDiskBay
from hal.drivers.mcp23017.driver import Expander
from hal.drivers.printer import CupsPrinter, PrinterTiming
from hal.drivers.tape import MtTapeDrive, MtxChanger
from hal.drivers.tca9548a.driver import Multiplexers
from hal.transports.command_line import LocalCommandLine
from hal.transports.i2c_bus import LocalI2cBus
from tests.conformance import tape_unit
from tests.conformance.disk_bay import code_of

SPEED = 100
PROGRAM = shutil.which("stele-sim", path=str(Path(sys.executable).parent)) or "stele-sim"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("world")
    options = ["--profile", "hybrid", "--world", str(folder), "--speed", str(SPEED)]
    with subprocess.Popen([PROGRAM, "cabinet", *options], stdout=subprocess.PIPE) as cabinet:
        assert cabinet.stdout is not None
        assert cabinet.stdout.readline() == b"ready\n"
        yield folder
        cabinet.terminate()


@pytest.fixture(scope="module")
def wires(world: Path) -> dict[str, Any]:
    return tomllib.loads((world / "wires.toml").read_text("utf-8"))


class TapeUnit:
    def __init__(self, wires: dict[str, Any]) -> None:
        self._wires = wires
        self.changer, self.drive = self.restarted()

    def restarted(self) -> tuple[MtxChanger, MtTapeDrive]:
        tape, drive = self._wires["tape"], self._wires["tape_drives"][0]
        dd = LocalCommandLine(drive["dd"])
        changer = MtxChanger(tape["changer"], LocalCommandLine(tape["mtx"]), ("td1", "td2"), 24)
        mt = LocalCommandLine(drive["mt"])
        return changer, MtTapeDrive("td1", drive["device"], mt, dd, dd)


async def test_tape_files_go_through_real_pipes(wires: dict[str, Any]) -> None:
    rig = TapeUnit(wires)
    await tape_unit.tape_files_are_written_one_after_another_and_read_back(rig)
    await rig.drive.eject()
    await rig.changer.unload("td1", "t01")


async def test_a_reader_that_stops_early_leaves_a_real_drive_free(wires: dict[str, Any]) -> None:
    rig = TapeUnit(wires)
    await rig.changer.load("t02", "td1")
    await rig.drive.append(tape_unit.chunks(data := tape_unit.content(3_000_000, 3)))
    reading = rig.drive.read(0)
    assert data.startswith(await anext(reading))
    await reading.aclose()  # type: ignore[attr-defined]  # drivers give generators
    assert (await tape_unit.read_all(rig.drive, 0)).rstrip(b"\0") == data


async def test_a_disk_is_prepared_and_keeps_its_files(wires: dict[str, Any]) -> None:
    disks = wires["disks"]
    bus = LocalI2cBus(next(b["path"] for b in wires["buses"] if b["name"] == "main"))
    channel = Multiplexers(bus, (0x70,)).channel(0x70, 0)
    inputs, outputs = Expander(channel, 0x20), Expander(channel, 0x21, outputs=0xFFFF)
    bay = LineDiskBay(
        "b01",
        Path(wires["bays"][0]["device"]),
        BayLines(
            present=inputs.pin(0, active_high=False),
            latched=inputs.pin(8, active_high=False),
            power=outputs.pin(0, active_high=True),
            release=outputs.pin(8, active_high=True),
        ),
        DiskPrograms(
            *(LocalCommandLine(disks[w]) for w in ("smartctl", "mount", "umount", "mkfs", "df"))
        ),
        Path(disks["mounts"]) / "b01",
    )
    try:
        await bay.ensure_on()
        assert (await bay.health()).passed
        assert await code_of(bay.ensure_mounted()) == 3244
        root = await bay.ensure_formatted("STELE0001")
        (root / "件.txt").write_text("内容", "utf-8")
        await bay.ensure_off()
        assert await code_of(bay.health()) == 3243
        assert (await bay.ensure_mounted() / "件.txt").read_text("utf-8") == "内容"
        await bay.ensure_released()
        assert not await bay.is_held()
    finally:
        await bus.aclose()


async def test_a_printer_without_disc_says_so_and_holds_the_job(
    wires: dict[str, Any], world: Path
) -> None:
    settings = wires["printer"]
    lp, lpstat, tray = (LocalCommandLine(settings[w]) for w in ("lp", "lpstat", "tray"))
    timing = PrinterTiming(poll_s=0.05, trouble_s=0.3)
    printer = CupsPrinter("p1", settings["queue"], lp, lpstat, tray, timing=timing)
    label = world / "label.png"
    label.write_bytes(b"\x89PNG\r\n\x1a\n")
    await printer.open_tray()
    await printer.close_tray()
    assert await code_of(printer.print(label, "卷宗 one")) == 3260
