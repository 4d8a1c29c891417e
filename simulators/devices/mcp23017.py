"""Microchip MCP23017: sixteen lines over I2C, as its datasheet has it.

The first byte written names a register, the next ones are written to it and the following
registers; reads go on from where the pointer stands. IOCON.BANK lays the two ports' registers
side by side (0) or in two blocks (1); IOCON.SEQOP keeps the pointer where it is, but for
turning between the two ports of a pair when BANK is 0.

Not modelled: the interrupt pins, which are not connected; INTF and INTCAP read 0. An input
that nothing drives and no pull-up holds has no level in truth; here it reads low.
"""

from dataclasses import dataclass

from simulators.devices.i2c.message import TAKEN, Answer, Message

IODIR, IPOL, GPINTEN, DEFVAL, INTCON, IOCON, GPPU, INTF, INTCAP, GPIO, OLAT = range(11)
NAMES = 11
BANK, SEQOP = 0x80, 0x20
IOCON_BITS = 0xFE
SHARED_END, BANK_STEP = 2 * NAMES, 0x10


@dataclass(frozen=True)
class Pins:
    """What the sixteen lines are wired to, bit 0 = A0 to bit 15 = B7."""

    low: int = 0
    """Lines that something outside pulls to ground."""
    high: int = 0
    """Lines that something outside drives high."""


class Mcp23017:
    """One expander, fresh from power-on: all lines are inputs without pull-up."""

    def __init__(self) -> None:
        self._registers = [bytearray(NAMES), bytearray(NAMES)]
        for port in self._registers:
            port[IODIR] = 0xFF
        self._pointer = 0

    @property
    def driven_high(self) -> int:
        """Lines that the chip drives high now; bits as in `Pins`. Inputs are not driven."""
        low, high = (port[OLAT] & ~port[IODIR] & 0xFF for port in self._registers)
        return low | high << 8

    def update(self, now_s: float, message: Message, sensed: Pins) -> Answer:
        """Name a register and write from there, or read on."""
        del now_s
        if message.read_bytes is not None:
            data = bytearray()
            for _ in range(message.read_bytes):
                data.append(self._read(sensed))
                self._advance()
            return Answer(acknowledged=True, data=bytes(data))
        if message.data:
            self._pointer = message.data[0]
        for value in message.data[1:]:
            self._write(value)
            self._advance()
        return TAKEN

    def _place(self) -> tuple[int, int] | None:
        """Port and register that the pointer names, if there is such a one."""
        if self._iocon & BANK:
            port, register = divmod(self._pointer, BANK_STEP)
        else:
            register, port = divmod(self._pointer, 2)
        return (port, register) if port < 2 and register < NAMES else None

    @property
    def _iocon(self) -> int:
        return self._registers[0][IOCON]

    def _advance(self) -> None:
        banked = bool(self._iocon & BANK)
        if self._iocon & SEQOP:
            self._pointer ^= 0 if banked else 1
            return
        self._pointer += 1
        if not banked and self._pointer == SHARED_END:
            self._pointer = 0
        elif banked and self._pointer % BANK_STEP == NAMES:
            self._pointer = (self._pointer - NAMES) ^ BANK_STEP

    def _read(self, pins: Pins) -> int:
        place = self._place()
        if place is None:
            return 0
        port, register = place
        if register != GPIO:
            return self._registers[port][register]
        return self._levels(port, pins) ^ self._registers[port][IPOL]

    def _levels(self, port: int, pins: Pins) -> int:
        registers = self._registers[port]
        low, high = pins.low >> 8 * port & 0xFF, pins.high >> 8 * port & 0xFF
        inputs = (registers[GPPU] | high) & ~low
        outputs = registers[OLAT]
        return inputs & registers[IODIR] | outputs & ~registers[IODIR] & 0xFF

    def _write(self, value: int) -> None:
        place = self._place()
        if place is None:
            return
        port, register = place
        if register == IOCON:
            for both in self._registers:
                both[IOCON] = value & IOCON_BITS
        elif register == GPIO:
            self._registers[port][OLAT] = value
        elif register not in (INTF, INTCAP):
            self._registers[port][register] = value
