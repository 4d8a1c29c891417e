"""`dd if=DEV bs=…` and `dd of=DEV bs=…`: tape files as streams, at the speed of the drive."""

import asyncio
from pathlib import Path

from simulators.devices.tape.cartridge import Cartridge
from simulators.devices.tape.unit import BusyError, TapeDrive, TapeUnit
from simulators.links.program import Command, Host
from simulators.links.tape.mt import (
    BUSY,
    IO_ERROR,
    NO_MEDIUM,
    NOT_THERE,
    READ_ONLY,
    find_drive,
)
from simulators.links.tape.words import OperandError, Operands, parse_operands

CHUNK_BYTES = 8 * 1024 * 1024
"""At most this much is moved before the drive's time is waited for."""
FULL, TOO_SMALL = "No space left on device", "Cannot allocate memory"


class _StreamError(Exception):
    """Reading or writing stopped; the text is errno's."""


class _OpenError(Exception):
    """A device cannot be opened; the text is errno's."""


class Dd(Command):
    """The program, between a standard stream and a drive of one tape unit."""

    def __init__(self, unit: TapeUnit) -> None:
        super().__init__()
        self._unit = unit

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        try:
            operands = parse_operands(argv)
        except OperandError as error:
            host.say(f"dd: {error}\nTry 'dd --help' for more information.\n")
            return 1
        device = operands.target or operands.source
        if operands.source and operands.target:
            host.say("dd: only one of if= and of= is simulated\n")
            return 1
        try:
            return await self._run(operands, device, host, folder)
        except _OpenError as error:
            host.say(f"dd: failed to open '{device}': {error}\n")
            return 1

    async def _run(self, operands: Operands, device: str, host: Host, folder: Path) -> int:
        drive = find_drive(self._unit, device, folder)
        if drive is None:
            raise _OpenError(NOT_THERE)
        try:
            with drive.opened():
                cartridge = await drive.until_ready()
                if cartridge is None:
                    raise _OpenError(NO_MEDIUM)
                if operands.target and cartridge.tape.write_protected:
                    raise _OpenError(READ_ONLY)
                stream = _Stream(self, drive, cartridge, operands, host)
                return await (stream.write() if operands.target else stream.read())
        except BusyError:
            raise _OpenError(BUSY) from None

    @property
    def powered(self) -> bool:
        """False once the cabinet's power is cut: no file mark is written any more."""
        return self._powered


class _Stream:
    """One run: bytes between a drive and a standard stream."""

    def __init__(
        self, program: Dd, drive: TapeDrive, cartridge: Cartridge, operands: Operands, host: Host
    ) -> None:
        self._program = program
        self._drive = drive
        self._cartridge = cartridge
        self._operands = operands
        self._host = host
        self._began_s = asyncio.get_running_loop().time()
        self._moved = 0

    async def write(self) -> int:
        """Standard input becomes a tape file, or the rest of one."""
        state = self._drive.state
        number, block, size = state.file_number, state.block_number, self._operands.block_bytes
        kept, begun = block * self._cartridge.block_bytes(number) if block else 0, False
        marks = True
        try:
            while not self._is_done:
                room, fails = self._cartridge.room(number, kept + self._moved)
                limit = min(self._chunk, room // size * size)
                if not limit or self._drive.snapped:
                    marks = not (fails or self._drive.snapped)
                    raise _StreamError(FULL if marks else IO_ERROR)
                if not begun:
                    self._cartridge.begin_file(number, block, size)
                    self._drive.stand(number, block, at_end=False)
                    begun = True
                copied = await self._host.copy_input(
                    self._cartridge.path(number), kept + self._moved, limit
                )
                self._moved += copied
                await self._keep_pace()
                if copied < limit:
                    break
        except _StreamError as error:
            return self._end(f"dd: error writing '{self._operands.target}': {error}\n", 1)
        finally:
            if begun:
                self._close(number, kept, marks=marks)
        return self._end("", 0)

    def _close(self, number: int, kept: int, *, marks: bool) -> None:
        """What closing the device does: a file mark, even when the program was killed."""
        if not self._moved and not kept:  # nothing was written
            self._cartridge.erase_from(number)
            self._drive.stand(number, 0, at_end=False)
            return
        if "sync" in self._operands.flags and self._moved % self._operands.block_bytes:
            size = self._operands.block_bytes
            with self._cartridge.path(number).open("r+b") as file:
                file.truncate(kept + -(-self._moved // size) * size)
        if marks and self._program.powered and not self._drive.gone:
            self._cartridge.end_file(number)
            self._drive.stand(number + 1, 0, at_end=False)
        else:
            self._drive.stand(number, self._cartridge.blocks(number), at_end=True)

    async def read(self) -> int:
        """What follows on the tape, up to the file mark, goes to standard output."""
        state = self._drive.state
        number, cartridge = state.file_number, self._cartridge
        size = cartridge.block_bytes(number)
        offset, end = state.block_number * size, cartridge.size_bytes(number)
        problem = self._refusal(number, offset, end)
        if number in cartridge.tape.bad_files:
            end = end // 2 // size * size
            problem = ""
        try:
            while offset + self._moved < end and not self._is_done and not problem:
                chunk = self._operands.count * size if self._operands.count else self._chunk
                length = min(end - offset - self._moved, max(size, chunk // size * size))
                given = await self._host.copy_output(
                    cartridge.path(number), offset + self._moved, length
                )
                self._moved += given
                await self._keep_pace()
                if given < length:
                    problem = IO_ERROR
        finally:
            self._drive.stand(number, (offset + self._moved) // size, at_end=False)
        if not problem and offset + self._moved >= end and not self._is_done:
            problem = self._pass_end(number)
        text = f"dd: error reading '{self._operands.source}': {problem}\n" if problem else ""
        return self._end(text, 1 if problem else 0)

    def _refusal(self, number: int, offset: int, end: int) -> str:
        """Why nothing at all can be read."""
        if self._drive.snapped or self._drive.state.at_end_of_data:
            return IO_ERROR
        if number >= self._cartridge.count:
            return "" if number else IO_ERROR  # behind a file mark the first read brings nothing
        block_bytes = min(self._cartridge.block_bytes(number), end - offset)
        return TOO_SMALL if block_bytes > self._operands.block_bytes else ""

    def _pass_end(self, number: int) -> str:
        """Come to the end of a tape file's blocks: a file mark, a bad place, or nothing more."""
        tape = self._cartridge.tape
        if number in tape.bad_files:
            return IO_ERROR
        if number < len(tape.files):
            self._drive.stand(number + 1, 0, at_end=False)
            return ""
        self._drive.stand(number, self._cartridge.blocks(number), at_end=True)
        return IO_ERROR if number < self._cartridge.count else ""

    @property
    def _chunk(self) -> int:
        """Whole blocks, or as many bytes as are still wanted."""
        size = self._operands.block_bytes
        chunk = max(1, CHUNK_BYTES // size) * size
        if self._operands.count is not None:
            chunk = min(chunk, self._operands.count * size - self._moved)
        return chunk

    @property
    def _is_done(self) -> bool:
        count = self._operands.count
        return count is not None and self._moved >= count * self._operands.block_bytes

    async def _keep_pace(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._began_s + self._moved / self._drive.model.speed - loop.time())

    def _end(self, problem: str, code: int) -> int:
        """Say how it went; the exit code."""
        size = self._operands.block_bytes
        whole, part = self._moved // size, int(self._moved % size > 0)
        padded = "sync" in self._operands.flags
        written = f"{whole + part}+0" if padded else f"{whole}+{part}"
        took_s = max(1e-6, asyncio.get_running_loop().time() - self._began_s)
        text = problem
        if self._operands.status != "none":
            text += f"{whole}+{part} records in\n{written} records out\n"
        if self._operands.status not in ("none", "noxfer"):
            rate = self._moved / took_s / 1e6
            text += f"{self._moved} bytes copied, {took_s:g} s, {rate:.1f} MB/s\n"
        self._host.say(text)
        return code
