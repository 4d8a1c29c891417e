"""`mtx -f DEV status|inventory|load|unload|inquiry`: the picker of a tape unit.

Not simulated: import and export elements, `transfer`, `first`, `next`, `invert`.
"""

import asyncio
from pathlib import Path

from simulators.devices.tape.unit import (
    DESTINATION_FULL,
    NOT_EJECTED,
    SOURCE_EMPTY,
    PickerError,
    TapeUnit,
)
from simulators.links.program import Command, Host, absolute

STATUS_S = 0.5
LOOK_S = 1.5
"""The picker's reader looks at one element in this time."""
FIRST_DRIVE, FIRST_SLOT = 256, 4096
"""Element addresses, as many libraries number them."""
TAG_WIDTH = 32
"""Readers pad a barcode with spaces."""
NUMBERS = {"load": 2, "unload": 2, "status": 0, "inventory": 0, "inquiry": 0}
USAGE = "Usage:\n  mtx --version\n  mtx [ -f <loader-dev> ] noattach <more commands>\n"
CHANGER = "changer"
"""Name of the picker's device below `dev`."""


class _FatalError(Exception):
    """What mtx says before it ends with 1."""


class Mtx(Command):
    """The program, for one tape unit."""

    def __init__(self, unit: TapeUnit) -> None:
        super().__init__()
        self._unit = unit

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        words = list(argv)
        if words[:1] != ["-f"] or len(words) < 3:
            host.say(USAGE)
            return 1
        device, words = words[1], [word for word in words[2:] if word not in ("nobarcode",)]
        if absolute(folder, device) != self._unit.world.folder / "dev" / CHANGER:
            host.say(f"cannot open SCSI device '{device}' - No such file or directory\n")
            return 1
        try:
            await self._do_all(words, device, host)
        except _FatalError as error:
            host.say(f"{error}\n")
            return 1
        return 0

    async def _do_all(self, words: list[str], device: str, host: Host) -> None:
        while words:
            verb = words.pop(0)
            if verb not in NUMBERS:
                host.say(USAGE)
                raise _FatalError("")
            numbers: list[int] = []
            while words and words[0].isdigit() and len(numbers) < NUMBERS[verb]:
                numbers.append(int(words.pop(0)))
            await asyncio.sleep(STATUS_S)
            if verb == "status":
                host.answer(self.status(device))
            elif verb == "inventory":
                await asyncio.sleep(LOOK_S * (len(self._unit.slots) + len(self._unit.drives)))
            elif verb == "inquiry":
                host.answer(_INQUIRY)
            elif verb == "load":
                await self._load(numbers, host)
            else:
                await self._unload(numbers, host)

    def status(self, device: str) -> str:
        """What `mtx status` prints."""
        drives, slots = list(self._unit.drives), self._unit.slots
        lines = [
            f"  Storage Changer {device}:{len(drives)} Drives, {len(slots)} Slots"
            " ( 0 Import/Export )"
        ]
        for number, name in enumerate(drives):
            tape = self._unit.tape_at(name)
            text = "Empty"
            if tape:
                home = f"Storage Element {self._home(name)}" if tape.home else _UNKNOWN
                text = f"Full ({home} Loaded)"
                text += "" if tape.unlabelled else f":VolumeTag = {tape.barcode:{TAG_WIDTH}}"
            lines.append(f"Data Transfer Element {number}:{text}")
        for number, name in enumerate(slots, start=1):
            tape = self._unit.tape_at(name)
            text = "Full " if tape else "Empty"
            if tape and not tape.unlabelled:
                text += f":VolumeTag={tape.barcode:{TAG_WIDTH}}"
            lines.append(f"      Storage Element {number}:{text}")
        return "\n".join(lines) + "\n"

    def _home(self, drive: str) -> int:
        """Number of the slot that the drive's cartridge came from; 0 when unknown."""
        tape = self._unit.tape_at(drive)
        return self._unit.slots.index(tape.home) + 1 if tape and tape.home else 0

    async def _load(self, numbers: list[int], host: Host) -> None:
        slot, drive = [*numbers, *(0, 0)[len(numbers) :]]
        slots, drives = self._unit.slots, list(self._unit.drives)
        if slot < 1:
            raise _FatalError("No source specified")
        if slot > len(slots):
            raise _FatalError(
                f"Invalid <storage-element-number> argument '{slot}' to 'load' command"
            )
        if drive >= len(drives):
            raise _FatalError(f"illegal <drive-number> argument '{drive}' to 'load' command")
        if self._unit.tape_at(drives[drive]):
            home = self._home(drives[drive])
            raise _FatalError(f"Drive {drive} Full (Storage Element {home} loaded)")
        host.answer(f"Loading media from Storage Element {slot} into drive {drive}...")
        await self._move(slots[slot - 1], drives[drive], host)

    async def _unload(self, numbers: list[int], host: Host) -> None:
        slots, drives = self._unit.slots, list(self._unit.drives)
        drive = numbers[1] if len(numbers) > 1 else 0
        if drive >= len(drives):
            raise _FatalError(f"illegal <drive-number> argument '{drive}' to 'unload' command")
        slot = numbers[0] if numbers else self._home(drives[drive])
        if not numbers and not slot:
            raise _FatalError(f"No Source for tape in drive {drive}!")
        if slot > len(slots):
            raise _FatalError(
                f"illegal <storage-element-number> argument '{slot}' to 'unload' command"
            )
        if not self._unit.tape_at(drives[drive]):
            raise _FatalError(f"Data Transfer Element {drive} is Empty")
        if self._unit.tape_at(slots[slot - 1]):
            raise _FatalError(f"Storage Element {slot} is Already Full")
        host.answer(f"Unloading drive {drive} into Storage Element {slot}...")
        await self._move(drives[drive], slots[slot - 1], host)

    async def _move(self, source: str, target: str, host: Host) -> None:
        try:
            await self._unit.move(source, target)
        except PickerError as error:
            codes = (error.asc, error.ascq)
            here, there = self._address(source), self._address(target)
            if codes == NOT_EJECTED:
                raise _FatalError("Drive needs offline before move") from error
            if codes == DESTINATION_FULL:
                text = f"Destination Element Address {there} is Already Full"
                raise _FatalError(text) from error
            if codes == SOURCE_EMPTY:
                raise _FatalError(f"Source Element Address {here} is Empty") from error
            host.say(_SENSE.format(asc=error.asc, ascq=error.ascq))
            raise _FatalError(
                f"MOVE MEDIUM from Element Address {here} to {there} Failed"
            ) from error
        host.answer("done\n")

    def _address(self, place: str) -> int:
        if place in self._unit.drives:
            return FIRST_DRIVE + list(self._unit.drives).index(place)
        return FIRST_SLOT + self._unit.slots.index(place)


_UNKNOWN = "Unknown Storage Element"
_INQUIRY = """Product Type: Medium Changer
Vendor ID: 'STELE   '
Product ID: 'SIM TAPE UNIT   '
Revision: '1.00'
Attached Changer API: No
"""
_SENSE = """mtx: Request Sense: Long Report=yes
mtx: Request Sense: Valid Residual=no
mtx: Request Sense: Error Code=70 (Current)
mtx: Request Sense: Sense Key=Hardware Error
mtx: Request Sense: FileMark=no
mtx: Request Sense: EOM=no
mtx: Request Sense: ILI=no
mtx: Request Sense: Additional Sense Code = {asc:02X}
mtx: Request Sense: Additional Sense Qualifier = {ascq:02X}
mtx: Request Sense: BPV=no
mtx: Request Sense: Error in CDB=no
mtx: Request Sense: SKSV=no
"""
