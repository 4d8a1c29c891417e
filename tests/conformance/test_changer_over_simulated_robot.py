"""The changer's conformance suite over the simulated robot, in memory and in virtual time."""

from pathlib import Path

import pytest

from hal.interfaces.changer import Changer
from simulators.clock import run_virtual
from tests.conformance.changer import CHECKS, ChangerCheck, check_name
from tests.conformance.robot_rig import RobotRig


@pytest.mark.parametrize("check", CHECKS, ids=check_name)
def test_changer_in_memory_and_virtual_time(check: ChangerCheck, tmp_path: Path) -> None:
    async def story() -> None:
        rig = RobotRig(tmp_path)
        assert isinstance(rig.changer, Changer)
        try:
            await check(rig)
        finally:
            await rig.changer.aclose()
            rig.world.close()

    run_virtual(story())
