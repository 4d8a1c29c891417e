"""The changer over controllers that speak a little differently: grblHAL, and a noisy line."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.clock import run_virtual
from tests.conformance.changer import QUICK_CHECKS, ChangerCheck, check_name
from tests.conformance.robot_rig import RobotRig


def as_grblhal(data: bytes) -> bytes:
    """grblHAL's welcome, a fourth axis, a deeper buffer, and fields that GRBL does not have."""
    data = data.replace(b"Grbl 1.1h ['$' for help]", b"GrblHAL 1.1f ['$' or '$HELP' for help]")
    data = re.sub(rb"((?:MPos|WCO|PRB):[-0-9.,]+)", rb"\1,0.000", data)
    data = re.sub(rb"Bf:\d+,\d+", b"Bf:100,1023", data)
    return data.replace(b">\r\n", b"|TLR:0|H:1,7|MPG:0>\r\n")


def as_work_positions(data: bytes) -> bytes:
    """A controller that reports work positions, with an offset of 5, -3 and 2 mm."""

    def shift(report: re.Match[bytes]) -> bytes:
        x, y, z = (float(number) for number in report[1].split(b","))
        return b"WPos:%.3f,%.3f,%.3f|WCO:5.000,-3.000,2.000" % (x - 5, y + 3, z - 2)

    data = re.sub(rb"\|WCO:[-0-9.,]+", b"", data)
    return re.sub(rb"MPos:([-0-9.,]+)", shift, data)


def with_noise(data: bytes) -> bytes:
    """Garbage between the lines, as a bad cable makes it."""
    chance = random.Random(len(data))
    noise = bytes(chance.randrange(0x80, 0x100) for _ in range(chance.randrange(6)))
    return data.replace(b"\r\n", b"\r\n" + noise + b"\r\n<Idle|MP\r\n[\r\n")


@pytest.mark.parametrize("check", QUICK_CHECKS, ids=check_name)
@pytest.mark.parametrize("translate", [as_grblhal, with_noise])
def test_changer_over(
    translate: Callable[[bytes], bytes], check: ChangerCheck, tmp_path: Path
) -> None:
    async def story() -> None:
        rig = RobotRig(tmp_path, translate)
        try:
            await check(rig)
        finally:
            await rig.changer.aclose()
            rig.world.close()

    run_virtual(story())


def test_positions_are_understood_from_work_positions_too(tmp_path: Path) -> None:
    async def story() -> None:
        rig = RobotRig(tmp_path, as_work_positions)
        try:
            await rig.controller.ensure_ready()
            await rig.controller.move({"X": -90.0, "Y": -100.0})
            assert await rig.controller.position() == pytest.approx((-90.0, -100.0, 0.0))
        finally:
            await rig.changer.aclose()
            rig.world.close()

    run_virtual(story())
