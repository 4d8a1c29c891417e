"""The machine behind a GRBL controller, over the simulated one."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hal.drivers.grbl.driver import GrblController
from hal.errors import HalError
from simulators.clock import run_virtual
from tests.conformance.robot_rig import RobotRig


def play(folder: Path, story: Callable[[GrblController], Awaitable[None]]) -> None:
    async def whole() -> None:
        rig = RobotRig(folder)
        try:
            await rig.controller.ensure_ready()
            await story(rig.controller)
        finally:
            await rig.controller.aclose()
            rig.world.close()

    run_virtual(whole())


async def code_of(call: Awaitable[object]) -> int:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value.code


def test_a_move_ends_where_it_was_sent(tmp_path: Path) -> None:
    async def story(robot: GrblController) -> None:
        await robot.move({"X": -123.456, "Y": -50.0})
        assert await robot.position() == pytest.approx((-123.456, -50.0, 0.0))
        await robot.move({"Y": 0.0}, rate_per_min=600.0)
        assert await robot.position() == pytest.approx((-123.456, 0.0, 0.0))

    play(tmp_path, story)


def test_settings_are_read_and_written(tmp_path: Path) -> None:
    async def story(robot: GrblController) -> None:
        before = await robot.settings()
        assert before[22] == "1"
        await robot.write_setting(26, "100")
        assert (await robot.settings())[26] == "100"
        assert len(await robot.settings()) == len(before)

    play(tmp_path, story)


def test_homing_that_is_switched_off_has_its_own_number(tmp_path: Path) -> None:
    async def story(robot: GrblController) -> None:
        await robot.write_setting(20, "0")
        await robot.write_setting(22, "0")
        await robot.aclose()
        assert await code_of(robot.ensure_ready()) == 2024
        assert not robot.homed

    play(tmp_path, story)


def test_a_target_out_of_travel_is_an_alarm_that_the_next_homing_clears(tmp_path: Path) -> None:
    async def story(robot: GrblController) -> None:
        assert await code_of(robot.move({"Y": -701.0})) == 2002
        assert robot.alarm == 2
        assert await code_of(robot.move({"Y": -1.0})) == 2002
        await robot.ensure_ready()
        assert robot.homed
        await robot.move({"Y": -1.0})

    play(tmp_path, story)


def test_nothing_can_be_asked_without_a_connection(tmp_path: Path) -> None:
    async def story(robot: GrblController) -> None:
        await robot.aclose()
        await robot.aclose()
        assert not robot.connected
        assert await code_of(robot.position()) == 1002
        assert await code_of(robot.move({"X": 0.0})) == 1002

    play(tmp_path, story)
