"""Giving approved copies to the appliances that they are meant for: the commands that say so.

An appliance gets no more work of a kind than keeps its drives busy; the rest waits here, where it
can still go elsewhere. The copy that takes longest goes first, as the plan reckoned.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.messages import Batch, Burn, Label
from appliance.contract.states import MediumKind
from console.dispatch.commands import issue, unsigned
from console.dispatch.fleet import Fleet, read_fleet
from console.dispatch.homeless import explain
from console.dispatch.rulebook import Rulebook, open_rulebook
from console.dispatch.settling import room_left, settle_places, sound
from console.dispatch.waiting import unread, waiting_copies
from console.placement.fleet import Wanted
from console.placement.room import Carriers, Discs, book_of
from console.store import schema
from console.store.engine import reading
from console.store.states import CopyState, VolumeState

log = logging.getLogger(__name__)

QUEUED_PER_DRIVE = 2
"""Copies that may be under way for each drive: one in it, one waiting."""
BATCH_MAX = 1000

_copies, _volumes, _appliances = schema.copies.c, schema.volumes.c, schema.appliances.c
_BAD_AIR = 5218


def volumes_to_check(engine: sa.Engine) -> list[str]:
    """Volumes with copies to burn whose contents have not all been read since they landed."""
    query = (
        sa.select(_volumes.volume_id)
        .where(_volumes.state == VolumeState.APPROVED, unread(), _has_planned_copy())
        .order_by(_volumes.volume_id)
    )
    with reading(engine).connect() as connection:
        return list(connection.scalars(query))


def _has_planned_copy() -> sa.Exists:
    return (
        sa.exists()
        .where(_copies.volume_id == _volumes.volume_id, _copies.state == CopyState.PLANNED)
        .correlate(schema.volumes)
    )


def dispatch_copies(engine: sa.Engine, content_url: str, now: datetime) -> int:
    """Find a place for copies that have none, and give out what can begin; gives how many."""
    settle_places(engine, now)
    with reading(engine).connect() as connection:
        names = _meant_for(connection)
        if not names or not _ready(connection, _with_places(read_fleet(connection, names))):
            return 0
    with engine.begin() as connection:
        # Who gives out work for an appliance holds its row, so that nobody promises it twice.
        held = sa.select(_appliances.appliance).where(_appliances.appliance.in_(names))
        connection.execute(held.order_by(_appliances.appliance).with_for_update()).all()
        return _GivingOut(connection, content_url, now, names).give()


def _meant_for(connection: sa.Connection) -> list[str]:
    """The appliances that copies wait for."""
    query = (
        sa.select(_copies.intended)
        .distinct()
        .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
        .where(
            _copies.state == CopyState.PLANNED,
            _volumes.state == VolumeState.APPROVED,
            _copies.intended.is_not(None),
        )
    )
    return sorted(connection.scalars(query))


def _with_places(fleet: Fleet) -> dict[tuple[str, MediumKind], int]:
    """How many more copies each appliance may have now, where it is any."""
    found: dict[tuple[str, MediumKind], int] = {}
    for member in fleet.members.values():
        for kind in MediumKind:
            drives = 0 if member.unfit else member.means(kind).drives
            free = drives * QUEUED_PER_DRIVE - len(fleet.under_way(member.appliance, kind))
            if free > 0:
                found[member.appliance, kind] = free
    return found


def _ready(connection: sa.Connection, places: dict[tuple[str, MediumKind], int]) -> list[Any]:
    """Copies whose contents are checked and whose appliance may have more: the longest first."""
    if not places:
        return []
    rank = sa.func.row_number().over(
        partition_by=(_copies.intended, _copies.medium_kind),
        order_by=(
            sa.func.coalesce(_copies.expected_s, 0).desc(),
            _copies.volume_id,
            _copies.copy_id,
        ),
    )
    names = sorted({name for name, _ in places})
    ready = waiting_copies().where(_copies.intended.in_(names), ~unread())
    ranked = ready.add_columns(rank.label("rank_")).subquery()
    query = sa.select(ranked).where(ranked.c.rank_ <= max(places.values()))
    rows = connection.execute(query.order_by(ranked.c.intended, ranked.c.rank_))
    return [row for row in rows if (row.intended, row.medium_kind) in places]


class _GivingOut:
    """One round, within one transaction that holds the rows of the appliances."""

    def __init__(
        self, connection: sa.Connection, content_url: str, now: datetime, names: list[str]
    ) -> None:
        self._connection = connection
        self._content_url = content_url
        self._now = now
        self._fleet = read_fleet(connection, names)
        self._places = _with_places(self._fleet)
        self._books: dict[tuple[str, MediumKind], Discs | Carriers] = {}
        self._batches: dict[tuple[str, str], Batch | None] = {}

    def give(self) -> int:
        rows = sound(self._connection, _ready(self._connection, self._places))
        rules = open_rulebook(self._connection, {row.policy_id for row in rows}, self._fleet)
        return sum(self._send(row) for row in self._fitting(rows, rules))

    def _fitting(self, rows: list[Any], rules: Rulebook) -> Iterator[Any]:
        """Copies that may begin. One for which no medium is left loses its place."""
        for row in rows:
            key = row.intended, MediumKind(row.medium_kind)
            if self._places[key] < 1:
                continue
            if air := rules.bad_air(row.policy_id, row.intended):
                self._keep_back(row, air)
                continue
            copy = Wanted(
                row.copy_id,
                row.volume_id,
                row.role,
                row.image_size_bytes,
                key[1],
                rules.source(row.policy_id, row.role),
            )
            book = self._book(*key, rules.assumed_bytes)
            if not book.fits(copy):
                log.info("copy %s finds no medium in %s", row.copy_id, row.intended)
                self._set(row, intended=None)
                continue
            book.take(copy)
            self._places[key] -= 1
            yield row

    def _book(self, appliance: str, kind: MediumKind, assumed_bytes: int) -> Discs | Carriers:
        if (appliance, kind) not in self._books:
            left = room_left(self._fleet, appliance, kind, assumed_bytes)
            self._books[appliance, kind] = book_of(left)
        return self._books[appliance, kind]

    def _keep_back(self, row: Any, air: str) -> None:
        """Nothing is written in this air; the copy goes elsewhere if it can: see `moving`."""
        text = f"waits for {row.intended}: {air}"
        if (row.error_code, row.error_message) != (_BAD_AIR, text):
            explain(self._connection, row.copy_id, _BAD_AIR, text)

    def _send(self, row: Any) -> bool:
        """Give a copy out, unless another process did; True if it was this one."""
        taken = self._set(
            row,
            state=CopyState.DISPATCHED,
            appliance=row.intended,
            attempt=_copies.attempt + 1,
            recalled_at=None,
            error_code=None,
            error_message=None,
        )
        if not taken:
            return False
        command_id = issue(self._connection, row.intended, self._burn(row), self._now)
        self._connection.execute(
            sa.update(schema.copies).where(_copies.copy_id == row.copy_id).values(job_id=command_id)
        )
        log.info("copy %s goes to %s as %s", row.copy_id, row.intended, command_id)
        return True

    def _set(self, row: Any, **values: object) -> bool:
        """Change a copy that waits still."""
        result = self._connection.execute(
            sa.update(schema.copies)
            .where(_copies.copy_id == row.copy_id, _copies.state == CopyState.PLANNED)
            .values(**values)
        )
        return result.rowcount > 0

    def _burn(self, row: Any) -> Burn:
        library = self._fleet.members[row.intended].library
        prints = library is not None and library.prints
        return Burn(
            volume_id=row.volume_id,
            copy_id=row.copy_id,
            role=row.role,
            label=row.label,
            plan_sha256=row.plan_sha256,
            image_size_bytes=row.image_size_bytes,
            content=unsigned(f"{self._content_url}/volumes/{row.volume_id}"),
            medium_kind=MediumKind(row.medium_kind),
            label_print=_label(row, self._now) if row.print_label and prints else None,
            batch=self._batch(row),
        )

    def _batch(self, row: Any) -> Batch | None:
        """The copies of one plan on one kind of medium belong together, when there are several."""
        key = row.plan_id, row.medium_kind
        if key not in self._batches:
            same = (
                sa.select(sa.func.count())
                .select_from(
                    schema.copies.join(schema.volumes, _volumes.volume_id == _copies.volume_id)
                )
                .where(_volumes.plan_id == row.plan_id, _copies.medium_kind == row.medium_kind)
            )
            size = self._connection.scalar(same) or 0
            name = f"{row.plan_id}-{row.medium_kind}"
            self._batches[key] = Batch(name, size) if 1 < size <= BATCH_MAX else None
        return self._batches[key]


def _label(row: Any, now: datetime) -> Label:
    """What is printed on the disc: its name, what it is of, and a code that a camera reads."""
    return Label(
        title=row.label,
        series=f"{row.fonds} / {row.series}"[:200],
        date=f"{now:%Y-%m-%d}",
        text=row.role,
        qr=f"stele:{row.volume_id}/{row.copy_id}",
    )
