"""A gpiozero pin factory whose lines are a simulated cabinet's.

Registered as entry point `stele-sim` of the group `gpiozero_pin_factories`. Its chip is the path
of the cabinet's socket; without one it is in the environment, `STELE_SIM_GPIO`. Changes come in
by a thread of their own and are told by another, so that whoever is told may use any line.

A pin of a cabinet that has gone raises OSError. Not modelled: PWM, debouncing, and the fixed
pull-ups that GPIO2 and GPIO3 have on a real board.
"""

import json
import os
import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from gpiozero.exc import (
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPull,
    PinPWMUnsupported,
    PinSetInput,
)
from gpiozero.pins.pi import PiFactory, PiPin

from simulators.links.socket_path import short_path

CHIP = "STELE_SIM_GPIO"
"""Variable of the environment with the socket's path."""
BOARD_REVISION = 0xC03111
"""A Raspberry Pi 4B: its header names the lines."""
PATIENCE_S = 5.0
"""Seconds that the cabinet may take to answer."""
FUNCTIONS, PULLS = ("input", "output"), ("up", "down", "floating")
EDGES = ("both", "rising", "falling", "none")

Watcher = Callable[[float, int], None]


class StelePin(PiPin):  # type: ignore[misc]  # gpiozero has no types
    """One line. Fresh, it is an input with pull-up, as the cabinet has it."""

    def __init__(self, factory: "SteleFactory", info: Any) -> None:
        super().__init__(factory, info)
        self._line = factory.line
        self._function = "input"
        self._pull = "up"
        self._bounce: float | None = None
        self._edges = "both"
        self._setup()

    def close(self) -> None:
        """Let go of the line: it becomes an input that nothing drives. No error when it is gone."""
        self.when_changed = None
        if not self._line.is_gone:
            self._function, self._pull = "input", "floating"
            self._setup()

    def _setup(self) -> None:
        self._line.setup(self._number, self._function == "output", self._pull)

    def output_with_state(self, state: bool) -> None:
        self._pull = "floating"
        self._set_function("output")
        self._set_state(state)

    def input_with_pull(self, pull: str) -> None:
        _require(pull, PULLS, PinInvalidPull)
        self._function, self._pull = "input", pull
        self._setup()

    def _get_function(self) -> str:
        return self._function

    def _set_function(self, value: str) -> None:
        _require(value, FUNCTIONS, PinInvalidFunction)
        self._function = value
        self._setup()

    def _get_state(self) -> int:
        return self._line.level(self._number)

    def _set_state(self, value: bool) -> None:
        if self._function == "input":
            raise PinSetInput(f"cannot set state of pin {self!r}")
        self._line.drive(self._number, int(bool(value)))

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        _require(value, PULLS, PinInvalidPull)
        if self._function != "input":
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        self._pull = value
        self._setup()

    def _get_frequency(self) -> None:
        return None

    def _set_frequency(self, value: float | None) -> None:
        if value is not None:
            raise PinPWMUnsupported(f"PWM is not supported on pin {self!r}")

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        if value is not None and value <= 0:
            raise PinInvalidBounce("bounce must be 0 or greater")
        self._bounce = value

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        _require(value, EDGES, PinInvalidEdges)
        self._edges = value

    def _enable_event_detect(self) -> None:
        self._line.watch(self._number, self._notice)

    def _disable_event_detect(self) -> None:
        self._line.watch(self._number, None)

    def _notice(self, ticks: float, level: int) -> None:
        wanted = {"both": (0, 1), "rising": (1,), "falling": (0,), "none": ()}[self._edges]
        with self._when_changed_lock:
            if level in wanted and self._when_changed is not None:
                self._call_when_changed(ticks, level)


def _require(value: str, allowed: tuple[str, ...], error: type[Exception]) -> None:
    if value not in allowed:
        raise error(f"must be {', '.join(allowed)}, not {value!r}")


class SteleFactory(PiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins of the cabinet whose socket is `chip`.

    Raises:
        OSError: no cabinet answers there.
    """

    def __init__(self, chip: str | None = None) -> None:
        super().__init__()
        path = chip or os.environ.get(CHIP)
        if not path:
            raise OSError(f"which cabinet? Its gpio.sock is the chip, or in {CHIP}")
        self.pin_class = StelePin
        self.line = Line(Path(path))

    def close(self) -> None:
        super().close()
        self.line.close()

    def _get_revision(self) -> int:
        return BOARD_REVISION

    @staticmethod
    def ticks() -> float:
        return monotonic()

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        return max(0.0, later - earlier)


class Line:
    """The connection to the cabinet: levels as last told, and who wants to know of changes."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            with short_path(path.parent, path.name) as short:
                self._socket.connect(short)
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno, f"no cabinet answers at {path}") from error
        self._changed = threading.Condition()
        self._levels: dict[int, int] = {}
        self._errors: dict[int, str] = {}
        self._watchers: dict[int, Watcher] = {}
        self._news: queue.SimpleQueue[tuple[int, float, int] | None] = queue.SimpleQueue()
        self.is_gone = False
        threads = {"listen": self._listen, "tell": self._tell}
        for name, work in threads.items():
            threading.Thread(target=work, name=f"stele-sim gpio {name}", daemon=True).start()

    def setup(self, number: int, output: bool, pull: str) -> None:
        """Make a line an input or output, and wait until its level is known."""
        with self._changed:
            self._levels.pop(number, None)
            self._errors.pop(number, None)
            self._send(setup=number, output=output, pull=pull)
            answered = self._changed.wait_for(
                lambda: self.is_gone or number in self._levels or number in self._errors,
                PATIENCE_S,
            )
            if not answered:
                raise TimeoutError(f"the cabinet does not answer for line {number}")
            if number in self._errors:
                raise OSError(self._errors.pop(number))
            self._require()

    def drive(self, number: int, level: int) -> None:
        """Set an output; what is read of it from now on is that level."""
        with self._changed:
            self._require()
            self._levels[number] = level
            self._send(set=number, value=level)

    def level(self, number: int) -> int:
        """A line's level as last told. Raises OSError: the cabinet has gone."""
        with self._changed:
            self._require()
            return self._levels[number]

    def watch(self, number: int, watcher: Watcher | None) -> None:
        """Tell somebody of a line's changes, or nobody any more."""
        if watcher is None:
            self._watchers.pop(number, None)
        else:
            self._watchers[number] = watcher

    def close(self) -> None:
        """Hang up."""
        with self._changed:
            self.is_gone = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # the cabinet was quicker
            return

    def _require(self) -> None:
        if self.is_gone:
            raise OSError("the cabinet has gone")

    def _send(self, **message: object) -> None:
        self._require()
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _listen(self) -> None:
        with self._socket, self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    self._hear(json.loads(line))
            except (OSError, ValueError):  # torn off in the middle of a line
                pass
            with self._changed:
                self.is_gone = True
                self._changed.notify_all()
        self._news.put(None)

    def _hear(self, message: dict[str, Any]) -> None:
        number = message.get("pin")
        if number is None:
            return
        with self._changed:
            if "error" in message:
                self._errors[number] = str(message["error"])
            else:
                level = int(message["value"])
                before = self._levels.get(number)
                self._levels[number] = level
                if before not in (None, level):
                    self._news.put((number, message["at_ns"] / 1e9, level))
            self._changed.notify_all()

    def _tell(self) -> None:
        while news := self._news.get():
            number, at_s, level = news
            watcher = self._watchers.get(number)
            if watcher:
                watcher(at_s, level)
