"""What an appliance's library comes to in figures, kept beside its picture.

A picture of a large library is half a megabyte. What is asked of a fleet of thousands is added up
from these rows instead.
"""

from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind
from console.store.schema import holdings
from console.store.upsert import insert_into


class Holdings(Struct, frozen=True):
    """Counts of one appliance. `robot` is the robot's state; of several, how many are in each."""

    discs: int
    disks: int
    tapes: int
    blank_discs: int
    blank_tapes: int
    drives: int
    drives_busy: int
    robot: str | None


def count_library(library: LibraryTelemetry) -> Holdings:
    """What is in a library; printers are no drives."""
    there = Counter(slot.kind for slot in library.slots if slot.medium_id)
    blank = Counter(
        slot.kind
        for slot in library.slots
        if slot.medium_state is not None and slot.medium_state.may_be_burned
    )
    drives = [drive for drive in library.drives if not drive.prints]
    return Holdings(
        discs=there[MediumKind.DISC],
        disks=sum(bay.medium_id is not None for bay in library.bays),
        tapes=there[MediumKind.TAPE],
        blank_discs=blank[MediumKind.DISC],
        blank_tapes=blank[MediumKind.TAPE],
        drives=len(drives),
        drives_busy=sum(drive.job_id is not None for drive in drives),
        robot=_robots(library),
    )


def _robots(library: LibraryTelemetry) -> str | None:
    states = Counter(str(robot.state) for robot in library.robots)
    if len(library.robots) < 2:
        return next(iter(states), None)
    return ", ".join(f"{count} {state}" for state, count in states.items())


def store_holdings(connection: sa.Connection, appliance: str, library: LibraryTelemetry) -> None:
    """Keep the figures of an appliance's newest picture."""
    store_all_holdings(connection, {appliance: library})


def store_all_holdings(
    connection: sa.Connection, libraries: Mapping[str, LibraryTelemetry]
) -> None:
    """The same of many appliances, with one statement."""
    rows = [
        {"appliance": name, **asdict(count_library(library))}
        for name, library in sorted(libraries.items())
    ]
    if not rows:
        return
    statement = insert_into(connection, holdings)
    figures = {column.name: statement.excluded[column.name] for column in holdings.columns}
    del figures["appliance"]
    connection.execute(
        statement.on_conflict_do_update(index_elements=["appliance"], set_=figures), rows
    )
