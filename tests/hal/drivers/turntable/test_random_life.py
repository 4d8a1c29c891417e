"""Any sequence of calls, cuts and restarts: no disc falls, nothing is hit, each disc is found."""

import asyncio
import random
from pathlib import Path

import pytest

from hal.errors import HalError
from hal.interfaces.changer import Place
from simulators.clock import run_virtual
from simulators.world.world import GRIPPER
from tests.conformance.robot_rig import RobotRig

SLOT, DRIVE = "s002", "d1"
STEPS = 25


class Life:
    """One disc between its slot and a drive, and what happens around it."""

    def __init__(self, rig: RobotRig, seed: int) -> None:
        self.rig = rig
        self.chance = random.Random(seed)

    async def step(self) -> None:
        calls = [
            lambda: self.rig.changer.load(SLOT, DRIVE),
            lambda: self.rig.changer.unload(DRIVE, SLOT),
            lambda: self.rig.changer.probe("s003"),
            lambda: self.rig.changer.where_is(SLOT, DRIVE),
        ]
        call = asyncio.ensure_future(self.chance.choice(calls)())
        if self.chance.random() < 0.7:
            await asyncio.sleep(self.chance.uniform(0, 15))
            disturb = self.chance.choice(
                [self.rig.cut, self.rig.power_on, self.rig.restarted, call.cancel, self._hold]
            )
            result = disturb()
            if asyncio.iscoroutine(result):
                await result
            if self.chance.random() < 0.3:
                call.cancel()
        await asyncio.wait({call})
        if not call.cancelled() and (error := call.exception()) is not None:
            assert isinstance(error, HalError), repr(error)
            assert error.code in {1002, 2022, 2106}, error

    async def _hold(self) -> None:
        await self.rig.changer.hold()
        before = self.rig.world.state.arm.position_mm
        await asyncio.sleep(self.chance.uniform(0, 100))
        assert self.rig.world.state.arm.position_mm == before
        await self.rig.changer.resume()

    async def check(self) -> None:
        place = self.rig.place_of(SLOT)
        assert place in {SLOT, DRIVE, GRIPPER}
        expected = {SLOT: Place.SLOT, DRIVE: Place.DRIVE, GRIPPER: Place.GRIPPER}
        assert await self.rig.changer.where_is(SLOT, DRIVE) is expected[self.rig.place_of(SLOT)]


@pytest.mark.parametrize("seed", range(12))
def test_a_disc_survives_any_life(seed: int, tmp_path: Path) -> None:
    async def story() -> None:
        rig = RobotRig(tmp_path)
        rig.set_tray(DRIVE, is_open=True)
        life = Life(rig, seed)
        try:
            for _ in range(STEPS):
                await life.step()
            await life.check()
            await rig.changer.unload(DRIVE, SLOT)
            assert rig.place_of(SLOT) == SLOT
        finally:
            await rig.changer.aclose()
            rig.world.close()

    run_virtual(story())
