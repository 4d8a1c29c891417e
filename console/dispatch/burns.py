"""Giving approved copies to appliances: what can go where, and the commands that say so."""

import logging
from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.messages import Batch, Burn, Label
from appliance.contract.states import MediumKind
from console.dispatch.alarms import Alarm, clear_alarm, raise_alarm
from console.dispatch.commands import issue, unsigned
from console.dispatch.damage import damage_of_volume
from console.dispatch.library import Means, read_library
from console.dispatch.placement import Candidate, CopyWanted, place
from console.store import schema
from console.store.engine import reading
from console.store.states import BlobState, CopyState, VolumeState

log = logging.getLogger(__name__)

_BATCH = 200
BATCH_MAX = 1000
_WANTS = {
    MediumKind.DISC: "a blank disc",
    MediumKind.DISK: "a hard disk with room",
    MediumKind.TAPE: "a tape with room",
}
_HOMELESS_ALARM = "homeless-copies"

_copies, _volumes, _appliances = schema.copies.c, schema.volumes.c, schema.appliances.c
_TAKES_BLANK = (CopyState.DISPATCHED, CopyState.BURNING)


def volumes_to_check(engine: sa.Engine) -> list[str]:
    """Volumes with copies to burn whose contents have not all been read since they landed."""
    blobs, files, of_volume = schema.blobs.c, schema.files.c, schema.volume_packages.c
    unread = (
        sa.exists()
        .select_from(
            schema.volume_packages.join(
                schema.files, files.package_id == of_volume.package_id
            ).join(schema.blobs, blobs.sha256 == files.sha256)
        )
        .where(
            of_volume.volume_id == _volumes.volume_id,
            blobs.state == BlobState.LANDED,
            blobs.checked_at.is_(None),
        )
        .correlate(schema.volumes)
    )
    query = (
        sa.select(_volumes.volume_id)
        .where(_volumes.state == VolumeState.APPROVED, unread, _has_planned_copy())
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
    """Give copies whose contents are checked to appliances; gives how many."""
    with reading(engine).connect() as connection:
        if not _waiting(connection, set()):
            return 0
    unchecked = set(volumes_to_check(engine))
    with engine.begin() as connection:
        rows = _sound(connection, _waiting(connection, unchecked))
        if not rows:
            return 0
        candidates = _candidates(connection)
        found = place([_wanted(connection, row) for row in rows], candidates)
        by_id = {row.copy_id: row for row in rows}
        for copy_id, appliance in found.chosen.items():
            _send(connection, by_id[copy_id], appliance, content_url, now)
        homeless = [by_id[copy_id] for copy_id in found.without_room]
        _tell_homeless(connection, homeless, now, code=5250 if candidates else 5259)
        return len(found.chosen)


def _waiting(connection: sa.Connection, unchecked: set[str]) -> list[Any]:
    query = (
        sa.select(
            schema.copies,
            _volumes.label,
            _volumes.plan_sha256,
            _volumes.image_size_bytes,
            _volumes.plan_id,
            _volumes.series,
            _volumes.fonds,
        )
        .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
        .where(_copies.state == CopyState.PLANNED, _volumes.state == VolumeState.APPROVED)
        .order_by(_volumes.volume_id, _copies.copy_id)
    )
    rows = (row for row in connection.execute(query) if row.volume_id not in unchecked)
    return [row for _, row in zip(range(_BATCH), rows, strict=False)]


def _sound(connection: sa.Connection, rows: list[Any]) -> list[Any]:
    """Leave out copies whose contents are damaged or gone, and say so on them."""
    damage = {
        volume_id: damage_of_volume(connection, volume_id)
        for volume_id in {row.volume_id for row in rows}
    }
    for row in rows:
        error = damage[row.volume_id]
        if error is not None and (row.error_code, row.error_message) != (error.code, error.message):
            _explain(connection, row.copy_id, error.code, error.message)
    return [row for row in rows if damage[row.volume_id] is None]


def _wanted(connection: sa.Connection, row: Any) -> CopyWanted:
    beside = connection.scalars(
        sa.select(_copies.appliance).where(
            _copies.volume_id == row.volume_id,
            _copies.copy_id != row.copy_id,
            _copies.state.in_([*_TAKES_BLANK, CopyState.VERIFIED]),
        )
    )
    return CopyWanted(
        row.copy_id,
        row.volume_id,
        row.image_size_bytes,
        frozenset(appliance for appliance in beside if appliance),
        row.appliance,
        MediumKind(row.medium_kind),
    )


def _candidates(connection: sa.Connection) -> list[Candidate]:
    """What each appliance that is there has for each kind of medium."""
    found: list[Candidate] = []
    for row in connection.execute(
        sa.select(_appliances.appliance, _appliances.library).where(_appliances.online.is_(True))
    ):
        library = read_library(row.library)
        if library is None:
            continue
        under_way = _under_way(connection, row.appliance)
        for kind, means in library.means.items():
            mine = [copy for copy in under_way if copy.medium_kind == kind]
            candidate = Candidate(
                row.appliance, means.drives, len(mine), _unpromised(kind, means, mine), kind
            )
            found.append(candidate)
    return found


def _under_way(connection: sa.Connection, appliance: str) -> list[Any]:
    query = (
        sa.select(_copies.state, _copies.medium_kind, _volumes.image_size_bytes)
        .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
        .where(_copies.appliance == appliance, _copies.state.in_(_TAKES_BLANK))
    )
    return list(connection.execute(query))


def _unpromised(kind: MediumKind, means: Means, under_way: list[Any]) -> list[int]:
    """The room that copies which were given out already will leave.

    A copy that is not being written yet will take a blank disc, the smallest for all we know; on a
    disk or tape it will take room, of the fullest that has it.
    """
    given = [copy.image_size_bytes for copy in under_way if copy.state == CopyState.DISPATCHED]
    if kind is MediumKind.DISC:
        blanks = sorted(means.room_bytes, reverse=True)
        return blanks[: max(0, len(blanks) - len(given))]
    left = Candidate("", 1, 0, sorted(means.room_bytes), kind)
    for size_bytes in given:
        if left.has_room(size_bytes):
            left.take(size_bytes)
    return left.room_bytes


def _send(
    connection: sa.Connection, row: Any, appliance: str, content_url: str, now: datetime
) -> None:
    prints, batch = _prints(connection, appliance), _batch(connection, row)
    body = Burn(
        volume_id=row.volume_id,
        copy_id=row.copy_id,
        role=row.role,
        label=row.label,
        plan_sha256=row.plan_sha256,
        image_size_bytes=row.image_size_bytes,
        content=unsigned(f"{content_url}/volumes/{row.volume_id}"),
        medium_kind=MediumKind(row.medium_kind),
        label_print=_label(row, now) if row.print_label and prints else None,
        batch=batch,
    )
    command_id = issue(connection, appliance, body, now)
    connection.execute(
        sa.update(schema.copies)
        .where(_copies.copy_id == row.copy_id)
        .values(
            state=CopyState.DISPATCHED,
            appliance=appliance,
            job_id=command_id,
            attempt=_copies.attempt + 1,
            error_code=None,
            error_message=None,
        )
    )
    log.info("copy %s goes to %s as %s", row.copy_id, appliance, command_id)


def _prints(connection: sa.Connection, appliance: str) -> bool:
    """Whether the appliance has a printer for labels."""
    snapshot = connection.scalar(
        sa.select(_appliances.library).where(_appliances.appliance == appliance)
    )
    library = read_library(snapshot)
    return library is not None and library.prints


def _label(row: Any, now: datetime) -> Label:
    """What is printed on the disc: its name, what it is of, and a code that a camera reads."""
    return Label(
        title=row.label,
        series=f"{row.fonds} / {row.series}"[:200],
        date=f"{now:%Y-%m-%d}",
        text=row.role,
        qr=f"stele:{row.volume_id}/{row.copy_id}",
    )


def _batch(connection: sa.Connection, row: Any) -> Batch | None:
    """The copies of one plan on one kind of medium belong together, when there are several."""
    same = (
        sa.select(sa.func.count())
        .select_from(schema.copies.join(schema.volumes, _volumes.volume_id == _copies.volume_id))
        .where(_volumes.plan_id == row.plan_id, _copies.medium_kind == row.medium_kind)
    )
    size = connection.scalar(same) or 0
    return Batch(f"{row.plan_id}-{row.medium_kind}", size) if 1 < size <= BATCH_MAX else None


def _tell_homeless(connection: sa.Connection, rows: list[Any], now: datetime, *, code: int) -> None:
    """Say on each copy, and once as an alarm, what is wanted: blank discs, or an appliance."""
    if not rows:
        clear_alarm(connection, _HOMELESS_ALARM, now)
        return
    wants: Counter[str] = Counter()
    for row in rows:
        want = _WANTS[MediumKind(row.medium_kind)] if code == 5250 else "an appliance with drives"
        wants[want] += 1
        if row.error_code != code:
            text = f"waits for {want}: {row.image_size_bytes} bytes are to be written"
            _explain(connection, row.copy_id, code, text)
    text = "; ".join(
        f"{count} {'copy waits' if count == 1 else 'copies wait'} for {want}"
        for want, count in wants.items()
    )
    raise_alarm(connection, Alarm(_HOMELESS_ALARM, "fleet", code, text), now)


def _explain(connection: sa.Connection, copy_id: str, code: int, message: str) -> None:
    connection.execute(
        sa.update(schema.copies)
        .where(_copies.copy_id == copy_id)
        .values(error_code=code, error_message=message)
    )
