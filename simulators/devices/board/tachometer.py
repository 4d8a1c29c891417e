"""The tachometer of a fan: its line changes again and again while the fan turns.

A counter on the board divides the fan's own pulses (two a turn), so that the line changes four
times a second at 1,500 turns a minute. Not modelled: running up and down, and other speeds.
"""

import math
from dataclasses import dataclass

EDGE_S = 0.25


@dataclass(frozen=True)
class Outputs:
    grounded: bool
    """An open collector: it pulls the line to ground, or lets go."""
    wake_s: float


class Tachometer:
    """One fan's."""

    def __init__(self) -> None:
        self._grounded = False
        self._next_s = math.inf

    def update(self, now_s: float, turning: bool) -> Outputs:
        """Be where it is now. Called late, it makes one edge, not all it missed."""
        if not turning:
            self._next_s = math.inf
        elif self._next_s == math.inf:
            self._next_s = now_s + EDGE_S
        elif now_s >= self._next_s:
            self._grounded = not self._grounded
            self._next_s = now_s + EDGE_S
        return Outputs(self._grounded, self._next_s)
