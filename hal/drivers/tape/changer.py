"""A tape unit's changer by mtx. The unit itself knows where its cartridges are; it is asked."""

import asyncio
from collections.abc import Sequence

from hal.drivers.program.program import Outcome, Program
from hal.drivers.tape import codec
from hal.errors import HalError
from hal.interfaces.tape import TapeInventory
from hal.transports.interfaces import CommandLine

MOVE_S = 300.0
"""A move with threading or unthreading the tape takes up to about two minutes [K]."""


class MtxChanger:
    """`TapeChanger`. `drives` are the drives' names in the order in which mtx counts them, from 0.

    Example::

        changer = MtxChanger("/dev/sg3", LocalCommandLine(["mtx"]), ("td1", "td2"), 24)
    """

    verified = "simulator"

    def __init__(
        self,
        device: str,
        mtx: CommandLine,
        drives: Sequence[str],
        slot_count: int,
        *,
        limit_s: float = MOVE_S,
    ) -> None:
        self._device = device
        self._program = Program("mtx of the tape unit", mtx, limit_s)
        self._drives = tuple(drives)
        self._slots = tuple(codec.slot_name(n) for n in range(1, slot_count + 1))
        self._one_call = asyncio.Lock()

    @property
    def slots(self) -> tuple[str, ...]:
        return self._slots

    @property
    def drives(self) -> tuple[str, ...]:
        return self._drives

    async def inventory(self) -> TapeInventory:
        """Ask the unit.

        Raises:
            HalError: 2144 it cannot be reached; 2146 it has less than it should; 1040 to 1042.
        """
        async with self._one_call:
            return await self._inventory()

    async def load(self, slot: str, drive: str) -> None:
        """Have the slot's cartridge in the drive. Done already is no error.

        Raises:
            HalError: 2140 slot empty; 2141 the drive has another cartridge; 2142 the move failed;
                2144, 2146, 1040 to 1042.
        """
        number, target = self._slot_number(slot), self._drive_number(drive)
        async with self._one_call:
            now = await self._inventory()
            if now.drives[drive] is not None:
                if now.home_slots.get(drive) == slot and now.slots[slot] is None:
                    return
                raise HalError(2141, f"tape drive {drive} holds another cartridge than {slot}'s")
            if now.slots[slot] is None:
                raise HalError(2140, f"tape slot {slot} is empty")
            run = await self._program.run("-f", self._device, "load", str(number), str(target))
            self._require_moved(run, f"the cartridge of {slot} was not loaded into {drive}")

    async def unload(self, drive: str, slot: str) -> None:
        """Have the drive empty and its cartridge in the slot. The drive must have let it go.

        Raises:
            HalError: as `load`; 2143 the slot is taken; 2145 the drive holds the cartridge fast:
                `TapeDrive.eject` comes first.
        """
        number, source = self._slot_number(slot), self._drive_number(drive)
        async with self._one_call:
            now = await self._inventory()
            if now.drives[drive] is None:
                if now.slots[slot] is not None:
                    return
                raise HalError(2140, f"there is no cartridge in tape drive {drive} for {slot}")
            if now.slots[slot] is not None:
                raise HalError(2143, f"tape slot {slot} is taken")
            run = await self._program.run("-f", self._device, "unload", str(number), str(source))
            self._require_moved(run, f"the cartridge of {drive} was not put into {slot}")

    # Inside -----------------------------------------------------------------------------------

    async def _inventory(self) -> TapeInventory:
        run = await self._program.run("-f", self._device, "status")
        if run.exit_code != 0:
            code, reason = codec.classify_move(run.lines)
            if code == 2142:
                code, reason = 2144, "the tape unit does not say what it holds"
            raise HalError(code, reason, run.last_words)
        elements = codec.parse_elements(run.lines)
        drives = {name: elements.drives.get(n, "?") for n, name in enumerate(self._drives)}
        slots = {name: elements.slots.get(n, "?") for n, name in enumerate(self._slots, 1)}
        if "?" in drives.values() or "?" in slots.values():
            raise HalError(
                2146,
                "the tape unit has fewer places than the settings say",
                f"{len(elements.drives)} drives and {len(elements.slots)} slots",
            )
        homes = {
            name: codec.slot_name(elements.sources[n])
            for n, name in enumerate(self._drives)
            if n in elements.sources
        }
        return TapeInventory(slots=slots, drives=drives, home_slots=homes)

    def _require_moved(self, run: Outcome, what: str) -> None:
        if run.exit_code != 0:
            code, reason = codec.classify_move(run.lines)
            raise HalError(code, f"{what}: {reason}", run.last_words)

    def _slot_number(self, slot: str) -> int:
        if slot not in self._slots:
            raise HalError(2146, f"the tape unit has no slot {slot}")
        return self._slots.index(slot) + 1

    def _drive_number(self, drive: str) -> int:
        if drive not in self._drives:
            raise HalError(2146, f"the tape unit has no drive {drive}")
        return self._drives.index(drive)
