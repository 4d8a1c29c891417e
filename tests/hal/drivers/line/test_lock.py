"""Locks: the bolt's own contact counts, and whatever goes wrong leaves them without power."""

import asyncio

import pytest

from hal.drivers.line import BoltLock, Latch
from hal.drivers.mcp23017.driver import Expander
from hal.errors import HalError
from hal.interfaces.lock import Lock
from simulators.clock import run_virtual
from tests.hal.drivers.i2c_board import Board, Mcp23017
from tests.hal.drivers.line.wires import Bolt


def fitted(bolt: Bolt) -> BoltLock:
    return BoltLock("front", bolt=bolt.contact, release=bolt.release)


def test_it_opens_and_locks_when_the_contact_says_so() -> None:
    async def story() -> None:
        bolt = Bolt()
        lock = fitted(bolt)
        assert isinstance(lock, Lock)
        assert lock.is_bolted()
        await lock.ensure_unlocked()
        assert not lock.is_bolted()
        assert bolt.release.on
        assert asyncio.get_running_loop().time() == pytest.approx(0.3, abs=0.03)
        await lock.ensure_locked()
        assert lock.is_bolted()
        assert not bolt.release.on

    run_virtual(story())


def test_done_again_nothing_changes() -> None:
    async def story() -> None:
        lock = fitted(Bolt())
        for _ in range(2):
            await lock.ensure_locked()
        assert lock.is_bolted()
        for _ in range(2):
            await lock.ensure_unlocked()
        assert not lock.is_bolted()

    run_virtual(story())


def test_a_stuck_bolt_is_an_error_and_the_lock_loses_its_power() -> None:
    async def story() -> None:
        bolt = Bolt()
        bolt.stuck = True
        with pytest.raises(HalError, match="front") as caught:
            await fitted(bolt).ensure_unlocked()
        assert caught.value.code == 2120
        assert not bolt.release.on
        assert asyncio.get_running_loop().time() < 3

    run_virtual(story())


def test_a_bolt_that_stays_drawn_is_an_error() -> None:
    async def story() -> None:
        bolt = Bolt()
        lock = fitted(bolt)
        await lock.ensure_unlocked()
        bolt.stuck = True
        with pytest.raises(HalError) as caught:
            await lock.ensure_locked()
        assert caught.value.code == 2120
        assert not lock.is_bolted()

    run_virtual(story())


def test_a_cancelled_opening_leaves_it_locked() -> None:
    async def story() -> None:
        bolt = Bolt()
        opening = asyncio.ensure_future(fitted(bolt).ensure_unlocked())
        await asyncio.sleep(0.1)
        assert bolt.release.on
        opening.cancel()
        await asyncio.wait({opening})
        assert not bolt.release.on

    run_virtual(story())


def test_a_contact_that_cannot_be_read_leaves_it_without_power() -> None:
    async def story() -> None:
        bolt = Bolt()
        bolt.contact.failure = OSError("gone")
        with pytest.raises(HalError) as caught:
            await fitted(bolt).ensure_unlocked()
        assert caught.value.code == 1020
        assert not bolt.release.on

    run_virtual(story())


def test_an_output_that_cannot_be_switched_is_an_error() -> None:
    async def story() -> None:
        bolt = Bolt()
        bolt.release.failure = OSError("gone")
        for call in (fitted(bolt).ensure_unlocked(), fitted(bolt).ensure_locked()):
            with pytest.raises(HalError) as caught:
                await call
            assert caught.value.code == 1021

    run_virtual(story())


def test_a_latch_on_an_expander_is_what_its_chip_drives() -> None:
    async def story() -> None:
        board, chip = Board(), Mcp23017()
        board.fit(0x20, chip)
        latches = Expander(board, outputs=0xFFFF)
        latch = Latch("n01.g1", release=latches.pin(2, active_high=True))
        assert isinstance(latch, Lock)
        with pytest.raises(HalError) as caught:
            latch.is_bolted()
        assert caught.value.code == 1020
        await latch.refresh()
        assert latch.is_bolted()
        await latch.ensure_unlocked()
        assert chip.driven == 0b100
        assert not latch.is_bolted()
        await latch.ensure_locked()
        assert chip.driven == 0
        board.chips.clear()
        with pytest.raises(HalError) as caught:
            await latch.ensure_unlocked()
        assert caught.value.code == 1011
        with pytest.raises(HalError) as caught:
            latch.is_bolted()
        assert caught.value.code == 1020

    run_virtual(story())
