"""Registers of an MCP23017 and what they mean. Pure. PROTOCOL.md names the sources.

Sixteen lines are one number everywhere: bit 0 is A0, bit 7 A7, bit 8 B0, bit 15 B7.
"""

from dataclasses import dataclass

from hal.errors import HalError

LINES = 16
ALL = 0xFFFF

IODIR = 0x00
GPINTENB_OR_IOCON = 0x05
"""IOCON when the registers are in banks, an interrupt enable when they are not."""
IOCON = 0x0A
GPPU = 0x0C
OLAT = 0x14

SETTING_BYTES = GPPU + 2 - IODIR
STATE_BYTES = OLAT + 2 - GPPU
"""Pull-ups, interrupt flags and captures, levels, latches: pairs of ports A and B."""
_INTF_IN_STATE = 0x0E - GPPU
_GPIO_IN_STATE = 0x12 - GPPU
_OLAT_IN_STATE = OLAT - GPPU


@dataclass(frozen=True, slots=True)
class State:
    """What the chip says of itself in one answer."""

    pull_ups: int
    flags: int
    levels: int
    latches: int

    @property
    def is_set_up(self) -> bool:
        """All pull-ups are on, which they never are after the chip was without power; and there is
        no interrupt flag, which a memory in the chip's place would have kept (`encode_set_up`)."""
        return self.pull_ups == ALL and not self.flags


def encode_lines(register: int, value: int) -> bytes:
    """Write a pair of registers, port A's first."""
    return bytes([register]) + value.to_bytes(2, "little")


def encode_set_up(outputs: int) -> bytes:
    """Write every register from IODIR to GPPU: the lines of `outputs` drive, the others are inputs;
    no inversion, no interrupts, registers not in banks, pull-ups everywhere. Ones for the interrupt
    flags follow, which cannot be written: whoever keeps them is no MCP23017."""
    return bytes([IODIR]) + setting(outputs) + b"\xff\xff"


def setting(outputs: int) -> bytes:
    """What the registers from IODIR to GPPU hold once they are set up."""
    directions = (ALL & ~outputs).to_bytes(2, "little")
    return directions + bytes(GPPU - IODIR - 2) + ALL.to_bytes(2, "little")


def decode_lines(data: bytes, chip: str) -> int:
    """Raises `HalError`: 1014 not two bytes."""
    return int.from_bytes(_exactly(data, 2, chip), "little")


def decode_state(data: bytes, chip: str) -> State:
    """Raises `HalError`: 1014 not as long as it has to be."""
    _exactly(data, STATE_BYTES, chip)

    def pair(at: int) -> int:
        return int.from_bytes(data[at : at + 2], "little")

    return State(pair(0), pair(_INTF_IN_STATE), pair(_GPIO_IN_STATE), pair(_OLAT_IN_STATE))


def _exactly(data: bytes, length: int, chip: str) -> bytes:
    if len(data) != length:
        raise HalError(1014, f"{chip} answered too little", f"{len(data)} bytes of {length}")
    return data
