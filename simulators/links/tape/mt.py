"""`mt -f DEV WORD [COUNT]`: where the head stands, and winding."""

import asyncio
from pathlib import Path

from simulators.devices.tape.cartridge import Cartridge
from simulators.devices.tape.unit import BusyError, TapeDrive, TapeUnit
from simulators.links.program import Command, Host, absolute

GOOD, USAGE, FAILED = 0, 1, 2
ASK_S = 0.2
WORDS = (
    *("weof", "eof", "fsf", "bsf", "fsr", "bsr", "rewind", "offline", "rewoffl", "eject", "eod"),
    *("seod", "tell", "status", "setblk", "lock", "unlock", "load", "compression", "asf"),
)
EJECTING = ("offline", "rewoffl", "eject")
WRITING = ("weof", "eof")
ANY_TIME = ("status", "setblk", "load", "compression")
"""Words that open the device without waiting for a cartridge."""
DENSITIES = {0x5A: "LTO-6", 0x5C: "LTO-7", 0x5D: "LTO-7-M8", 0x5E: "LTO-8", 0x60: "LTO-9"}
EOF_BIT, BOT, EOD, WR_PROT = 0x80000000, 0x40000000, 0x08000000, 0x04000000
ONLINE, DR_OPEN, IM_REP_EN = 0x01000000, 0x00040000, 0x00010000
NO_MEDIUM, BUSY, READ_ONLY = "No medium found", "Device or resource busy", "Read-only file system"
NOT_THERE, IO_ERROR = "No such file or directory", "Input/output error"


def find_drive(unit: TapeUnit, device: str, folder: Path) -> TapeDrive | None:
    """The drive with this device, if it answers on its cable."""
    path = absolute(folder, device)
    for name, drive in unit.drives.items():
        if path == unit.world.folder / "dev" / name and not drive.gone:
            return drive
    return None


class _OpenError(Exception):
    """The device cannot be opened; the text is errno's."""


class Mt(Command):
    """The program, for the drives of one tape unit."""

    lost_code = FAILED

    def __init__(self, unit: TapeUnit) -> None:
        super().__init__()
        self._unit = unit

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        words = list(argv)
        if words[:1] not in (["-f"], ["-t"]) or len(words) < 3:
            host.say("usage: mt [-v] [--version] [-h] [ -f device ] command [ count ]\n")
            return USAGE
        device, word = words[1], words[2]
        full = next((known for known in WORDS if known == word), None) or _expand(word)
        if not full:
            host.say(f'mt: unknown command "{word}"\n')
            return USAGE
        count = _count(words[3:])
        await asyncio.sleep(ASK_S)
        drive = find_drive(self._unit, device, folder)
        try:
            if drive is None:
                raise _OpenError(NOT_THERE)
            with drive.opened():
                return await self._do(drive, full, count, device, host)
        except BusyError:
            host.say(f"{device}: {BUSY}\n")
        except _OpenError as error:
            host.say(f"{device}: {error}\n")
        return USAGE

    async def _do(self, drive: TapeDrive, word: str, count: int, device: str, host: Host) -> int:
        if word == "status":
            host.answer(status(drive))
            return GOOD
        if word in ANY_TIME:
            if word == "load":
                await drive.load()
            return GOOD
        cartridge = await drive.until_ready()
        if cartridge is None:
            raise _OpenError(NO_MEDIUM)
        if word in WRITING and cartridge.tape.write_protected:
            raise _OpenError(READ_ONLY)
        if drive.snapped or not await _wind(drive, cartridge, word, count):
            host.say(f"{device}: {IO_ERROR}\n")
            return FAILED
        if word == "tell":
            host.answer(f"At block {_tell(drive, cartridge)}.\n")
        return GOOD


async def _wind(drive: TapeDrive, cartridge: Cartridge, word: str, count: int) -> bool:
    """Do the word; False when the end, or the beginning, of the tape came first."""
    state = drive.state
    if word == "rewind":
        await drive.wind(0)
    elif word in EJECTING:
        await drive.eject()
    elif word in ("eod", "seod"):
        await drive.wind(cartridge.count + 1)
    elif word == "asf":
        return await _go_to_file(drive, cartridge, count)
    elif word == "fsf":
        return await _go_to_file(drive, cartridge, state.file_number + count)
    elif word == "bsf":
        return await _go_back(drive, cartridge, state.file_number - count)
    elif word in ("fsr", "bsr"):
        block = state.block_number + (count if word == "fsr" else -count)
        inside = 0 <= block <= cartridge.blocks(state.file_number)
        await drive.wind(state.file_number, max(0, block) if inside else 0)
        return inside
    elif word in WRITING:
        for _ in range(count):
            cartridge.add_mark(state.file_number, state.block_number)
            drive.stand(state.file_number + 1, 0, at_end=False)
    return True


async def _go_to_file(drive: TapeDrive, cartridge: Cartridge, number: int) -> bool:
    """Behind that many file marks. A tape file without one ends the way."""
    await drive.wind(number)
    return number <= len(cartridge.tape.files)


async def _go_back(drive: TapeDrive, cartridge: Cartridge, number: int) -> bool:
    """Before a file mark: behind the last block of a tape file."""
    if number < 0:
        await drive.wind(0)
        return False
    await drive.wind(number, cartridge.blocks(number))
    return True


def _tell(drive: TapeDrive, cartridge: Cartridge) -> int:
    """Blocks and file marks before the head."""
    before = range(min(drive.state.file_number, cartridge.count))
    return sum(cartridge.blocks(number) + 1 for number in before) + drive.state.block_number


def status(drive: TapeDrive) -> str:
    """What `mt status` prints."""
    state, tape, bits = drive.state, drive.tape, IM_REP_EN
    number = block = -1
    density = 0
    if drive.is_online and tape:
        number = state.file_number
        block = -1 if state.at_end_of_data else state.block_number
        density = int(drive.model.density, 16)
        bits |= ONLINE | (WR_PROT if tape.write_protected else 0)
        if state.at_end_of_data:
            bits |= EOD
        elif not number and not block:
            bits |= BOT
        elif not block:
            bits |= EOF_BIT
    elif drive.cartridge is None:
        bits |= DR_OPEN
    return (
        "SCSI 2 tape drive:\n"
        f"File number={number}, block number={block}, partition=0.\n"
        f"Tape block size 0 bytes. Density code 0x{density:x}"
        f" ({DENSITIES.get(density, 'default')}).\n"
        "Soft error count since last status=0\n"
        f"General status bits on ({bits:x}):\n"
        f"{''.join(f' {name}' for name, bit in _BITS if bits & bit)}\n"
    )


_BITS = (
    ("EOF", EOF_BIT),
    ("BOT", BOT),
    ("EOD", EOD),
    ("WR_PROT", WR_PROT),
    ("ONLINE", ONLINE),
    ("DR_OPEN", DR_OPEN),
    ("IM_REP_EN", IM_REP_EN),
)


def _expand(word: str) -> str:
    """A unique abbreviation, or nothing."""
    found = [known for known in WORDS if known.startswith(word)]
    return found[0] if len(found) == 1 else ""


def _count(words: list[str]) -> int:
    scales = {"k": 1024, "M": 1024**2, "G": 1024**3}
    if not words:
        return 1
    text = words[0]
    return int(text[:-1]) * scales[text[-1]] if text[-1:] in scales else int(text or 1)
