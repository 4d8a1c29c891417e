"""The arm and its jaws: pick, place, look and probe at one station. No inventory, no retries."""

from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.geometry import Station, TurntableGeometry
from hal.errors import HalError


class Gripper:
    """Motions of the turntable robot. Each begins and ends with the arm retracted, jaws closed."""

    def __init__(self, controller: GrblController, geometry: TurntableGeometry) -> None:
        self._controller = controller
        self._geometry = geometry

    async def withdraw(self) -> None:
        """Retract the arm and close the jaws, whatever an interrupted motion left behind."""
        await self._reach(self._geometry.retracted_mm)
        await self._close()

    async def holds(self) -> bool:
        """Whether the closed jaws hold a medium."""
        return await self._controller.probe_closed()

    async def pick(self, station: Station, reach_mm: float) -> bool:
        """Take what is there; `False` when the jaws closed on nothing.

        Raises:
            HalError: 2103 it slipped out of the jaws on the way back.
        """
        await self._go(station)
        await self._open()
        await self._reach(reach_mm)
        await self._close()
        if not await self.holds():
            await self._reach(self._geometry.retracted_mm)
            return False
        await self._reach(self._geometry.retracted_mm)
        await self._require_held("while the arm drew back")
        return True

    async def place(self, station: Station, reach_mm: float) -> None:
        """Lay down what the jaws hold.

        Raises:
            HalError: 2103 it was lost on the way; 2104 the jaws do not let it go.
        """
        await self._go(station)
        await self._require_held("while the robot moved")
        await self._reach(reach_mm)
        await self._open()
        await self._reach(self._geometry.retracted_mm)
        await self._close()
        if await self.holds():
            raise HalError(2104, "the gripper does not let the disc go", f"at {station}")

    async def look(self, station: Station, reach_mm: float) -> bool:
        """Whether something is there, by closing the jaws on it and opening them again."""
        await self._go(station)
        await self._open()
        await self._reach(reach_mm)
        await self._close()
        found = await self.holds()
        await self._open()
        await self._reach(self._geometry.retracted_mm)
        await self._close()
        return found

    async def touch(self, station: Station) -> bool:
        """Whether a medium stands in a slot, by touching its edge with the open jaws."""
        geometry = self._geometry
        await self._go(station)
        await self._open()
        found = await self._controller.probe(
            "Z", geometry.probe_reach_mm, geometry.probe_mm_per_min
        )
        # A probe that was held just as it touched may have missed the edge, not the level.
        found = found or await self._controller.probe_closed()
        await self._reach(geometry.retracted_mm)
        await self._close()
        return found

    async def _go(self, station: Station) -> None:
        """Turn and lift, with the arm retracted only."""
        _, _, reach_mm = (await self._controller.position())[:3]
        geometry = self._geometry
        if abs(reach_mm - geometry.retracted_mm) > geometry.retracted_tolerance_mm:
            raise HalError(2105, "the robot must not turn: its arm is out", f"reach {reach_mm} mm")
        await self._controller.move({"X": station.turntable_deg, "Y": station.lift_mm})

    async def _reach(self, reach_mm: float) -> None:
        await self._controller.move({"Z": reach_mm}, self._geometry.reach_mm_per_min)

    async def _open(self) -> None:
        await self._controller.switch_output(on=True, settle_s=self._geometry.jaws_settle_s)

    async def _close(self) -> None:
        await self._controller.switch_output(on=False, settle_s=self._geometry.jaws_settle_s)

    async def _require_held(self, when: str) -> None:
        if not await self.holds():
            raise HalError(2103, f"the gripper lost the disc {when}")
