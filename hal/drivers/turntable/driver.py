"""The changer of a rack library: load, unload and ask, over the gripper's motions.

After an interrupted call (a killed firmware, a cancelled job, a power cut) the next call finds out
where the medium is by asking the gripper's sensor, so calls can simply be made again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.geometry import Station, TurntableGeometry
from hal.drivers.turntable.gripper import Gripper
from hal.errors import HalError
from hal.interfaces.changer import ChangerState, Place


class TurntableChanger:
    """`Changer` over a GRBL controller.

    Example::

        changer = TurntableChanger(
            GrblController(lambda: open_serial_port("/dev/ttyUSB0")), rack_geometry(("d1", "d2"))
        )
    """

    verified = "simulator"

    def __init__(self, controller: GrblController, geometry: TurntableGeometry) -> None:
        self._controller = controller
        self._geometry = geometry
        self._gripper = Gripper(controller, geometry)
        self._one_call = asyncio.Lock()

    @property
    def state(self) -> ChangerState:
        controller = self._controller
        if not controller.connected:
            return ChangerState.UNAVAILABLE
        if controller.alarm is not None:
            return ChangerState.ALARM
        if controller.homing:
            return ChangerState.HOMING
        if not controller.homed:
            return ChangerState.UNKNOWN
        if controller.held:
            return ChangerState.HELD
        return ChangerState.MOVING if self._one_call.locked() else ChangerState.IDLE

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(self._geometry.slots)

    @property
    def drives(self) -> tuple[str, ...]:
        return tuple(self._geometry.drives)

    async def ensure_ready(self) -> None:
        """Connect, clear a lock, home; then the arm is retracted and the jaws are closed.

        Raises:
            HalError: 10xx no answer; 20xx alarm.
        """
        async with self._call():
            pass

    async def holds_medium(self) -> bool:
        async with self._call() as gripper:
            return await gripper.holds()

    async def probe(self, slot: str) -> bool:
        """Whether a medium stands in the slot.

        Raises:
            HalError: 2106 the gripper holds a medium; 2107 no such slot.
        """
        station = self._slot(slot)
        async with self._call() as gripper:
            if await gripper.holds():
                raise HalError(2106, f"slot {slot} cannot be probed: the gripper holds a disc")
            return await gripper.touch(station)

    async def where_is(self, slot: str, drive: str | None = None) -> Place:
        """Where the medium of `slot` is; the tray of `drive`, if given, must be open."""
        in_slot = self._slot(slot)
        on_tray = None if drive is None else self._drive(drive)
        async with self._call() as gripper:
            if await gripper.holds():
                return Place.GRIPPER
            if await gripper.touch(in_slot):
                return Place.SLOT
            if on_tray and await gripper.look(on_tray, self._geometry.drive_reach_mm):
                return Place.DRIVE
            return Place.NOWHERE

    async def load(self, slot: str, drive: str) -> None:
        """Slot to tray. The tray must be open and empty.

        Raises:
            HalError: 2101 slot empty; 2103 disc lost; 2104 gripper jammed; 10xx, 20xx.
        """
        source, target = self._slot(slot), self._drive(drive)
        reach_mm = self._geometry.drive_reach_mm
        async with self._call() as gripper:
            if not await gripper.holds() and not await gripper.pick(
                source, self._geometry.slot_reach_mm
            ):
                if await gripper.look(target, reach_mm):
                    return
                raise HalError(2101, f"slot {slot} is empty", f"nor is its disc in drive {drive}")
            await gripper.place(target, reach_mm)

    async def unload(self, drive: str, slot: str) -> None:
        """Tray to slot. The tray must be open.

        Raises:
            HalError: 2102 slot occupied; 2108 tray empty; 2103 disc lost; 2104 gripper jammed;
                10xx, 20xx.
        """
        source, target = self._drive(drive), self._slot(slot)
        reach_mm = self._geometry.drive_reach_mm
        async with self._call() as gripper:
            if not await gripper.holds():
                if await gripper.touch(target):
                    if await gripper.look(source, reach_mm):
                        raise HalError(
                            2102, f"slot {slot} is occupied", f"and drive {drive} has a disc too"
                        )
                    return
                if not await gripper.pick(source, reach_mm):
                    raise HalError(
                        2108, f"no disc lies on the tray of drive {drive}", f"nor in slot {slot}"
                    )
            await gripper.place(target, self._geometry.slot_reach_mm)

    async def hold(self) -> None:
        await self._controller.hold()

    async def resume(self) -> None:
        await self._controller.resume()

    async def break_off(self) -> None:
        await self._controller.break_off()

    async def aclose(self) -> None:
        await self._controller.aclose()

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[Gripper]:
        """One call at a time, on a homed robot with its arm in and its jaws closed."""
        async with self._one_call:
            await self._controller.ensure_ready()
            await self._gripper.withdraw()
            yield self._gripper

    def _slot(self, name: str) -> Station:
        if name not in self._geometry.slots:
            raise HalError(2107, f"this library has no slot {name}")
        return self._geometry.slots[name]

    def _drive(self, name: str) -> Station:
        if name not in self._geometry.drives:
            raise HalError(2107, f"this library has no drive {name}")
        return self._geometry.drives[name]
