"""The packages that one session of an ingest has under its hands."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from msgspec.structs import replace

from appliance.contract.errors import SteleError
from console.ingest.arrangement import Place, require_place
from console.ingest.orders import Ingest
from console.ingest.packages import OpenPackage, find_package, make_package
from console.store.engine import reading
from console.store.schema import ingest_packages, packages
from console.store.states import PackageState
from console.store.upsert import insert_into

_REMEMBERED = 10_000
_TOGETHER = 500


class PackageBook:
    """Looks packages up without a lock, and makes those that are missing when they are needed."""

    def __init__(self, store: sa.Engine, ingest: Ingest) -> None:
        self._store = store
        self._ingest = ingest
        self._seen: dict[Place, OpenPackage | None] = {}
        self._ours: set[str] = set()

    def look(self, place: Place) -> OpenPackage | None:
        """The package of a dossier as it was when this session first met it; None: not there yet.

        Raises:
            SteleError: 3416 it is in another namespace; 3411 it is another folder's.
        """
        if place not in self._seen:
            self._make_room()
            with reading(self._store).connect() as connection:
                self._seen[place] = self._find(connection, place)
        return self._seen[place]

    def knows(self, place: Place) -> bool:
        """Whether this session has met the package of a dossier."""
        return self._seen.get(place) is not None

    def look_within(self, connection: sa.Connection, place: Place) -> OpenPackage | None:
        """As `look`, within a transaction."""
        return self._find(connection, place)

    def by_title(self, connection: sa.Connection, title: str) -> OpenPackage | None:
        """The package of a dossier of this ingest's series by its title alone.

        Raises:
            SteleError: 3416 it is in another namespace.
        """
        package = find_package(connection, (self._ingest.fonds, self._ingest.series, title))
        if package is not None:
            self._require_namespace(package)
        return package

    def digests(self, place: Place) -> tuple[str, ...]:
        """What is to be computed of every file; for SteleError see `look`."""
        package = self.look(place)
        return package.digests if package else tuple(self._ingest.policy.digests.value)

    def ensure(
        self, connection: sa.Connection, places: Iterable[Place]
    ) -> dict[Place, OpenPackage | SteleError]:
        """The packages as they are now, locked until the transaction ends; new ones are made.

        Where one cannot be had, there is the error (see `look`) instead.
        """
        found: dict[Place, OpenPackage | SteleError] = {}
        for place in sorted(places):
            try:
                there = self._seen.get(place) or self._find(connection, place)
                found[place] = there or make_package(
                    connection, self._ingest, place, self._ingest.policy
                )
            except SteleError as error:
                found[place] = error
        mine = [package for package in found.values() if isinstance(package, OpenPackage)]
        self._note_first_meeting(connection, mine)
        states = _states(connection, [package.package_id for package in mine])
        was_open = self._was_open(connection, list(states))
        for place, package in found.items():
            if isinstance(package, OpenPackage):
                package_id = package.package_id
                state, was = states[package_id], package_id in was_open
                now = replace(package, state=state, was_open=was)
                self._seen[place] = found[place] = now
        self._ours.update(states)
        self._make_room()
        return found

    def unclose(self, connection: sa.Connection, found: Iterable[OpenPackage | SteleError]) -> None:
        """They must be summed up again, because something was added to them."""
        ids = [package.package_id for package in found if isinstance(package, OpenPackage)]
        for some in in_parts(ids):
            connection.execute(
                ingest_packages.update()
                .where(
                    ingest_packages.c.ingest_id == self._ingest.ingest_id,
                    ingest_packages.c.package_id.in_(some),
                    ingest_packages.c.is_closed,
                )
                .values(is_closed=False)
            )

    def _make_room(self) -> None:
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()

    def _find(self, connection: sa.Connection, place: Place) -> OpenPackage | None:
        where = (self._ingest.fonds, self._ingest.series, place.title)
        package = find_package(connection, where)
        if package is None:
            return None
        self._require_namespace(package)
        require_place(place, package.folder)
        return package

    def _require_namespace(self, package: OpenPackage) -> None:
        if package.namespace != self._ingest.namespace:
            title = package.dossier
            raise SteleError(3416, f"the dossier {title!r} is filed in another namespace")

    def _note_first_meeting(self, connection: sa.Connection, found: list[OpenPackage]) -> None:
        rows = [
            {
                "ingest_id": self._ingest.ingest_id,
                "package_id": package.package_id,
                "was_open": package.state is PackageState.OPEN,
                "is_closed": False,
            }
            for package in found
            if package.package_id not in self._ours
        ]
        if rows:
            insert = insert_into(connection, ingest_packages).on_conflict_do_nothing(
                index_elements=["ingest_id", "package_id"]
            )
            connection.execute(insert, rows)

    def _was_open(self, connection: sa.Connection, package_ids: list[str]) -> set[str]:
        ours = ingest_packages.c.ingest_id == self._ingest.ingest_id
        found: set[str] = set()
        for some in in_parts(package_ids):
            query = sa.select(ingest_packages.c.package_id).where(
                ours, ingest_packages.c.package_id.in_(some), ingest_packages.c.was_open
            )
            found.update(connection.scalars(query))
        return found


def in_parts(values: Collection[str]) -> Iterable[list[str]]:
    """As many at a time as one query takes."""
    every = list(values)
    for start in range(0, len(every), _TOGETHER):
        yield every[start : start + _TOGETHER]


def _states(connection: sa.Connection, package_ids: list[str]) -> dict[str, PackageState]:
    found: dict[str, PackageState] = {}
    for some in in_parts(sorted(package_ids)):
        query = (
            sa.select(packages.c.package_id, packages.c.state)
            .where(packages.c.package_id.in_(some))
            .order_by(packages.c.package_id)
            .with_for_update()
        )
        found.update((row[0], PackageState(row[1])) for row in connection.execute(query))
    return found
