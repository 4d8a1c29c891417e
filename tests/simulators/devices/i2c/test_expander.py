"""MCP23017 at its pins: registers, addressing and levels as in its datasheet."""

import pytest

from simulators.devices.i2c.message import Message
from simulators.devices.mcp23017 import Mcp23017, Pins


class Host:
    def __init__(self) -> None:
        self.chip = Mcp23017()
        self.pins = Pins()

    def write(self, *data: int) -> None:
        assert self.chip.update(0.0, Message(bytes(data)), self.pins).acknowledged

    def read(self, register: int, count: int = 1) -> bytes:
        self.write(register)
        return self.chip.update(0.0, Message(read_bytes=count), self.pins).data


@pytest.fixture
def host() -> Host:
    return Host()


def test_from_power_on_all_lines_are_inputs(host: Host) -> None:
    assert host.read(0x00, 22) == b"\xff\xff" + bytes(20)
    assert host.chip.driven_high == 0


def test_pull_ups_hold_open_inputs_high_and_a_contact_pulls_them_low(host: Host) -> None:
    host.pins = Pins(low=0x8001)
    assert host.read(0x12, 2) == b"\x00\x00"
    host.write(0x0C, 0xFF, 0xFF)
    assert host.read(0x12, 2) == b"\xfe\x7f"


def test_polarity_turns_the_port_over(host: Host) -> None:
    host.pins = Pins(low=0x0003)
    host.write(0x0C, 0xFF)
    host.write(0x02, 0x0F)
    assert host.read(0x12) == b"\xf3"


def test_outputs_show_their_latch_and_inputs_do_not(host: Host) -> None:
    host.write(0x01, 0xF0)
    host.write(0x15, 0xAA)
    assert host.chip.driven_high == 0x0A00
    assert host.read(0x13) == b"\x0a"
    host.write(0x01, 0x00)
    assert host.chip.driven_high == 0xAA00


def test_writing_the_port_writes_the_latch(host: Host) -> None:
    host.write(0x00, 0x00, 0x00)
    host.write(0x12, 0x55, 0xCC)
    assert host.read(0x14, 2) == b"\x55\xcc"
    assert host.chip.driven_high == 0xCC55


def test_an_output_reads_its_own_level_whatever_pulls_at_it(host: Host) -> None:
    host.write(0x00, 0xFE)
    host.write(0x14, 0x01)
    host.pins = Pins(low=0x0001)
    assert host.read(0x12) == b"\x01"


def test_the_pointer_runs_through_all_registers_and_begins_again(host: Host) -> None:
    host.write(0x14, 0x12, 0x34, 0x56)  # OLATA, OLATB, and round to IODIRA
    assert host.read(0x14, 3) == b"\x12\x34\x56"


def test_without_sequence_the_pointer_turns_between_the_ports(host: Host) -> None:
    host.write(0x0A, 0x20)
    host.write(0x0C, 0x11, 0x22, 0x33)
    assert host.read(0x0C, 4) == b"\x33\x22\x33\x22"


def test_in_banks_a_port_has_its_registers_together(host: Host) -> None:
    host.write(0x0A, 0x80)
    host.write(0x16, 0x5A)  # GPPUB
    host.write(0x00, 0x00)  # IODIRA
    host.write(0x0A, 0x0F)  # OLATA
    assert host.read(0x15) == b"\x80"  # IOCON, the same from both ports
    assert host.chip.driven_high == 0x000F
    host.write(0x05, 0x00)  # IOCON: back to pairs
    assert host.read(0x0D) == b"\x5a"


def test_in_banks_without_sequence_a_register_is_read_again_and_again(host: Host) -> None:
    host.write(0x0A, 0xA0)
    host.pins = Pins(high=0x00C3)
    assert host.read(0x09, 3) == b"\xc3\xc3\xc3"


def test_interrupt_registers_cannot_be_written(host: Host) -> None:
    host.write(0x0E, 0xFF, 0xFF, 0xFF, 0xFF)
    assert host.read(0x0E, 4) == bytes(4)
