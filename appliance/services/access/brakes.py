"""Stopping every robot at once, and letting them go on.

A hold never waits for anything, not even for a release under way: that one is broken off.
"""

import asyncio
import logging
from collections.abc import Iterable

from hal.errors import HalError
from hal.interfaces.changer import Changer

log = logging.getLogger(__name__)


class Brake:
    """One robot's."""

    def __init__(self, robot: Changer) -> None:
        self._robot = robot
        self._held = False
        self._task: asyncio.Task[None] | None = None

    def hold(self) -> asyncio.Task[None] | None:
        """Stop the robot; the task ends when it stands."""
        if self._held:
            return self._task
        self._held = True
        return self._begin("hold")

    def release(self) -> None:
        """Let it go on, as soon as it has come to stand."""
        if self._held:
            self._held = False
            self._begin("release")

    def _begin(self, what: str) -> asyncio.Task[None]:
        before = self._task
        if what == "hold" and before is not None:
            before.cancel()
            before = None
        act = self._stop() if what == "hold" else self._go_on(before)
        self._task = asyncio.create_task(act, name=f"{what} of a robot")
        return self._task

    async def _stop(self) -> None:
        try:
            await self._robot.hold()
        except HalError as error:
            # It begins nothing until it is released; that it stands is the driver's to find out.
            log.warning("a robot did not confirm that it stands: %s", error)

    async def _go_on(self, stopping: asyncio.Task[None] | None) -> None:
        if stopping is not None:
            await asyncio.wait({stopping})
        try:
            await self._robot.resume()
        except HalError as error:
            log.warning("a robot does not go on by itself: %s", error)


class Brakes:
    """Those of every robot of the appliance."""

    def __init__(self, robots: Iterable[Changer]) -> None:
        self._brakes = [Brake(robot) for robot in robots]

    def __bool__(self) -> bool:
        return bool(self._brakes)

    def hold(self) -> list[asyncio.Task[None]]:
        """Stop all; the tasks end when they stand."""
        return [task for brake in self._brakes if (task := brake.hold()) is not None]

    def release(self) -> None:
        for brake in self._brakes:
            brake.release()
