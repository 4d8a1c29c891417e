"""Magazines: exchangeable holders of slots, each with its RFID identity.

A magazine carries one number in two transponders, because the two places of a node have
different readers: the 125 kHz transponder sends it as five bytes (ten hex digits), and the
UHF transponder holds the same number in its EPC, twelve bytes, filled with zeros in front.

A disc in a magazine that is out of the cabinet has the place `<tag>.<position>`, position
`001`…`200`; put in at any place, it stands in that place's slot of the same position.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from simulators.world.inventory import Inventory, PlaceError
from simulators.world.places import OUTSIDE


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
    """The magazines, their places, and the latches that hold them."""

    def __init__(
        self,
        magazines: dict[str, Magazine],
        released: set[str],
        slots: Mapping[str, tuple[str, ...]],
        inventory: Inventory,
        save: Callable[[], None],
    ) -> None:
        """`slots` are those that a magazine fills at each place."""
        self._magazines = magazines
        self._released = released
        self._slots = slots
        self._place_of = {slot: place for place, part in slots.items() for slot in part}
        self._inventory = inventory
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

    def take(self, place: str) -> str:
        """Take out the magazine of a place, with its discs; its tag.

        Raises:
            PlaceError: there is none.
        """
        magazine = self.at(place)
        if magazine is None:
            raise PlaceError(f"there is no magazine at {place}")
        self._inventory.move_all(self._positions(magazine.tag, place))
        magazine.place = OUTSIDE
        self._save()
        return magazine.tag

    def put(self, tag: str, place: str) -> None:
        """Put a magazine that is outside into a place, with its discs in the same positions.

        Raises:
            PlaceError: no such magazine, no such place, or no room.
        """
        magazine = self._magazines.get(tag)
        if magazine is None or magazine.place != OUTSIDE:
            outside = ", ".join(self.outside()) or "none"
            raise PlaceError(f"there is no magazine {tag!r} outside; there is: {outside}")
        if place not in self._slots:
            raise PlaceError(f"there is no place {place!r} for a magazine")
        if self.at(place) or any(map(self._inventory.at, self._slots[place])):
            raise PlaceError(f"{place} is taken")
        self._inventory.move_all((to, of) for of, to in self._positions(tag, place))
        magazine.place = place
        self._save()

    def has(self, slot: str) -> bool:
        """Whether a slot is there now: it is not while its magazine is out."""
        place = self._place_of.get(slot)
        return place is None or self.at(place) is not None

    def _positions(self, tag: str, place: str) -> Iterator[tuple[str, str]]:
        """Slot, and the same position outside."""
        for position, slot in enumerate(self._slots[place], start=1):
            yield slot, f"{tag}.{position:03d}"
