"""The printer's conformance suite, and the whole way of a label, over the simulated print unit."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.labels import LabelDesk, LabelFields
from hal.drivers.camera import ProcessCamera
from hal.drivers.printer import CupsPrinter
from hal.errors import HalError
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.world.printer import (
    CAMERA_BLACK,
    CAMERA_GONE,
    NO_INK,
    PRINT_MISSING,
    PRINT_SMEARED,
    PRINT_UPSIDE_DOWN,
    PRINTER_STOPPED,
)
from simulators.world.world import World
from tests.conformance.disc_printer import CHECKS, PrinterRig, code_of

FIELDS = LabelFields(code="stele:0198f0a2-7c1e", title="民事诉讼案卷", date="2026-11-22")


class SimulatedRig:
    def __init__(self, cabinet: Cabinet) -> None:
        self.world = cabinet.world
        commands = cabinet.commands
        self.printer = CupsPrinter(
            "p1", "disc", commands("lp"), commands("lpstat"), commands("tray")
        )
        self.camera = ProcessCamera("camera", str(self.world.folder / "dev" / "camera.png"))
        self.label = self.world.folder / "label.png"
        self.frame = self.world.folder / "frame.png"

    async def lay_disc(self) -> None:
        disc = next(iter(self.world.state.discs.values()))
        assert "p1" in self.world.state.open_trays
        self.world.move(disc, "p1")

    def prints(self) -> int:
        disc = self.world.disc_at("p1")
        printed = self.world.state.prints.get(disc.serial) if disc else None
        return printed.times if printed else 0

    def stop_printer(self) -> None:
        self.set_fault(PRINTER_STOPPED)

    def mend_printer(self) -> None:
        self.world.state.faults.clear()
        self.world.save("faults")

    def set_fault(self, name: str) -> None:
        self.world.state.faults[name] = {}
        self.world.save("faults")


Story = Callable[[SimulatedRig], Awaitable[None]]


def run_over_cabinet(folder: Path, story: Story) -> None:
    async def live() -> None:
        with Cabinet(World.create(folder, "hybrid", discs=2)) as cabinet:
            rig = SimulatedRig(cabinet)
            await LabelDesk().draw(FIELDS, rig.label)
            await story(rig)

    run_virtual(live())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_printer_over_commands(
    check: Callable[[PrinterRig], Awaitable[None]], tmp_path: Path
) -> None:
    run_over_cabinet(tmp_path, check)


async def print_and_look(rig: SimulatedRig, code: str = FIELDS.code) -> int:
    """The number of what is wrong with the print, 0 for a good one."""
    await rig.printer.open_tray()
    await rig.lay_disc()
    await rig.printer.close_tray()
    await rig.printer.print(rig.label, FIELDS.title)
    await rig.camera.take_frame(rig.frame)
    try:
        await LabelDesk().check(rig.frame, rig.label, code)
    except SteleError as error:
        return error.code
    return 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("", 0),
        (PRINT_SMEARED, 3273),
        (PRINT_UPSIDE_DOWN, 3274),
        (PRINT_MISSING, 3270),
        (CAMERA_BLACK, 3275),
    ],
)
def test_what_the_printer_did_is_seen_by_the_camera(fault: str, code: int, tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        if fault:
            rig.set_fault(fault)
        assert await print_and_look(rig) == code

    run_over_cabinet(tmp_path, story)


def test_another_discs_label_is_seen(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        assert await print_and_look(rig, "stele:another") == 3272

    run_over_cabinet(tmp_path, story)


def test_an_empty_tray_is_no_disc(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.camera.take_frame(rig.frame)
        with pytest.raises(SteleError) as caught:
            await LabelDesk().check(rig.frame, rig.label, FIELDS.code)
        assert caught.value.code == 3276

    run_over_cabinet(tmp_path, story)


def test_a_camera_that_is_gone_is_told(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        rig.set_fault(CAMERA_GONE)
        assert await code_of(rig.camera.take_frame(rig.frame)) == 1050

    run_over_cabinet(tmp_path, story)


def test_a_printer_without_ink_is_told(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.printer.open_tray()
        await rig.lay_disc()
        await rig.printer.close_tray()
        rig.set_fault(NO_INK)
        assert await code_of(rig.printer.print(rig.label, "label")) == 3261
        assert rig.prints() == 0

    run_over_cabinet(tmp_path, story)


def test_a_cancelled_print_is_not_printed_later(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.printer.open_tray()
        await rig.lay_disc()
        await rig.printer.close_tray()
        rig.stop_printer()
        printing = asyncio.create_task(rig.printer.print(rig.label, "label"))
        await asyncio.sleep(0.15)
        printing.cancel()
        with pytest.raises((asyncio.CancelledError, HalError)):
            await printing
        rig.mend_printer()
        await asyncio.sleep(600)
        assert rig.prints() == 0

    run_over_cabinet(tmp_path, story)
