"""Lines of an expander that are asked again and again."""

import asyncio
import errno

import pytest

from hal.drivers.mcp23017.driver import Expander
from hal.drivers.mcp23017.polled import STALE_S, PolledLines
from hal.errors import HalError
from hal.transports.interfaces import GpioLines, InputLine
from simulators.clock import run_virtual
from tests.hal.drivers.i2c_board import Board, Mcp23017


class Rig:
    def __init__(self) -> None:
        self.board, self.chip = Board(), Mcp23017()
        self.board.fit(0x20, self.chip)
        self.lines = PolledLines(Expander(self.board, outputs=0xFF00, name="door"))


def test_changes_are_told_within_a_round_and_only_changes() -> None:
    async def story() -> None:
        rig = Rig()
        assert isinstance(rig.lines, GpioLines)
        told: list[bool] = []
        contact = rig.lines.input(0, active_high=True)
        assert isinstance(contact, InputLine)
        contact.watch(told.append)
        await asyncio.sleep(0.2)
        assert told == [True], "the door was found open"
        rig.chip.wires = 0xFFFE
        await asyncio.sleep(0.06)
        assert told == [True, False]
        assert not contact.is_active()
        rig.chip.wires = 0xFFFF
        await asyncio.sleep(0.06)
        assert told == [True, False, True]
        rig.lines.close()

    run_virtual(story())


def test_nothing_is_known_before_the_first_round() -> None:
    async def story() -> None:
        rig = Rig()
        line = rig.lines.input(0)
        with pytest.raises(HalError) as caught:
            line.is_active()
        assert caught.value.code == 1020
        assert await line.read() is False
        await asyncio.sleep(0.01)
        assert line.is_active() is False
        rig.lines.close()

    run_virtual(story())


def test_an_absent_chip_has_no_state_and_a_change_meanwhile_is_told_afterwards() -> None:
    async def story() -> None:
        rig = Rig()
        told: list[bool] = []
        line = rig.lines.input(0)
        line.watch(told.append)
        await asyncio.sleep(0.1)
        chips = rig.board.chips.pop(0x20)
        await asyncio.sleep(0.1)
        with pytest.raises(HalError) as caught:
            line.is_active()
        assert caught.value.code == 1011
        rig.chip.wires = 0xFFFE
        rig.board.fit(0x20, *chips)
        await asyncio.sleep(0.1)
        assert line.is_active()
        assert told == [True]
        rig.lines.close()

    run_virtual(story())


def test_a_bus_that_hangs_leaves_no_state_either() -> None:
    async def story() -> None:
        rig = Rig()
        line = rig.lines.input(0)
        line.watch(lambda _: None)
        await asyncio.sleep(0.1)
        assert line.is_active() is False
        async with rig.board.exclusively():
            await asyncio.sleep(STALE_S + 0.1)
            with pytest.raises(HalError) as caught:
                line.is_active()
            assert caught.value.code == 1020
        await asyncio.sleep(0.1)
        assert line.is_active() is False
        rig.lines.close()

    run_virtual(story())


def test_all_inputs_of_a_chip_share_a_round() -> None:
    async def story() -> None:
        rig = Rig()
        lines = [rig.lines.input(number) for number in range(8)]
        for line in lines:
            line.watch(lambda _: None)
        await asyncio.sleep(0.1)
        rig.board.log.clear()
        await asyncio.sleep(0.5)
        assert len(rig.board.log) == 10
        rig.lines.close()

    run_virtual(story())


def test_a_closed_line_and_a_closed_chip_tell_nothing() -> None:
    async def story() -> None:
        rig = Rig()
        told: list[bool] = []
        line = rig.lines.input(0)
        line.watch(told.append)
        await asyncio.sleep(0.1)
        line.close()
        rig.chip.wires = 0
        await asyncio.sleep(0.1)
        assert told == []
        rig.lines.close()
        rig.board.log.clear()
        await asyncio.sleep(1)
        assert rig.board.log == []

    run_virtual(story())


def test_inputs_are_no_outputs() -> None:
    rig = Rig()
    with pytest.raises(OSError, match="output"):
        rig.lines.input(8)
    with pytest.raises(OSError, match="input"):
        rig.lines.output(0)


def test_an_output_that_cannot_be_switched_says_so() -> None:
    async def story() -> None:
        rig = Rig()
        lock = rig.lines.output(8)
        await lock.set(True)
        assert rig.chip.driven == 0x0100
        rig.board.failure = OSError(errno.EIO, "gone")
        with pytest.raises(HalError) as caught:
            await lock.set(False)
        assert caught.value.code == 1010

    run_virtual(story())
