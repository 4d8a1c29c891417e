"""What every `Changer` must do: checks that run over any rig.

A rig is a changer with somebody at the cabinet, who can look where a disc really is, and do what
befalls a cabinet. The checks are coroutines, so that each rig chooses its event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.changer import BreakingOff, Changer, ChangerState, Place


class ChangerRig(Protocol):
    """`s001` to `s003` have a disc, `s004` has none. All trays are closed."""

    changer: Changer

    def restarted(self) -> Changer:
        """Return a changer that knows nothing yet; the old one's link is cut, its robot goes on."""

    def place_of(self, slot: str) -> str:
        """Return where the disc that `slot` had at first really is: slot, drive, gripper, floor."""

    def set_tray(self, drive: str, *, is_open: bool) -> None: ...


async def getting_ready_homes_once(rig: ChangerRig) -> None:
    assert rig.changer.state is ChangerState.UNAVAILABLE
    await rig.changer.ensure_ready()
    assert rig.changer.state is ChangerState.IDLE
    await rig.changer.ensure_ready()
    assert rig.changer.state is ChangerState.IDLE
    assert not await rig.changer.holds_medium()


async def slots_and_drives_are_known_in_order(rig: ChangerRig) -> None:
    assert rig.changer.slots[:3] == ("s001", "s002", "s003")
    assert len(set(rig.changer.slots)) == len(rig.changer.slots)
    assert rig.changer.drives[0] == "d1"


async def a_probe_tells_full_from_empty_and_moves_nothing(rig: ChangerRig) -> None:
    assert await rig.changer.probe("s003")
    assert not await rig.changer.probe("s004")
    assert await rig.changer.probe("s003")
    assert rig.place_of("s003") == "s003"


async def a_disc_goes_to_the_drive_and_back(rig: ChangerRig) -> None:
    rig.set_tray("d1", is_open=True)
    assert await rig.changer.where_is("s001", "d1") is Place.SLOT
    await rig.changer.load("s001", "d1")
    assert rig.place_of("s001") == "d1"
    assert await rig.changer.where_is("s001", "d1") is Place.DRIVE
    assert await rig.changer.where_is("s001") is Place.NOWHERE
    await rig.changer.unload("d1", "s001")
    assert rig.place_of("s001") == "s001"
    assert not await rig.changer.holds_medium()


async def a_disc_may_go_to_another_slot(rig: ChangerRig) -> None:
    rig.set_tray("d1", is_open=True)
    await rig.changer.load("s001", "d1")
    await rig.changer.unload("d1", "s004")
    assert rig.place_of("s001") == "s004"


async def done_again_nothing_changes(rig: ChangerRig) -> None:
    rig.set_tray("d1", is_open=True)
    await rig.changer.load("s001", "d1")
    await rig.changer.load("s001", "d1")
    assert rig.place_of("s001") == "d1"
    await rig.changer.unload("d1", "s001")
    await rig.changer.unload("d1", "s001")
    assert rig.place_of("s001") == "s001"


async def an_empty_slot_is_an_error(rig: ChangerRig) -> None:
    rig.set_tray("d1", is_open=True)
    with pytest.raises(HalError) as caught:
        await rig.changer.load("s004", "d1")
    assert caught.value.code == 2101
    await rig.changer.load("s002", "d1")
    assert rig.place_of("s002") == "d1"


async def an_empty_tray_is_an_error(rig: ChangerRig) -> None:
    rig.set_tray("d1", is_open=True)
    with pytest.raises(HalError) as caught:
        await rig.changer.unload("d1", "s004")
    assert caught.value.code == 2108


async def an_occupied_slot_is_an_error_and_the_disc_stays_on_the_tray(rig: ChangerRig) -> None:
    rig.set_tray("d1", is_open=True)
    await rig.changer.load("s001", "d1")
    with pytest.raises(HalError) as caught:
        await rig.changer.unload("d1", "s002")
    assert caught.value.code == 2102
    assert rig.place_of("s001") == "d1"
    assert rig.place_of("s002") == "s002"
    await rig.changer.unload("d1", "s001")


async def names_that_do_not_exist_are_errors(rig: ChangerRig) -> None:
    calls = (
        rig.changer.load("s999", "d1"),
        rig.changer.load("s001", "d9"),
        rig.changer.unload("d9", "s001"),
        rig.changer.probe("d1"),
        rig.changer.where_is("s001", "s002"),
    )
    for call in calls:
        with pytest.raises(HalError) as caught:
            await call
        assert caught.value.code == 2107


async def hold_stops_the_robot_until_resume(rig: ChangerRig) -> None:
    await rig.changer.ensure_ready()
    rig.set_tray("d1", is_open=True)
    loading = asyncio.ensure_future(rig.changer.load("s003", "d1"))
    await asyncio.sleep(0.5)
    assert rig.changer.state is ChangerState.MOVING
    await rig.changer.hold()
    assert rig.changer.state is ChangerState.HELD
    await asyncio.sleep(300)
    assert not loading.done()
    assert rig.changer.state is ChangerState.HELD
    await rig.changer.resume()
    await loading
    assert rig.place_of("s003") == "d1"
    assert rig.changer.state is ChangerState.IDLE


async def a_motion_that_is_broken_off_fails_and_the_next_call_finds_the_disc(
    rig: ChangerRig,
) -> None:
    """At whatever moment, and with the hold standing on until it is released."""
    rig.set_tray("d1", is_open=True)
    for moment in range(1, 24, 3):
        changer = rig.changer
        assert isinstance(changer, BreakingOff)
        await changer.ensure_ready()
        loading = asyncio.ensure_future(changer.load("s002", "d1"))
        await asyncio.sleep(moment * 0.4)
        await changer.hold()
        await changer.break_off()
        with pytest.raises(HalError) as caught:
            await loading
        assert caught.value.code // 100 == 20, moment
        await changer.resume()
        await changer.load("s002", "d1")
        assert rig.place_of("s002") == "d1", moment
        await changer.unload("d1", "s002")
        assert rig.place_of("s002") == "s002", moment


async def a_new_changer_goes_on_where_the_old_one_was_killed(rig: ChangerRig) -> None:
    """At whatever moment: the robot finishes its motion, homes, and the disc arrives."""
    rig.set_tray("d1", is_open=True)
    for moment in range(2, 30):
        changer = rig.changer
        await changer.ensure_ready()
        killed = asyncio.ensure_future(changer.load("s002", "d1"))
        await asyncio.sleep(moment * 0.4)
        killed.cancel()
        await asyncio.wait({killed})
        changer = rig.restarted()
        await changer.load("s002", "d1")
        assert rig.place_of("s002") == "d1", moment
        await changer.unload("d1", "s002")
        assert rig.place_of("s002") == "s002", moment


async def a_cancelled_call_can_be_made_again(rig: ChangerRig) -> None:
    rig.set_tray("d1", is_open=True)
    await rig.changer.ensure_ready()
    for moment in range(1, 30, 3):
        cancelled = asyncio.ensure_future(rig.changer.load("s002", "d1"))
        await asyncio.sleep(moment * 0.4)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        await rig.changer.load("s002", "d1")
        assert rig.place_of("s002") == "d1", moment
        await rig.changer.unload("d1", "s002")


ChangerCheck = Callable[[ChangerRig], Awaitable[None]]
QUICK_CHECKS: tuple[ChangerCheck, ...] = (
    getting_ready_homes_once,
    slots_and_drives_are_known_in_order,
    a_probe_tells_full_from_empty_and_moves_nothing,
    a_disc_goes_to_the_drive_and_back,
    names_that_do_not_exist_are_errors,
)
"""Enough to see that a wire carries what the driver and the robot say."""
CHECKS: tuple[ChangerCheck, ...] = (
    *QUICK_CHECKS,
    a_disc_may_go_to_another_slot,
    done_again_nothing_changes,
    an_empty_slot_is_an_error,
    an_empty_tray_is_an_error,
    an_occupied_slot_is_an_error_and_the_disc_stays_on_the_tray,
    hold_stops_the_robot_until_resume,
    a_motion_that_is_broken_off_fails_and_the_next_call_finds_the_disc,
    a_new_changer_goes_on_where_the_old_one_was_killed,
    a_cancelled_call_can_be_made_again,
)


def check_name(check: ChangerCheck) -> str:
    return check.__name__
