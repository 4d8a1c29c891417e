"""The port expander: set up once, kept over a restart, found again after it lost power."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.mcp23017 import codec
from hal.drivers.mcp23017.driver import Expander
from hal.errors import HalError
from hal.transports.interfaces import OutputLine
from simulators.clock import run_virtual
from tests.hal.drivers.i2c_board import Board, Mcp23017, Memory, Registers16
from tests.hal.drivers.numbered import NONE, code_of

LIGHTS = 0xFF00


@pytest.fixture
def chip() -> Mcp23017:
    return Mcp23017()


@pytest.fixture
def board(chip: Mcp23017) -> Board:
    board = Board()
    board.fit(0x20, chip)
    return board


def test_a_new_chip_gets_pull_ups_and_directions_and_drives_nothing(
    board: Board, chip: Mcp23017
) -> None:
    chip.registers[0x14:0x16] = b"\xff\xff"  # whatever was left there
    state = run_virtual(Expander(board, outputs=LIGHTS).read())
    assert bytes(chip.registers[:0x0E]) == bytes.fromhex("FF00 0000 0000 0000 0000 0000 FFFF")
    assert chip.driven == 0
    assert state.levels == 0x00FF


def test_the_latch_is_right_before_an_output_drives(board: Board, chip: Mcp23017) -> None:
    chip.registers[0x14:0x16] = b"\xff\xff"
    run_virtual(Expander(board, outputs=LIGHTS).read())
    writes = [data for _, data, length in board.log if not length]
    latch = next(i for i, data in enumerate(writes) if data[0] == 0x14)
    directions = next(i for i, data in enumerate(writes) if data[0] == 0x00)
    assert latch < directions


def test_one_reading_is_one_transfer(board: Board, chip: Mcp23017) -> None:
    expander = Expander(board, outputs=LIGHTS)
    run_virtual(expander.read())
    board.log.clear()
    chip.wires = 0xFFFE
    assert run_virtual(expander.read()).levels == 0x00FE
    assert board.log == [(0x20, b"\x0c", 10)]


def test_writing_touches_no_other_output(board: Board, chip: Mcp23017) -> None:
    expander = Expander(board, outputs=LIGHTS)

    async def story() -> None:
        await expander.write(0x0100, 0x0100)
        await expander.write(0x8000, 0x8000)
        await expander.write(0x00FF, 0x00FF)  # inputs

    run_virtual(story())
    assert chip.driven == 0x8100


def test_a_restart_of_ours_switches_nothing(board: Board, chip: Mcp23017) -> None:
    run_virtual(Expander(board, outputs=LIGHTS).write(0x5A00))
    board.log.clear()
    again = Expander(board, outputs=LIGHTS)
    assert run_virtual(again.read()).latches == 0x5A00
    assert chip.driven == 0x5A00
    assert all(length for _, _, length in board.log), "nothing was written"


def test_other_directions_than_ours_are_set_right(board: Board, chip: Mcp23017) -> None:
    run_virtual(Expander(board, outputs=0x00FF).write(0x0055))
    run_virtual(Expander(board, outputs=LIGHTS).read())
    assert chip.driven == 0
    assert bytes(chip.registers[:2]) == b"\xff\x00"


@pytest.mark.parametrize("writes", [False, True])
def test_a_chip_that_lost_power_is_set_up_again_with_what_it_drove(
    board: Board, chip: Mcp23017, writes: bool
) -> None:
    expander = Expander(board, outputs=LIGHTS)

    async def story() -> None:
        await expander.write(0x0100)
        chip.power_on()
        assert chip.driven == 0
        if writes:
            await expander.write(0x0200, 0x0200)
        else:
            await expander.read()

    run_virtual(story())
    assert chip.driven == (0x0300 if writes else 0x0100)
    assert expander.resets == 1


def test_another_kind_of_chip_is_refused(board: Board) -> None:
    board.fit(0x20, Registers16({}))
    expander = Expander(board, outputs=LIGHTS)

    async def story() -> int:
        with pytest.raises(HalError) as caught:
            await expander.read()
        return caught.value.code

    assert run_virtual(story()) in {1013, 1014}


@pytest.mark.parametrize("outputs", [0, LIGHTS, 0xFFFF])
def test_a_memory_that_keeps_all_settings_is_still_no_expander(board: Board, outputs: int) -> None:
    board.fit(0x20, Memory())
    expander = Expander(board, outputs=outputs)
    for _ in range(2):
        assert code_of(lambda: run_virtual(expander.read())) == 1013
        assert code_of(lambda: run_virtual(expander.write(0))) == 1013
    again = Expander(board, outputs=outputs)
    assert code_of(lambda: run_virtual(again.read())) == 1013


@pytest.mark.parametrize("kept", range(10))
def test_an_answer_broken_off_in_the_middle_is_no_answer(board: Board, kept: int) -> None:
    class LettingGo(Mcp23017):
        def read(self, length: int) -> bytes:
            return super().read(length)[:kept].ljust(length, b"\xff")

    expander = Expander(board, outputs=0)
    run_virtual(expander.read())
    broken = LettingGo()
    broken.wires = 0x1234
    board.fit(0x20, broken)
    assert code_of(lambda: run_virtual(expander.read())) == 1013


def test_a_chip_that_forgets_what_it_is_told_is_refused(board: Board, chip: Mcp23017) -> None:
    expander = Expander(board, outputs=LIGHTS)
    run_virtual(expander.read())
    chip.forgets_latches = True
    assert code_of(lambda: run_virtual(expander.write(0x0100))) == 1013


def test_an_absent_chip_and_its_return(board: Board, chip: Mcp23017) -> None:
    expander = Expander(board, outputs=LIGHTS)
    run_virtual(expander.write(0x0100))
    board.chips.clear()
    assert code_of(lambda: run_virtual(expander.read())) == 1011
    assert code_of(lambda: run_virtual(expander.write(0x0300))) == 1011
    chip.power_on()
    board.fit(0x20, chip)
    run_virtual(expander.read())
    assert chip.driven == 0x0300, "what was ordered last"


def test_pins_have_polarity(board: Board, chip: Mcp23017) -> None:
    expander = Expander(board, outputs=LIGHTS)
    disc, light = expander.pin(0, active_high=False), expander.pin(8, active_high=True)
    inverted = expander.pin(9, active_high=False)
    assert isinstance(light, OutputLine)

    async def story() -> None:
        assert not await disc.is_active()
        chip.wires &= ~1
        assert await disc.is_active()
        await light.set(True)
        assert await light.is_active()
        assert await light.is_set()
        assert await inverted.is_active()
        await inverted.set(False)
        assert chip.driven == 0x0300
        with pytest.raises(ValueError, match="input"):
            await disc.set(True)

    run_virtual(story())


def test_a_pin_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="0 to 15"):
        Expander(Board()).pin(16, active_high=True)


def test_two_writers_at_once_both_take_effect(board: Board, chip: Mcp23017) -> None:
    expander = Expander(board, outputs=LIGHTS)

    async def story() -> None:
        await asyncio.gather(
            *(expander.pin(number, active_high=True).set(True) for number in range(8, 16))
        )

    run_virtual(story())
    assert chip.driven == LIGHTS


@given(st.integers(0, 0xFFFF))
def test_settings_come_back(outputs: int) -> None:
    chip = Mcp23017()
    chip.write(codec.encode_set_up(outputs))
    chip.write(b"\x00")
    assert chip.read(codec.SETTING_BYTES) == codec.setting(outputs)


@given(st.binary(max_size=16))
def test_any_bytes_are_a_state_or_a_numbered_error(data: bytes) -> None:
    expected = NONE if len(data) == codec.STATE_BYTES else 1014
    assert code_of(lambda: codec.decode_state(data, "it")) == expected
