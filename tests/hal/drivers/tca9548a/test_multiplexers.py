"""Several buses behind one: exactly one is connected, whatever happened before."""

import asyncio
import errno

import pytest

from hal.drivers.tca9548a.driver import Multiplexers
from hal.errors import HalError
from hal.transports.interfaces import I2cBus
from simulators.clock import run_virtual
from tests.hal.drivers.i2c_board import Board, Mux, Registers16


class Rig:
    """Two multiplexers; behind each channel a chip at 0x20 that says where it is."""

    def __init__(self) -> None:
        self.board = Board()
        self.muxes = {0x70: Mux(), 0x71: Mux()}
        for address, mux in self.muxes.items():
            self.board.fit(address, mux)
            for channel in range(8):
                mux.fit(channel, 0x20, Registers16({0: (address << 8) + channel}))
        self.multiplexers = Multiplexers(self.board, (0x70, 0x71))

    async def ask(self, address: int, channel: int) -> int:
        bus = self.multiplexers.channel(address, channel)
        return int.from_bytes(await bus.transfer(0x20, b"\x00", 2), "big")


def test_each_channel_leads_to_its_own_chip_and_is_left_disconnected() -> None:
    async def story() -> None:
        rig = Rig()
        assert isinstance(rig.multiplexers.channel(0x70, 0), I2cBus)
        for address in rig.muxes:
            for channel in range(8):
                assert await rig.ask(address, channel) == (address << 8) + channel
                assert [mux.register for mux in rig.muxes.values()] == [0, 0]

    run_virtual(story())


@pytest.mark.parametrize("left", [0x01, 0x80, 0xFF])
def test_what_a_crash_left_connected_does_not_answer_too(left: int) -> None:
    async def story() -> None:
        rig = Rig()
        rig.muxes[0x71].register = left
        rig.muxes[0x70].register = 0xFE
        assert await rig.ask(0x70, 0) == 0x7000
        assert rig.muxes[0x71].register == 0

    run_virtual(story())


def test_several_transfers_connect_once_and_nobody_comes_between() -> None:
    async def story() -> None:
        rig = Rig()
        await rig.ask(0x70, 0)
        rig.board.log.clear()
        async with rig.multiplexers.channel(0x70, 3).exclusively() as bus:
            other = asyncio.ensure_future(rig.ask(0x71, 3))
            for _ in range(3):
                assert await bus.transfer(0x20, b"\x00", 2) == b"\x70\x03"
        assert await other == 0x7103
        assert [address for address, _, _ in rig.board.log] == [
            *(0x70, 0x70, 0x20, 0x20, 0x20, 0x70),
            *(0x71, 0x71, 0x20, 0x71),
        ]

    run_virtual(story())


def test_an_absent_chip_behind_it_is_disconnected_again() -> None:
    async def story() -> None:
        rig = Rig()
        with pytest.raises(OSError, match="nobody") as caught:
            await rig.multiplexers.channel(0x70, 1).transfer(0x27, b"\x00", 2)
        assert caught.value.errno == errno.ENXIO
        assert rig.muxes[0x70].register == 0

    run_virtual(story())


def test_a_failed_disconnection_is_made_up_for() -> None:
    async def story() -> None:
        rig = Rig()
        async with rig.multiplexers.channel(0x70, 1).exclusively():
            rig.board.failure = OSError(errno.EIO, "gone")
        assert rig.muxes[0x70].register == 0b10
        rig.board.failure = None
        assert await rig.ask(0x71, 5) == 0x7105
        assert rig.muxes[0x70].register == 0

    run_virtual(story())


def test_a_cancelled_transfer_leaves_nothing_connected() -> None:
    async def story() -> None:
        for steps in range(12):
            rig = Rig()
            task = asyncio.ensure_future(rig.ask(0x70, 2))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            assert await rig.ask(0x71, 2) == 0x7102
            assert rig.muxes[0x70].register == 0

    run_virtual(story())


def test_an_absent_multiplexer_is_an_error_of_its_own_channels_alone() -> None:
    async def story() -> None:
        rig = Rig()
        del rig.board.chips[0x71]
        assert await rig.ask(0x70, 4) == 0x7004
        with pytest.raises(HalError) as caught:
            await rig.ask(0x71, 4)
        assert caught.value.code == 1011
        with pytest.raises(HalError):
            await rig.multiplexers.release()

    run_virtual(story())


def test_a_stuck_multiplexer_or_another_chip_is_an_error() -> None:
    async def story() -> None:
        rig = Rig()
        rig.muxes[0x70].stuck = True
        with pytest.raises(HalError) as caught:
            await rig.ask(0x70, 4)
        assert caught.value.code == 1013

    run_virtual(story())


def test_everything_can_be_disconnected() -> None:
    async def story() -> None:
        rig = Rig()
        for mux in rig.muxes.values():
            mux.register = 0xFF
        await rig.multiplexers.release()
        assert [mux.register for mux in rig.muxes.values()] == [0, 0]

    run_virtual(story())


@pytest.mark.parametrize(("address", "channel"), [(0x72, 0), (0x70, 8), (0x70, -1)])
def test_what_does_not_exist_is_refused(address: int, channel: int) -> None:
    with pytest.raises(ValueError, match="multiplexer"):
        Rig().multiplexers.channel(address, channel)
