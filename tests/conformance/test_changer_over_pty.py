"""The changer over a real serial port (a pty) in real time, as the firmware has it.

The simulated robot lives in a thread with a loop of its own, whose clock runs faster.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import rack_geometry
from hal.errors import HalError
from hal.interfaces.changer import Changer, ChangerState
from hal.transports.serial_port import open_serial_port
from simulators.clock import ScaledEventLoop
from simulators.links.serial import PtyPort, RobotWire
from simulators.world.world import World
from tests.conformance.changer import QUICK_CHECKS, ChangerCheck, check_name

T = TypeVar("T")
SPEED = 50.0


class PtyRig:
    """`ChangerRig` with the robot behind a pty."""

    changer: Changer

    def __init__(self, folder: Path) -> None:
        self._loop = ScaledEventLoop(SPEED)
        self._thread = threading.Thread(target=self._loop.run_forever, name="robot")
        self._thread.start()
        self.world = World.create(folder, discs=3)
        self._serials = {disc.place: disc.serial for disc in self.world.state.discs.values()}
        self.path = folder / "robot"
        self._port = self._in_robot(lambda: PtyPort(RobotWire(self.world), self.path))
        self.changer = self.restarted()

    def restarted(self) -> Changer:
        self.changer = TurntableChanger(
            GrblController(lambda: open_serial_port(str(self.path))), rack_geometry()
        )
        return self.changer

    def place_of(self, slot: str) -> str:
        return self._in_robot(lambda: self.world.state.discs[self._serials[slot]].place)

    def set_tray(self, drive: str, *, is_open: bool) -> None:
        self._in_robot(lambda: self.world.set_tray(drive, is_open))

    def hang_up(self) -> None:
        """Switch the cabinet off."""
        self._in_robot(self._port.close)

    def plug_in(self) -> None:
        self._port = self._in_robot(lambda: PtyPort(RobotWire(self.world), self.path))

    def close(self) -> None:
        self.hang_up()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.world.close()

    def _in_robot(self, do: Callable[[], T]) -> T:
        async def done() -> T:
            return do()

        coroutine: Coroutine[Any, Any, T] = done()
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(10)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[PtyRig]:
    rig = PtyRig(tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("check", QUICK_CHECKS, ids=check_name)
async def test_changer_over_pty(check: ChangerCheck, rig: PtyRig) -> None:
    await check(rig)
    await rig.changer.aclose()


async def test_a_cabinet_that_is_switched_off_and_on_is_found_again(rig: PtyRig) -> None:
    await rig.changer.ensure_ready()
    rig.hang_up()
    with pytest.raises(HalError) as caught:
        await rig.changer.probe("s001")
    assert caught.value.code in {1001, 1002}
    assert rig.changer.state is ChangerState.UNAVAILABLE
    rig.plug_in()
    assert await rig.changer.probe("s001")
    await rig.changer.aclose()
