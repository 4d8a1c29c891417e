"""A gpiozero pin factory whose lines are a simulated cabinet's.

Registered as entry point `stele-sim` of the group `gpiozero_pin_factories`. Its chip is the path
of the cabinet's socket; without one it is in the environment, `STELE_SIM_GPIO`.

A pin of a cabinet that has gone raises OSError. Not modelled: PWM, debouncing, and the fixed
pull-ups that GPIO2 and GPIO3 have on a real board.
"""

import os
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

from simulators.links.gpio_client import GpioClient

CHIP = "STELE_SIM_GPIO"
"""Variable of the environment with the socket's path."""
BOARD_REVISION = 0xC03111
"""A Raspberry Pi 4B: its header names the lines."""
FUNCTIONS, PULLS = ("input", "output"), ("up", "down", "floating")
EDGES = ("both", "rising", "falling", "none")


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
        self.line = GpioClient(Path(path))

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
