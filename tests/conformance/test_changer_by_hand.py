"""The changer's conformance suite over a cabinet where a person carries, and what only a person
does: wait, err, and come back tomorrow."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.errors import HalError
from hal.interfaces.changer import Changer, ChangerState
from hal.interfaces.guidance import Guide
from simulators.clock import run_virtual
from tests.conformance.changer import (
    CHECKS,
    ChangerCheck,
    a_motion_that_is_broken_off_fails_and_the_next_call_finds_the_disc,
    check_name,
    hold_stops_the_robot_until_resume,
)
from tests.conformance.desk_rig import HAND, DeskRig

OF_ROBOTS = (
    hold_stops_the_robot_until_resume,
    a_motion_that_is_broken_off_fails_and_the_next_call_finds_the_disc,
)
BY_HAND = tuple(check for check in CHECKS if check not in OF_ROBOTS)
"""A person does not stop at once; what holding means here is below."""


def play(folder: Path, story: Callable[[DeskRig], Awaitable[None]]) -> None:
    async def whole() -> None:
        rig = DeskRig(folder)
        try:
            await story(rig)
        finally:
            await rig.aclose()
        assert rig.lit == set()

    run_virtual(whole())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(600):
        while not holds():  # noqa: ASYNC110  # looks on from outside, in virtual time
            await asyncio.sleep(0.25)


@pytest.mark.parametrize("check", BY_HAND, ids=check_name)
def test_a_changer_by_hand_is_a_changer(check: ChangerCheck, tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        assert isinstance(rig.changer, Changer)
        assert isinstance(rig.changer, Guide)
        await check(rig)

    play(tmp_path, story)


def test_it_waits_for_a_person_for_hours_and_says_what_for(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        rig.is_there = False
        told: list[str] = []
        rig.changer.watch(lambda: told.append(rig.changer.asks))
        loading = asyncio.ensure_future(rig.changer.load("s003", "d1"))
        await asyncio.sleep(3 * 3600)
        assert not loading.done()
        assert rig.changer.state is ChangerState.HELD
        assert rig.changer.asks == "carry the disc of slot s003 to drive d1"
        assert rig.lit == {"s003"}
        rig.is_there = True
        await loading
        assert rig.place_of("s003") == "d1"
        assert rig.changer.state is ChangerState.IDLE
        assert told[-1] == ""

    play(tmp_path, story)


def test_a_disc_taken_from_the_wrong_slot_goes_back_before_anything_else(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        rig.is_there = False
        loading = asyncio.ensure_future(rig.changer.load("s003", "d1"))
        await until(lambda: rig.lit == {"s003"})
        rig.places["s002"] = HAND
        await until(lambda: rig.changer.mistake is not None)
        mistake = rig.changer.mistake
        assert mistake is not None
        assert mistake.code == 2130
        assert "s002" in mistake.message
        assert "s003" in mistake.message
        await until(lambda: rig.lit == {"s002"})
        rig.places["s002"] = "s002"
        await until(lambda: rig.changer.mistake is None)
        rig.is_there = True
        await loading
        assert (rig.place_of("s002"), rig.place_of("s003")) == ("s002", "d1")

    play(tmp_path, story)


def test_a_disc_put_into_the_wrong_slot_is_not_taken_for_home(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        await rig.changer.load("s001", "d1")
        rig.is_there = False
        unloading = asyncio.ensure_future(rig.changer.unload("d1", "s001"))
        await until(lambda: rig.lit == {"s001"})
        rig.places["s001"] = "s005"
        await until(lambda: rig.changer.mistake is not None)
        await asyncio.sleep(300)
        assert not unloading.done()
        assert rig.lit == {"s005"}
        rig.is_there = True
        await unloading
        assert rig.place_of("s001") == "s001"

    play(tmp_path, story)


def test_another_disc_in_the_right_slot_is_found_out_by_the_drive(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        await rig.changer.load("s001", "d1")
        rig.is_there = False
        unloading = asyncio.ensure_future(rig.changer.unload("d1", "s001"))
        await until(lambda: rig.lit == {"s001"})
        rig.places["stranger"] = "s001"
        await until(lambda: rig.changer.mistake is not None)
        assert not unloading.done()
        rig.places["stranger"] = "outside"
        await until(lambda: rig.changer.mistake is None)
        rig.is_there = True
        await unloading
        assert rig.place_of("s001") == "s001"

    play(tmp_path, story)


def test_a_disc_that_was_taken_and_not_laid_down_is_waited_for(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        rig.is_there = False
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await until(lambda: rig.lit == {"s001"})
        rig.places["s001"] = HAND
        await asyncio.sleep(1000)
        assert not loading.done()
        assert rig.desk_drives["d1"].openings > 3, "it looked, and opened the tray again"
        rig.places["s001"] = "s001"
        await until(lambda: rig.lit == {"s001"})
        rig.is_there = True
        await loading
        assert rig.place_of("s001") == "d1"

    play(tmp_path, story)


def test_after_a_restart_a_disc_in_the_hand_is_known_to_be_there(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        rig.is_there = False
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await until(lambda: rig.lit == {"s001"})
        rig.places["s001"] = HAND
        loading.cancel()
        await asyncio.wait({loading})
        changer = rig.restarted()
        assert await changer.holds_medium()
        rig.is_there = True
        await changer.unload("d1", "s001")
        assert rig.place_of("s001") == "s001"
        assert not await changer.holds_medium()

    play(tmp_path, story)


def test_held_it_asks_for_nothing_and_moves_no_tray(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        rig.is_there = False
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await until(lambda: rig.lit == {"s001"})
        await rig.changer.hold()
        rig.places["s001"] = HAND
        await asyncio.sleep(300)
        assert rig.lit == set()
        assert rig.changer.state is ChangerState.HELD
        assert rig.desk_drives["d1"].openings == 1
        await rig.changer.resume()
        rig.is_there = True
        await loading
        assert rig.place_of("s001") == "d1"

    play(tmp_path, story)


def test_a_silent_sensor_is_an_error_and_not_an_empty_slot(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        rig.panels[0].dead.add("s001")
        with pytest.raises(HalError) as caught:
            await rig.changer.probe("s001")
        assert caught.value.code == 2131
        with pytest.raises(HalError) as caught:
            await rig.changer.load("s001", "d1")
        assert caught.value.code == 2131
        assert await rig.changer.probe("s002")
        for panel in rig.panels:
            panel.is_gone = True
        with pytest.raises(HalError) as caught:
            await rig.changer.ensure_ready()
        assert caught.value.code == 2132
        assert rig.changer.state is ChangerState.UNAVAILABLE

    play(tmp_path, story)


def test_trays_move_only_inside_the_motion_that_was_given(tmp_path: Path) -> None:
    async def story(rig: DeskRig) -> None:
        closed_doors = asyncio.Lock()
        await closed_doors.acquire()  # somebody has a door open

        class Motion:
            async def __aenter__(self) -> None:
                await closed_doors.acquire()

            async def __aexit__(self, *exc: object) -> None:
                closed_doors.release()

        rig.changer.guard_trays(Motion)
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await asyncio.sleep(300)
        assert not rig.desk_drives["d1"].is_open
        closed_doors.release()
        await loading
        assert rig.place_of("s001") == "d1"

    play(tmp_path, story)
