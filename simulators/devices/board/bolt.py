"""The bolt of a lock: drawn by a coil against a spring, and on its way for a moment.

Not modelled: the coil's warmth and its current; a bolt that stops half-way.
"""

import math
from dataclasses import dataclass

TRAVEL_S = 0.15
"""From one end to the other."""


@dataclass(frozen=True)
class Outputs:
    drawn: bool
    """What the coil has reached; on the way, still where it came from."""
    wake_s: float


class Bolt:
    """One bolt, out when made."""

    def __init__(self) -> None:
        self._drawn = False
        self._arrives_s = math.inf

    def update(self, now_s: float, energised: bool) -> Outputs:
        """Move on to where the coil or the spring wants it."""
        if energised == self._drawn:
            self._arrives_s = math.inf
        elif self._arrives_s == math.inf:
            self._arrives_s = now_s + TRAVEL_S
        elif now_s >= self._arrives_s:
            self._drawn, self._arrives_s = energised, math.inf
        return Outputs(self._drawn, self._arrives_s)
