"""The computer's digital lines: the board driven by the loop's clock.

A line that was set up as an input has the level that the board gives it, or, when the board
leaves it open, the one of its pull resistor; open and without pull it reads low. When whoever
set a line up goes away, the line stays as it was.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from simulators.devices.board.board import Board
from simulators.world.world import World

Pull = Literal["up", "down", "floating"]
LINES = range(28)
"""BCM numbers on the computer's header."""
FELT = frozenset(("doors", "hazards", "fans", "faults"))
"""Fields of the world's state that the board feels."""
MAX_ROUNDS = 100


@dataclass
class _Line:
    output: bool = False
    pull: Pull = "up"
    driven: int = 0
    level: int = 1
    watchers: list[Callable[[int], None]] = field(default_factory=list)


class GpioWire:
    """The running board and the computer's lines on it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._board = Board(world)
        self._lines: dict[int, _Line] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._again = False
        self._running = True
        self._loop = asyncio.get_running_loop()
        world.watch(self._notice)
        self.update()

    def setup(self, number: int, *, output: bool, pull: Pull = "up") -> int:
        """Make a line an output or an input; its level now.

        Raises:
            ValueError: no such line. OSError: the cabinet has no power.
        """
        if number not in LINES:
            raise ValueError(f"there is no line {number}")
        line = self._lines.setdefault(number, _Line())
        line.output, line.pull = output, pull
        self.update()
        return self.level(number)

    def drive(self, number: int, level: int) -> None:
        """Set an output line.

        Raises:
            ValueError: the line is no output. OSError: the cabinet has no power.
        """
        if number not in self._lines or not self._lines[number].output:
            raise ValueError(f"line {number} is no output")
        self._lines[number].driven = int(bool(level))
        self.update()

    def level(self, number: int) -> int:
        """Level of a line that was set up. Raises OSError: the cabinet has no power."""
        self._require_power()
        return self._lines[number].level

    def watch(self, number: int, watcher: Callable[[int], None]) -> None:
        """Tell a line's level at each change. The line was set up."""
        self._lines[number].watchers.append(watcher)

    def unwatch(self, number: int, watcher: Callable[[int], None]) -> None:
        watchers = self._lines[number].watchers
        if watcher in watchers:
            watchers.remove(watcher)

    def update(self) -> None:
        """Let the board act up to now, and tell of every line that has changed."""
        self._require_power()
        if self._busy:
            self._again = True
            return
        self._busy = True
        try:
            wake_s = self._settle()
        finally:
            self._busy = False
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if wake_s < math.inf:
            self._timer = self._loop.call_at(wake_s, self.update)

    def refresh(self) -> None:
        """Feel the world again, after it was changed from outside."""
        self._board.notice()
        self.update()

    def stop(self) -> None:
        """Cut the power."""
        self._running = False
        if self._timer:
            self._timer.cancel()

    def _notice(self, changed: frozenset[str]) -> None:
        if self._running and changed & FELT:
            self.refresh()

    def _require_power(self) -> None:
        if not self._running:
            raise OSError("the cabinet has no power")

    def _settle(self) -> float:
        """Let board and world answer each other until both rest."""
        for _ in range(MAX_ROUNDS):
            self._again = False
            high = frozenset(n for n, line in self._lines.items() if line.output and line.driven)
            told = self._board.update(self._loop.time(), high)
            for name, drawn in told.drawn.items():
                if self._world.doors[name].coil_on != drawn:
                    self._world.doors.set_coil(name, on=drawn)
            for name, on in told.fans_on.items():
                self._world.fans.switch(name, on=on)
            self._tell(told.grounded)
            if not self._again:  # neither world nor whoever was told has done anything
                return told.wake_s
        raise RuntimeError("the board finds no rest")

    def _tell(self, grounded: frozenset[int]) -> None:
        for number, line in self._lines.items():
            pulled = int(number not in grounded and line.pull == "up")
            level = line.driven if line.output else pulled
            if level != line.level:
                line.level = level
                for watcher in tuple(line.watchers):
                    watcher(level)
