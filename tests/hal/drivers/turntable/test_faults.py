"""What befalls a cabinet: the changer notices, numbers it, and finds every disc again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.errors import HalError
from hal.interfaces.changer import ChangerState, Place
from simulators.clock import run_virtual
from simulators.devices.turntable.mechanics import JAM
from simulators.world.world import GRIPPER
from tests.conformance.robot_rig import RobotRig

Story = Callable[[RobotRig], Awaitable[None]]


def play(folder: Path, story: Story) -> None:
    """Run a story at a cabinet whose first drive has its tray open."""

    async def whole() -> None:
        rig = RobotRig(folder)
        rig.set_tray("d1", is_open=True)
        try:
            await rig.changer.ensure_ready()
            await story(rig)
        finally:
            await rig.changer.aclose()
            rig.world.close()

    run_virtual(whole())


async def error_of(call: Awaitable[object]) -> HalError:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value


async def until_held(rig: RobotRig) -> None:
    while rig.world.disc_at(GRIPPER) is None:  # noqa: ASYNC110  # the world tells nobody
        await asyncio.sleep(0.05)


def test_a_disc_lost_on_the_way_is_noticed_before_the_arm_reaches_out(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await until_held(rig)
        await asyncio.sleep(0.6)
        rig.drop_held_disc()
        assert (await error_of(loading)).code == 2103
        assert await rig.changer.where_is("s001", "d1") is Place.NOWHERE
        await rig.changer.load("s002", "d1")

    play(tmp_path, story)


def test_jaws_that_do_not_open_over_the_tray_are_noticed(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await until_held(rig)
        rig.set_fault(JAM, present=True)
        assert (await error_of(loading)).code == 2104
        assert rig.place_of("s001") == GRIPPER
        rig.set_fault(JAM, present=False)
        assert await rig.changer.where_is("s001") is Place.GRIPPER
        await rig.changer.load("s001", "d1")
        assert rig.place_of("s001") == "d1"

    play(tmp_path, story)


def test_a_slot_is_not_probed_with_a_disc_in_the_gripper(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await until_held(rig)
        loading.cancel()
        await asyncio.wait({loading})
        assert (await error_of(rig.changer.probe("s002"))).code == 2106
        assert await rig.changer.holds_medium()

    play(tmp_path, story)


def test_a_pulled_cable_is_an_error_and_the_disc_arrives_after_it_is_back(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await until_held(rig)
        rig.cut()
        assert (await error_of(loading)).code == 1002
        assert rig.changer.state is ChangerState.UNAVAILABLE
        await rig.changer.load("s001", "d1")
        assert rig.place_of("s001") == "d1"

    play(tmp_path, story)


def test_a_silent_controller_is_an_error_during_motion(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        loop = asyncio.get_running_loop()
        loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
        await asyncio.sleep(1)
        rig.set_silence(present=True)
        silent_since_s = loop.time()
        assert (await error_of(loading)).code == 1003
        assert loop.time() - silent_since_s < 10
        rig.set_silence(present=False)
        await rig.changer.load("s001", "d1")
        assert rig.place_of("s001") == "d1"

    play(tmp_path, story)


def test_a_controller_that_falls_silent_while_idle_is_noticed(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        rig.set_silence(present=True)
        await asyncio.sleep(20)
        assert rig.changer.state is ChangerState.UNAVAILABLE
        assert (await error_of(rig.changer.ensure_ready())).code == 1003
        rig.set_silence(present=False)
        await rig.changer.ensure_ready()
        assert rig.changer.state is ChangerState.IDLE

    play(tmp_path, story)


def test_a_power_cut_of_the_robot_at_any_moment_loses_no_disc(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        for moment in range(1, 29):
            loading = asyncio.ensure_future(rig.changer.load("s001", "d1"))
            await asyncio.sleep(moment * 0.4)
            rig.power_on()
            await asyncio.wait({loading})
            if (error := loading.exception()) is not None:
                assert isinstance(error, HalError)
                assert error.code == 2022
            await rig.changer.load("s001", "d1")
            assert rig.place_of("s001") == "d1", moment
            await rig.changer.unload("d1", "s001")
            assert rig.place_of("s001") == "s001", moment

    play(tmp_path, story)


def test_a_restart_while_idle_makes_the_next_call_home_first(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        rig.power_on()
        await asyncio.sleep(1)
        assert rig.changer.state is ChangerState.UNKNOWN
        assert await rig.changer.probe("s001")

    play(tmp_path, story)


def test_a_crash_into_a_closed_drive_waits_for_a_person(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        rig.set_tray("d1", is_open=False)
        assert (await error_of(rig.changer.load("s001", "d1"))).code == 2001
        assert rig.changer.state is ChangerState.ALARM
        assert (await error_of(rig.changer.ensure_ready())).code == 2001
        rig.set_tray("d1", is_open=True)
        rig.power_on()
        await asyncio.sleep(1)
        await rig.changer.load("s001", "d1")
        assert rig.place_of("s001") == "d1"

    play(tmp_path, story)


def test_hold_during_homing_stops_it_and_the_next_call_homes_again(tmp_path: Path) -> None:
    async def story(rig: RobotRig) -> None:
        await rig.changer.load("s001", "d1")
        rig.power_on()
        await asyncio.sleep(1)
        homing = asyncio.ensure_future(rig.changer.ensure_ready())
        await asyncio.sleep(0.5)
        assert rig.changer.state is ChangerState.HOMING
        await rig.changer.hold()
        assert (await error_of(homing)).code == 2022
        assert rig.changer.state is ChangerState.UNKNOWN
        again = asyncio.ensure_future(rig.changer.ensure_ready())
        await asyncio.sleep(100)
        assert not again.done(), "held means that nothing begins to move"
        await rig.changer.resume()
        await again
        assert rig.changer.state is ChangerState.IDLE

    play(tmp_path, story)
