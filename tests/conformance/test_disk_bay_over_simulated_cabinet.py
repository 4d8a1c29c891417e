"""The bay's conformance suite over simulated expanders and commands, in virtual time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.drivers.diskbay import BayLines, DiskPrograms, LineDiskBay
from hal.drivers.mcp23017.driver import Expander
from hal.drivers.tca9548a.driver import Multiplexers
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.links.electronics import Electronics
from simulators.links.i2c import MemoryI2c
from simulators.world.disks import DISK_DEAD
from simulators.world.places import OUTSIDE, fault_name
from simulators.world.world import World
from tests.conformance.disk_bay import CHECKS, BayRig, code_of

PORT_B = 8


class SimulatedRig:
    """Bay b10: the second of the second group of eight."""

    def __init__(self, cabinet: Cabinet, electronics: Electronics) -> None:
        self.world = cabinet.world
        self._cabinet = cabinet
        self._electronics = electronics
        self.serial = min(self.world.state.disks)
        self.world.state.disks[self.serial].place = OUTSIDE
        self.world.save("disks")
        self.lines = self._lines()
        self.bay = self._driver(self.lines)

    def _lines(self) -> BayLines:
        bus = MemoryI2c(self._electronics.buses["main"])
        channel = Multiplexers(bus, (0x70,)).channel(0x70, 0)
        inputs = Expander(channel, 0x22)
        outputs = Expander(channel, 0x23, outputs=0xFFFF)
        return BayLines(
            present=inputs.pin(1, active_high=False),
            latched=inputs.pin(PORT_B + 1, active_high=False),
            power=outputs.pin(1, active_high=True),
            release=outputs.pin(PORT_B + 1, active_high=True),
        )

    def restarted(self) -> LineDiskBay:
        return self._driver(self._lines())

    def _driver(self, lines: BayLines) -> LineDiskBay:
        commands = self._cabinet.commands
        return LineDiskBay(
            "b10",
            self.world.folder / "dev" / "b10",
            lines,
            DiskPrograms(
                *(commands(word) for word in ("smartctl", "mount", "umount", "mkfs", "df"))
            ),
            self.world.folder / "mounts" / "b10",
        )

    async def put_disk(self) -> None:
        await self.bay.ensure_released()
        self.world.bays.insert("b10", self.serial)

    async def pull_disk(self) -> None:
        self.world.bays.pull("b10")


Story = Callable[[SimulatedRig], Awaitable[None]]


def run_over_cabinet(folder: Path, story: Story) -> None:
    async def live() -> None:
        with Cabinet(World.create(folder, "disk-library")) as cabinet:
            electronics = Electronics(cabinet.world)
            try:
                await story(SimulatedRig(cabinet, electronics))
            finally:
                electronics.stop()

    run_virtual(live())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_bay_over_expanders_and_commands(
    check: Callable[[BayRig], Awaitable[None]], tmp_path: Path
) -> None:
    run_over_cabinet(tmp_path, check)


def test_a_dead_disk_is_switched_off_again(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.put_disk()
        rig.world.state.faults[fault_name(DISK_DEAD, rig.serial)] = {}
        rig.world.save("faults")
        assert await code_of(rig.bay.ensure_on()) == 3241
        assert not await rig.bay.is_powered()

    run_over_cabinet(tmp_path, story)


def test_a_disk_that_lost_its_power_is_mounted_again(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.put_disk()
        root = await rig.bay.ensure_formatted("STELE0001")
        (root / "file").write_text("kept")
        await rig.lines.power.set(False)
        assert not await rig.bay.is_powered()
        assert (await rig.bay.ensure_mounted() / "file").read_text() == "kept"

    run_over_cabinet(tmp_path, story)


def test_a_disk_that_lost_its_power_for_a_moment_is_mounted_again(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.put_disk()
        root = await rig.bay.ensure_formatted("STELE0001")
        (root / "file").write_text("kept")
        await rig.lines.power.set(False)
        await rig.lines.power.set(True)
        await rig.bay.ensure_on()
        assert (await rig.bay.ensure_mounted() / "file").read_text() == "kept"

    run_over_cabinet(tmp_path, story)


def test_a_file_system_that_is_in_use_is_not_taken_away(tmp_path: Path) -> None:
    async def story(rig: SimulatedRig) -> None:
        await rig.put_disk()
        root = await rig.bay.ensure_formatted("STELE0001")
        with (root / "open").open("w"):
            assert await code_of(rig.bay.ensure_off()) == 3242
            assert await rig.bay.is_powered()
        await rig.bay.ensure_off()

    run_over_cabinet(tmp_path, story)
