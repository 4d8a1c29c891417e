"""A door opens with key and PIN when nothing moves; whatever else happens is noticed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import DoorChanged, LockDoor, UnlockDoor
from appliance.contract.states import DoorState
from simulators.clock import run_virtual
from tests.appliance.services.access.entrance import DURESS, PIN, SERVICE, Entrance

Story = Callable[[Entrance], Awaitable[None]]


def told(folder: Path, story: Story, *doors: str, robots: int = 1) -> None:
    async def tell() -> None:
        entrance = Entrance(folder, *doors, robots=robots)
        await entrance.start()
        try:
            await story(entrance)
        finally:
            await entrance.stop()

    run_virtual(tell())


def code(excinfo: pytest.ExceptionInfo[SteleError]) -> int:
    return excinfo.value.code


def test_key_and_pin_open_the_door_and_closing_locks_it(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        assert at.view().state is DoorState.LOCKED
        await at.unlock()
        await asyncio.sleep(1)
        assert at.view().state is DoorState.UNLOCKED
        assert at.view().unlocked_by == "wang"
        assert at.view().locks_in_s == pytest.approx(29.2, abs=0.3)
        at.contacts["front"].set(True)
        await asyncio.sleep(60)
        assert at.view().state is DoorState.OPEN
        assert at.gates.interlock.gate.reasons == ("door:front",)
        at.locks["front"].bolted = False
        at.contacts["front"].set(False)
        await asyncio.sleep(2)
        assert at.view().state is DoorState.LOCKED
        assert at.gates.interlock.gate.is_open
        assert at.standing() == []
        assert at.events() == [
            DoorChanged("front", DoorState.UNLOCKED, "wang"),
            DoorChanged("front", DoorState.OPEN, "wang"),
            DoorChanged("front", DoorState.UNLOCKED),
            DoorChanged("front", DoorState.LOCKED),
        ]

    told(tmp_path, story)


def test_a_stop_of_the_firmware_leaves_no_closed_door_unlocked(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        await at.unlock()
        await asyncio.sleep(1)
        await at.unlock(door="rear")
        await asyncio.sleep(1)
        at.contacts["rear"].set(True)
        await at.access.stop()
        assert at.locks["front"].bolted
        assert not at.locks["rear"].bolted, "a bolt that is out would keep an open door open"

    told(tmp_path, story, "front", "rear")


def test_without_the_key_the_right_pin_is_not_even_looked_at(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        view = at.view()
        assert view.why_not is not None
        assert view.why_not.code == 4011
        for _ in range(10):
            with pytest.raises(SteleError) as refusal:
                await at.access.unlock(UnlockDoor("front", PIN))
            assert code(refusal) == 4011
        assert at.keypad.closure() is None

    told(tmp_path, story)


def test_a_key_turned_back_while_waiting_keeps_the_door_locked(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        moving = asyncio.create_task(at.robots[0].move(20.0))
        await asyncio.sleep(1)
        await at.unlock()
        at.keys["front"].set(False)
        await moving
        await asyncio.sleep(5)
        assert at.view().state is DoorState.LOCKED
        assert at.gates.interlock.gate.is_open

    told(tmp_path, story)


def test_nobody_who_opens_an_unlocked_door_in_time_is_locked_out_again(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        await at.unlock()
        await asyncio.sleep(35)
        assert at.view().state is DoorState.LOCKED
        assert at.gates.interlock.gate.is_open
        at.contacts["front"].set(True)
        await asyncio.sleep(1)
        assert at.view().state is DoorState.FORCED

    told(tmp_path, story)


def test_an_unlocking_waits_until_the_motion_has_ended(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        at.locks["front"].drawn = lambda: drawn.append(at.gates.interlock.is_moving)
        drawn: list[bool] = []
        moving = asyncio.create_task(at.robots[0].move(20.0))
        await asyncio.sleep(1)
        await at.unlock()
        await asyncio.sleep(5)
        view = at.view()
        assert view.state is DoorState.LOCKED
        assert view.why_not is not None
        assert view.why_not.code == 4016
        later = asyncio.create_task(at.robots[0].move(1.0))
        await moving
        await asyncio.sleep(1)
        assert at.view().state is DoorState.UNLOCKED
        assert drawn == [False]
        assert not later.done()
        at.access.lock(LockDoor("front"))
        await later

    told(tmp_path, story)


def test_a_motion_that_does_not_end_keeps_the_door_locked_and_says_so(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        moving = asyncio.create_task(at.robots[0].move(10_000.0))
        await asyncio.sleep(1)
        await at.unlock()
        await asyncio.sleep(200)
        assert at.view().state is DoorState.LOCKED
        assert at.gates.interlock.gate.is_open
        moving.cancel()
        await asyncio.gather(moving, return_exceptions=True)
        view = at.view()
        assert view.why_not is not None
        assert view.why_not.code == 4017
        await at.unlock()
        await asyncio.sleep(1)
        assert at.view().state is DoorState.UNLOCKED

    told(tmp_path, story)


def test_a_door_forced_in_motion_stops_every_robot_at_once_and_work_resumes(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        moves = [asyncio.create_task(robot.move(20.0)) for robot in at.robots]
        await asyncio.sleep(5)
        at.contacts["front"].set(True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not any(robot.turning for robot in at.robots)
        done = [robot.moved_s for robot in at.robots]
        await asyncio.sleep(1000)
        assert [robot.moved_s for robot in at.robots] == done
        assert at.view().state is DoorState.FORCED
        assert set(at.standing()) == {"door:front:4010", "door:front:4018", "door:front:4021"}
        at.contacts["front"].set(False)
        await asyncio.gather(*moves)
        assert all(robot.moved_s == pytest.approx(20.0, abs=0.2) for robot in at.robots)
        assert set(at.standing()) == {"door:front:4010", "door:front:4021"}
        at.alarms.acknowledge("door:front:4010", "wang")
        at.alarms.acknowledge("door:front:4021", "wang")
        assert at.standing() == []

    told(tmp_path, story, robots=3)


def test_a_door_slammed_at_once_leaves_no_robot_held_and_its_alarm_to_be_seen(
    tmp_path: Path,
) -> None:
    async def story(at: Entrance) -> None:
        moving = asyncio.create_task(at.robots[0].move(20.0))
        await asyncio.sleep(5)
        for _ in range(3):
            at.contacts["front"].set(True)
            at.contacts["front"].set(False)
        await moving
        assert at.standing() == ["door:front:4010", "door:front:4021"]
        at.alarms.acknowledge("door:front:4010", "wang")
        at.alarms.acknowledge("door:front:4021", "wang")
        assert at.standing() == []

    told(tmp_path, story)


def test_two_doors_must_both_be_closed_before_anything_moves(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        moving = asyncio.create_task(at.robots[0].move(20.0))
        await asyncio.sleep(5)
        at.contacts["front"].set(True)
        at.contacts["rear"].set(True)
        await asyncio.sleep(5)
        at.contacts["front"].set(False)
        await asyncio.sleep(100)
        assert not moving.done()
        at.contacts["rear"].set(False)
        await moving

    told(tmp_path, story, "front", "rear")


def test_a_cut_wire_is_an_open_door(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        moving = asyncio.create_task(at.robots[0].move(20.0))
        await asyncio.sleep(5)
        at.contacts["front"].cut = True
        await asyncio.sleep(100)
        assert not moving.done()
        assert at.view().state is DoorState.UNAVAILABLE
        assert at.standing() == ["door:front:4022"]
        with pytest.raises(SteleError) as refusal:
            await at.unlock()
        assert code(refusal) == 4022
        at.contacts["front"].cut = False
        await moving
        assert at.standing() == []

    told(tmp_path, story)


def test_a_bolt_that_does_not_come_out_keeps_the_machine_still(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        await at.unlock()
        await asyncio.sleep(1)
        at.locks["front"].jammed = True
        moving = asyncio.create_task(at.robots[0].move(1.0))
        await asyncio.sleep(100)
        assert at.standing() == ["door:front:2120"]
        assert at.view().state is DoorState.UNLOCKED
        assert not moving.done()
        at.locks["front"].jammed = False
        await moving
        assert at.standing() == []

    told(tmp_path, story)


def test_a_bolt_that_was_picked_is_pushed_out_again(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        at.locks["front"].bolted = False
        await asyncio.sleep(5)
        assert at.locks["front"].bolted
        assert DoorChanged("front", DoorState.UNLOCKED) in at.events()

    told(tmp_path, story)


def test_a_service_code_may_keep_the_door_open_for_long(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        await at.unlock(SERVICE)
        await asyncio.sleep(1)
        at.contacts["front"].set(True)
        await asyncio.sleep(3600)
        assert at.view().unlocked_by == "vendor"
        assert at.standing() == []
        await asyncio.sleep(14_400)
        assert at.standing() == ["door:front:4018"]

    told(tmp_path, story)


def test_duress_opens_like_any_code_and_is_told_to_the_console_alone(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        await at.unlock(DURESS)
        await asyncio.sleep(1)
        assert at.view().state is DoorState.UNLOCKED
        assert at.view().unlocked_by == "wang"
        assert at.standing() == []
        assert at.standing(at_cabinet=False) == ["access:front:4027"]
        at.alarms.acknowledge("access:front:4027", "control room")
        assert at.standing(at_cabinet=False) == []

    told(tmp_path, story)


def test_an_unlocked_door_can_be_locked_and_an_open_one_not(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        await at.unlock()
        await asyncio.sleep(1)
        at.access.lock(LockDoor("front"))
        await asyncio.sleep(1)
        assert at.view().state is DoorState.LOCKED
        at.contacts["front"].set(True)
        await asyncio.sleep(1)
        with pytest.raises(SteleError) as refusal:
            at.access.lock(LockDoor("front"))
        assert code(refusal) == 4023
        with pytest.raises(SteleError) as refusal:
            await at.unlock()
        assert code(refusal) == 4023
        with pytest.raises(SteleError) as refusal:
            at.access.lock(LockDoor("side"))
        assert code(refusal) == 4019

    told(tmp_path, story)


def test_a_door_that_stands_open_at_the_very_first_start_was_not_forced(tmp_path: Path) -> None:
    async def tell() -> None:
        at = Entrance(tmp_path)
        at.contacts["front"].active = True
        at.locks["front"].bolted = False
        await at.start()
        assert at.view().state is DoorState.OPEN
        assert at.standing() == []
        moving = asyncio.create_task(at.robots[0].move(1.0))
        await asyncio.sleep(10)
        assert not moving.done()
        at.contacts["front"].set(False)
        await moving
        await at.stop()

    run_virtual(tell())


def test_where_no_robot_is_an_open_door_holds_nothing_up(tmp_path: Path) -> None:
    async def story(at: Entrance) -> None:
        await at.unlock()
        await asyncio.sleep(1)
        at.contacts["front"].set(True)
        await asyncio.sleep(1)
        assert at.view().state is DoorState.OPEN
        assert at.gates.interlock.gate.is_open

    told(tmp_path, story, robots=0)


async def _started_again(folder: Path, *, is_open: bool, bolted: bool) -> Entrance:
    at = Entrance(folder)
    at.contacts["front"].active = is_open
    at.locks["front"].bolted = bolted
    await at.start()
    return at


def test_a_door_forced_while_the_firmware_was_dead_is_named_so_until_seen(tmp_path: Path) -> None:
    async def tell() -> None:
        at = Entrance(tmp_path)
        await at.start()
        await at.unlock()
        await asyncio.sleep(60)
        assert at.view().state is DoorState.LOCKED, "nobody came, and it was locked again"
        await at.kill()
        at = await _started_again(tmp_path, is_open=True, bolted=True)
        assert at.view().state is DoorState.FORCED
        assert at.standing() == ["door:front:4036"]
        assert at.gates.interlock.gate.reasons == ("door:front",)
        at.contacts["front"].set(False)
        await asyncio.sleep(2)
        assert at.view().state is DoorState.LOCKED
        assert at.standing() == ["door:front:4036"], "closing it again hides nothing"
        at.alarms.acknowledge("door:front:4036", "wang")
        assert at.standing() == []
        await at.stop()

    run_virtual(tell())


@pytest.mark.parametrize("opened", ["before", "after"])
def test_a_door_that_was_unlocked_when_the_firmware_died_is_its_persons(
    tmp_path: Path, opened: str
) -> None:
    async def tell() -> None:
        at = Entrance(tmp_path)
        await at.start()
        await at.unlock()
        await asyncio.sleep(1)
        if opened == "before":
            at.contacts["front"].set(True)
            await asyncio.sleep(1)
        await at.kill()
        at = await _started_again(tmp_path, is_open=True, bolted=False)
        assert at.view().state is DoorState.OPEN
        assert at.view().unlocked_by == "wang"
        assert at.standing() == []
        at.contacts["front"].set(False)
        await asyncio.sleep(3)
        assert at.view().state is DoorState.LOCKED
        await at.kill()
        at = await _started_again(tmp_path, is_open=True, bolted=True)
        assert at.standing() == ["door:front:4036"], "once it was locked the right was used up"
        await at.stop()

    run_virtual(tell())


def test_an_orderly_stop_uses_the_right_to_open_up(tmp_path: Path) -> None:
    async def tell() -> None:
        at = Entrance(tmp_path)
        await at.start()
        await at.unlock()
        await asyncio.sleep(1)
        await at.stop()
        at = await _started_again(tmp_path, is_open=True, bolted=True)
        assert at.standing() == ["door:front:4036"]
        await at.stop()

    run_virtual(tell())


def test_a_forced_door_that_is_still_open_after_a_restart_has_one_alarm(tmp_path: Path) -> None:
    async def tell() -> None:
        at = Entrance(tmp_path)
        await at.start()
        at.contacts["front"].set(True)
        await asyncio.sleep(1)
        await at.kill()
        at = await _started_again(tmp_path, is_open=True, bolted=True)
        assert at.view().state is DoorState.FORCED
        assert at.standing() == ["door:front:4010"]
        await at.stop()

    run_virtual(tell())
