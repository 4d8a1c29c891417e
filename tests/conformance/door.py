"""What every `Contact` and `Lock` of a door must do.

The rig has somebody at the cabinet, who opens what is not locked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.contact import Contact
from hal.interfaces.lock import Lock


class DoorRig(Protocol):
    """A closed and locked door, with its key not turned."""

    contact: Contact
    """Active while the door is open."""
    key: Contact
    lock: Lock

    async def open_door(self) -> None: ...

    async def close_door(self) -> None: ...

    async def turn_key(self, *, turned: bool) -> None: ...

    async def stick_bolt(self, *, stuck: bool) -> None: ...

    async def cut_wire(self, *, cut: bool) -> None:
        """Of the door's contact."""
        ...

    async def lose_board(self) -> None:
        """What the lines hang on is gone for good."""
        ...


async def settled() -> None:
    """Longer than a round of polling, or than a thread needs."""
    await asyncio.sleep(0.3)


async def a_door_at_rest_is_closed_and_locked(rig: DoorRig) -> None:
    assert isinstance(rig.contact, Contact)
    assert isinstance(rig.lock, Lock)
    await settled()
    assert not rig.contact.is_active()
    assert not rig.key.is_active()
    assert rig.lock.is_bolted()


async def opening_is_told_and_closing_too(rig: DoorRig) -> None:
    told: asyncio.Queue[bool] = asyncio.Queue()
    rig.contact.watch(told.put_nowait)
    await rig.lock.ensure_unlocked()
    await rig.open_door()
    async with asyncio.timeout(2):
        assert await told.get() is True
    assert rig.contact.is_active()
    await rig.close_door()
    async with asyncio.timeout(2):
        assert await told.get() is False
    assert not rig.contact.is_active()


async def the_lock_moves_its_bolt_and_does_so_once(rig: DoorRig) -> None:
    for _ in range(2):
        await rig.lock.ensure_unlocked()
        assert not rig.lock.is_bolted()
    for _ in range(2):
        await rig.lock.ensure_locked()
        assert rig.lock.is_bolted()


async def the_key_is_told(rig: DoorRig) -> None:
    await rig.turn_key(turned=True)
    await settled()
    assert rig.key.is_active()
    await rig.turn_key(turned=False)
    await settled()
    assert not rig.key.is_active()


async def a_stuck_bolt_is_an_error_either_way(rig: DoorRig) -> None:
    await rig.stick_bolt(stuck=True)
    with pytest.raises(HalError) as caught:
        await rig.lock.ensure_unlocked()
    assert caught.value.code == 2120
    assert rig.lock.is_bolted()
    await rig.stick_bolt(stuck=False)
    await settled()
    assert rig.lock.is_bolted(), "the failed opening has left no current in the lock"
    await rig.lock.ensure_unlocked()
    await rig.stick_bolt(stuck=True)
    with pytest.raises(HalError) as caught:
        await rig.lock.ensure_locked()
    assert caught.value.code == 2120
    await rig.stick_bolt(stuck=False)
    await rig.lock.ensure_locked()


async def a_cut_wire_is_an_open_door(rig: DoorRig) -> None:
    await rig.cut_wire(cut=True)
    await settled()
    assert rig.contact.is_active()
    await rig.cut_wire(cut=False)
    await settled()
    assert not rig.contact.is_active()


async def without_its_board_a_door_has_no_state(rig: DoorRig) -> None:
    await rig.lose_board()
    await settled()
    for ask in (rig.contact.is_active, rig.lock.is_bolted):
        with pytest.raises(HalError) as caught:
            ask()
        assert caught.value.code in {1010, 1011, 1020}
    with pytest.raises(HalError) as caught:
        await rig.lock.ensure_unlocked()
    assert caught.value.code in {1010, 1011, 1020, 1021}


DoorCheck = Callable[[DoorRig], Awaitable[None]]
QUICK_CHECKS: tuple[DoorCheck, ...] = (
    a_door_at_rest_is_closed_and_locked,
    opening_is_told_and_closing_too,
    the_lock_moves_its_bolt_and_does_so_once,
    a_cut_wire_is_an_open_door,
    without_its_board_a_door_has_no_state,
)
"""Enough to see that a wire carries what happens at the door."""
CHECKS: tuple[DoorCheck, ...] = (
    *QUICK_CHECKS,
    the_key_is_told,
    a_stuck_bolt_is_an_error_either_way,
)
