"""A contact between a line and ground, with its wire.

Faults, by name and the line's name (`wire-cut:front.contact`):

- `wire-cut`: the line is open, whatever the contact does.
- `contact-bounce`: when it opens or closes it chatters for some milliseconds.
"""

import math
from dataclasses import dataclass

WIRE_CUT, BOUNCE = "wire-cut", "contact-bounce"
CHATTER_S = 0.0008
"""Between two changes of a contact that bounces."""
CHATTERS = 6
"""An even number, so that it ends where it began: at the new state."""


@dataclass(frozen=True)
class Inputs:
    closed: bool
    cut: bool = False
    bounces: bool = False


@dataclass(frozen=True)
class Outputs:
    grounded: bool
    wake_s: float


class Contact:
    """One contact."""

    def __init__(self, closed: bool) -> None:
        self._closed = closed
        self._left = 0
        self._next_s = math.inf

    def update(self, now_s: float, inputs: Inputs) -> Outputs:
        """The line as it stands now. Called late, it makes one change, not all it missed."""
        if inputs.closed != self._closed:
            self._closed = inputs.closed
            self._left = CHATTERS if inputs.bounces else 0
            self._next_s = now_s + CHATTER_S if self._left else math.inf
        elif now_s >= self._next_s:
            self._left -= 1
            self._next_s = now_s + CHATTER_S if self._left else math.inf
        grounded = self._closed != bool(self._left % 2)
        return Outputs(grounded and not inputs.cut, self._next_s)
