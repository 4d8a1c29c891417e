"""Finding an appliance for copies that have none in mind: never placed, failed, or moved away."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.states import MediumKind
from console.dispatch.damage import damage_of_volume
from console.dispatch.fleet import Fleet, read_fleet
from console.dispatch.homeless import CODES, NO_APPLIANCE, NO_MEDIUM, explain, tell_homeless
from console.dispatch.rulebook import Rulebook, open_rulebook
from console.dispatch.waiting import neighbours, unread, waiting_copies, wanted
from console.placement.fleet import Choice, Placement, Writer
from console.placement.placing import place
from console.store import schema
from console.store.engine import reading
from console.store.states import CopyState

_BATCH = 200
_copies = schema.copies.c


def settle_places(engine: sa.Engine, now: datetime, *, homeless: bool = False) -> int:
    """Give copies of approved plans that are meant for no appliance one; gives how many.

    Those that were told to find none are looked at only with `homeless`: it takes a look at the
    whole fleet, and nothing is lost by waiting a few seconds.
    """
    with reading(engine).connect() as connection:
        if not _without_place(connection, homeless):
            return 0
    with engine.begin() as connection:
        rows = sound(connection, _without_place(connection, homeless))
        if not rows:
            return 0
        fleet = read_fleet(connection)
        rules = open_rulebook(connection, {row.policy_id for row in rows}, fleet)
        writers = fleet.writers({MediumKind(row.medium_kind) for row in rows}, rules.assumed_bytes)
        found = place_rows(connection, rows, rules, writers)
        for row in rows:
            if (choice := found.choices.get(row.copy_id)) is not None:
                mean_for(connection, row, choice)
        _tell(connection, rows, found, writers, now)
        return len(found.choices)


def _without_place(connection: sa.Connection, homeless: bool) -> list[Any]:
    """So many of each kind of medium: copies that want tapes keep none back that want discs."""
    told = sa.func.coalesce(_copies.error_code, 0).in_(CODES)
    found: list[Any] = []
    for kind in MediumKind:
        query = waiting_copies().where(
            _copies.intended.is_(None),
            _copies.medium_kind == kind,
            ~unread(),
            told if homeless else ~told,
        )
        found += connection.execute(
            query.order_by(_copies.volume_id, _copies.copy_id).limit(_BATCH)
        )
    return found


def sound(connection: sa.Connection, rows: list[Any]) -> list[Any]:
    """Leave out copies whose contents are damaged or gone, and say so on them."""
    damage = {
        volume_id: damage_of_volume(connection, volume_id)
        for volume_id in {row.volume_id for row in rows}
    }
    for row in rows:
        error = damage[row.volume_id]
        if error is not None and (row.error_code, row.error_message) != (error.code, error.message):
            explain(connection, row.copy_id, error.code, error.message)
    return [row for row in rows if damage[row.volume_id] is None]


def place_rows(
    connection: sa.Connection,
    rows: Iterable[Any],
    rules: Rulebook,
    writers: list[Writer],
    *,
    leaving: str | None = None,
) -> Placement:
    """Where these copies could go; `leaving` is an appliance that they are to leave."""
    rows = list(rows)
    others = neighbours(connection, (row.volume_id for row in rows))
    moved = frozenset({leaving} if leaving else ())
    return place((wanted(row, others[row.volume_id], rules, moved=moved) for row in rows), writers)


def mean_for(connection: sa.Connection, row: Any, choice: Choice) -> bool:
    """Have a waiting copy meant for an appliance; False when it is no longer waiting."""
    result = connection.execute(
        sa.update(schema.copies)
        .where(_copies.copy_id == row.copy_id, _copies.state == CopyState.PLANNED)
        .values(intended=choice.appliance, expected_s=choice.seconds)
    )
    if row.error_code in CODES:
        explain(connection, row.copy_id, None, None)
    return result.rowcount > 0


def _tell(
    connection: sa.Connection,
    rows: list[Any],
    found: Placement,
    writers: list[Writer],
    now: datetime,
) -> None:
    """Say what is without a place: for want of a medium, or of an appliance that could write."""
    able = {writer.kind for writer in writers if writer.drives and not writer.unfit}
    homeless = [row for row in rows if row.copy_id in found.nowhere]
    with_drives = [row for row in homeless if row.medium_kind in able]
    without = [row for row in homeless if row.medium_kind not in able]
    tell_homeless(connection, without, found.nowhere, now, code=NO_APPLIANCE)
    tell_homeless(connection, with_drives, found.nowhere, now, code=NO_MEDIUM)


def room_left(fleet: Fleet, appliance: str, kind: MediumKind, assumed_bytes: int) -> Writer:
    """An appliance as it is for what is given out next: what is only meant for it is left out."""
    rooms = fleet.rooms(appliance, kind, assumed_bytes, only_given=True)
    writer = fleet.writer(appliance, kind, assumed_bytes)
    return Writer(
        appliance, writer.site, kind, writer.drives, rooms, writer.pace, unfit=writer.unfit
    )
