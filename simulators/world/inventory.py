"""Which disc is where: one place a disc, and one disc a place."""

from collections.abc import Callable, Iterable

from simulators.world.disc import Disc
from simulators.world.places import CROWDED, OUTSIDE


class PlaceError(Exception):
    """A disc or magazine was to go where there is no place for it."""


class Inventory:
    """The discs by their place."""

    def __init__(
        self, discs: dict[str, Disc], places: Iterable[str], save: Callable[[Disc], None]
    ) -> None:
        self._discs = discs
        self._places = frozenset(places)
        self._save = save
        self._by_place: dict[str, str] = {}
        self.check()

    def check(self) -> None:
        """Make sure that no place has two discs and every disc is in a place that exists.

        Raises:
            PlaceError: the world contradicts itself.
        """
        by_place: dict[str, str] = {}
        for disc in self._discs.values():
            if disc.place in CROWDED:
                continue
            if disc.place not in self._places or disc.place in by_place:
                raise PlaceError(f"{disc.serial} cannot be in {disc.place}")
            by_place[disc.place] = disc.serial
        self._by_place = by_place

    def at(self, place: str) -> Disc | None:
        serial = self._by_place.get(place)
        return self._discs[serial] if serial else None

    def move(self, disc: Disc, place: str) -> None:
        """Put a disc elsewhere.

        Raises:
            PlaceError: the place is taken or does not exist; nothing has changed.
        """
        here = self._by_place.get(place)
        if place not in CROWDED and (place not in self._places or here not in (None, disc.serial)):
            raise PlaceError(f"{disc.serial} cannot be in {place}")
        if self._by_place.get(disc.place) == disc.serial:
            del self._by_place[disc.place]
        disc.place = place
        if place not in CROWDED:
            self._by_place[place] = disc.serial
        self._save(disc)

    def move_all(self, places: Iterable[tuple[str, str]]) -> None:
        """Let discs go from place to place together, such as those of a magazine. Saves nothing."""
        for source, target in places:
            disc = self.at(source)
            if disc:
                disc.place = target
        self.check()

    def add(self, kind: str, capacity_sectors: int) -> Disc:
        """A new blank disc, outside the cabinet."""
        number = len(self._discs) + 1
        while f"BD{number:06d}" in self._discs:
            number += 1
        disc = Disc(f"BD{number:06d}", OUTSIDE, kind, capacity_sectors)
        self._discs[disc.serial] = disc
        self._save(disc)
        return disc
