"""A bus in memory, chips written by hand from their data sheets, and a log of the transfers."""

import asyncio
import contextlib
import errno
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol


class Chip(Protocol):
    def write(self, data: bytes) -> None: ...

    def read(self, length: int) -> bytes: ...


class Board:
    """`I2cBus`. At one address there may be several chips: what they say is ANDed, as on wires."""

    def __init__(self) -> None:
        self.chips: dict[int, list[Chip]] = {}
        self.log: list[tuple[int, bytes, int]] = []
        self.failure: OSError | None = None
        self.at_most = 1
        self._turn = asyncio.Lock()

    def fit(self, address: int, *chips: Chip) -> None:
        self.chips[address] = list(chips)

    async def transfer(self, address: int, data: bytes, read_bytes: int = 0) -> bytes:
        async with self._turn:
            return await self.now(address, data, read_bytes)

    @contextlib.asynccontextmanager
    async def exclusively(self) -> AsyncIterator["Held"]:
        async with self._turn:
            yield Held(self)

    async def aclose(self) -> None:
        pass

    async def now(self, address: int, data: bytes, read_bytes: int) -> bytes:
        self.log.append((address, data, read_bytes))
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        chips = self.visible(address)
        if not chips:
            raise OSError(errno.ENXIO, "nobody acknowledges")
        answer = b"\xff" * read_bytes
        for chip in chips:
            if data or not read_bytes:
                chip.write(data)
            if read_bytes:
                said = chip.read(read_bytes)
                answer = bytes(a & b for a, b in zip(answer, said, strict=False))
        return answer

    def visible(self, address: int) -> list[Chip]:
        found = list(self.chips.get(address, []))
        for chips in self.chips.values():
            for chip in chips:
                if isinstance(chip, Mux):
                    for number, behind in chip.channels.items():
                        if chip.register >> number & 1:
                            found += behind.get(address, [])
        return found


class Held:
    def __init__(self, board: Board) -> None:
        self._board = board

    async def transfer(self, address: int, data: bytes, read_bytes: int = 0) -> bytes:
        return await self._board.now(address, data, read_bytes)

    @contextlib.asynccontextmanager
    async def exclusively(self) -> AsyncIterator["Held"]:
        yield self

    async def aclose(self) -> None:
        pass


@dataclass
class Script:
    """Notes what is written, and reads what was laid ready, or, at the end, the last of it."""

    answers: deque[bytes | OSError]
    written: list[bytes] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read(self, length: int) -> bytes:
        answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer


@dataclass
class Mux:
    """TCA9548A: one register, and a bus behind each of its bits."""

    register: int = 0
    channels: dict[int, dict[int, list[Chip]]] = field(default_factory=dict)
    stuck: bool = False

    def fit(self, channel: int, address: int, chip: Chip) -> None:
        self.channels.setdefault(channel, {}).setdefault(address, []).append(chip)

    def write(self, data: bytes) -> None:
        if not self.stuck:
            self.register = data[-1]

    def read(self, length: int) -> bytes:
        return bytes([self.register]) * length


class Mcp23017:
    """The registers of DS20001952 in bank 0; `wires` are levels from outside, 1 unless pulled."""

    def __init__(self) -> None:
        self.wires = 0xFFFF
        self.forgets_latches = False
        self.power_on()

    def power_on(self) -> None:
        self.registers = bytearray(0x16)
        self.registers[0:2] = b"\xff\xff"
        self.pointer = 0

    @property
    def driven(self) -> int:
        """What outputs drive; inputs read 0 here."""
        directions = int.from_bytes(self.registers[0:2], "little")
        return int.from_bytes(self.registers[0x14:0x16], "little") & ~directions & 0xFFFF

    def write(self, data: bytes) -> None:
        self.pointer = data[0]
        for byte in data[1:]:
            at = {0x12: 0x14, 0x13: 0x15}.get(self.pointer, self.pointer)
            if not 0x0E <= at < 0x12 and not (self.forgets_latches and at >= 0x14):
                self.registers[at] = byte
            self.pointer = (self.pointer + 1) % 0x16

    def read(self, length: int) -> bytes:
        directions = int.from_bytes(self.registers[0:2], "little")
        levels = (self.wires & directions) | self.driven
        self.registers[0x12:0x14] = levels.to_bytes(2, "little")
        answer = bytearray()
        for _ in range(length):
            answer.append(self.registers[self.pointer])
            self.pointer = (self.pointer + 1) % 0x16
        return bytes(answer)


class Memory:
    """An EEPROM that somebody fitted in a chip's place: it keeps whatever it is told."""

    def __init__(self) -> None:
        self.cells = bytearray(b"\xff" * 256)
        self.pointer = 0

    def write(self, data: bytes) -> None:
        self.pointer = data[0]
        for byte in data[1:]:
            self.cells[self.pointer] = byte
            self.pointer = (self.pointer + 1) % 256

    def read(self, length: int) -> bytes:
        answer = bytes(self.cells[(self.pointer + at) % 256] for at in range(length))
        self.pointer = (self.pointer + length) % 256
        return answer


class Registers16:
    """A chip of 16-bit registers, most significant byte first, such as the INA226."""

    def __init__(self, registers: dict[int, int]) -> None:
        self.registers = registers
        self.pointer = 0
        self.reads: list[int] = []

    def write(self, data: bytes) -> None:
        self.pointer = data[0]
        if len(data) == 3:
            self.registers[self.pointer] = int.from_bytes(data[1:], "big")

    def read(self, length: int) -> bytes:
        self.reads.append(self.pointer)
        return self.registers.get(self.pointer, 0).to_bytes(2, "big")[:length]


def bits_on_the_bus(transfers: list[tuple[int, bytes, int]]) -> int:
    """How many clock cycles these take: nine a byte, start, repeated start, stop, a pause."""
    total = 0
    for _, data, length in transfers:
        if data or not length:
            total += 9 * (1 + len(data)) + 1
        if length:
            total += 9 * (1 + length) + 1
        total += 2
    return total
