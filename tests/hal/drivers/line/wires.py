"""A bolt and a fan as wires: an output moves something, which an input tells, some time later."""

import asyncio
from collections.abc import Callable


class Output:
    """`OutputLine` that calls whoever hangs on it."""

    def __init__(self, moved: Callable[[bool], None] = lambda on: None) -> None:
        self.on = False
        self.failure: OSError | None = None
        self._moved = moved

    async def set(self, active: bool) -> None:
        if self.failure is not None:
            raise self.failure
        self.on = active
        self._moved(active)

    async def is_set(self) -> bool:
        if self.failure is not None:
            raise self.failure
        return self.on

    def close(self) -> None:
        pass


class Input:
    """`InputLine` whose state a test sets."""

    def __init__(self, *, active: bool = False) -> None:
        self._active = active
        self._changed: Callable[[bool], None] | None = None
        self.failure: OSError | None = None

    def is_active(self) -> bool:
        if self.failure is not None:
            raise self.failure
        return self._active

    async def read(self) -> bool:
        return self.is_active()

    def watch(self, changed: Callable[[bool], None]) -> None:
        self._changed = changed

    def turn(self, active: bool) -> None:
        self._active = active
        if self._changed is not None:
            self._changed(active)

    def close(self) -> None:
        self._changed = None


class Bolt:
    """Out at first; follows its output after `delay_s`, unless it is stuck."""

    def __init__(self, delay_s: float = 0.3) -> None:
        self.contact = Input(active=True)
        self.release = Output(self._move)
        self.stuck = False
        self._delay_s = delay_s

    def _move(self, drawn: bool) -> None:
        if not self.stuck:
            asyncio.get_running_loop().call_later(self._delay_s, self.contact.turn, not drawn)


class Rotor:
    """Turns while its output is on: two low pulses a turn, ten turns a second."""

    def __init__(self) -> None:
        self.tachometer = Input()
        self.power = Output()
        self.blocked = False
        self.wired_to_others = False

    async def spin(self) -> None:
        level = False
        while True:
            if (self.power.on and not self.blocked) or self.wired_to_others:
                level = not level
                self.tachometer.turn(level)
            await asyncio.sleep(0.025)
