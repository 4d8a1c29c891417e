"""Magazines: exchangeable holders of slots, each with its RFID identity.

A magazine carries one number in two transponders, because the two places of a node have
different readers: the 125 kHz transponder sends it as five bytes (ten hex digits), and the
UHF transponder holds the same number in its EPC, twelve bytes, filled with zeros in front.

A disc in a magazine that is out of the cabinet has the place `<tag>.<position>`, position
`001`…`200`; put in at any place, it stands in that place's slot of the same position.
"""

from collections.abc import Callable

import msgspec

from simulators.world.places import OUTSIDE


class MagazineError(Exception):
    """A magazine cannot be moved so; the text says why."""


class Magazine(msgspec.Struct):
    """One magazine."""

    tag: str
    """Ten capital hex digits; also its key in the world."""
    place: str
    """``n01.g1``…, or `OUTSIDE`."""

    @property
    def epc(self) -> str:
        """What the UHF transponder holds: 24 capital hex digits."""
        return self.tag.rjust(24, "0")


class Magazines:
    """The magazines, and the latches that hold them."""

    def __init__(
        self, magazines: dict[str, Magazine], released: set[str], save: Callable[[], None]
    ) -> None:
        self._magazines = magazines
        self._released = released
        self._save = save

    def at(self, place: str) -> Magazine | None:
        """The magazine at a place such as ``n01.g1``."""
        return next((one for one in self._magazines.values() if one.place == place), None)

    def outside(self) -> list[str]:
        """Tags of the magazines that are not in the cabinet."""
        return [one.tag for one in self._magazines.values() if one.place == OUTSIDE]

    def is_released(self, place: str) -> bool:
        """Whether the latch of a place is drawn."""
        return place in self._released

    def set_released(self, place: str, *, released: bool) -> None:
        """Draw or let go the latch: the firmware's output line."""
        if released != (place in self._released):
            (self._released.add if released else self._released.discard)(place)
            self._save()
