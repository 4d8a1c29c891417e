"""Landing contents that are no longer what they were: found before a burn, told, kept off discs.

A damaged content stops only the packages that hold it. They wait until the same file is ingested
again; everything else of the plan goes on.
"""

import logging
from datetime import datetime

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.dispatch.alarms import Alarm, clear_alarm, raise_alarm
from console.store import schema
from console.store.landing import Landing, LandingError
from console.store.states import BlobState, FileState, PackageState, PlanState

log = logging.getLogger(__name__)

_BATCH_BYTES = 256 * 1024 * 1024
_BATCH = 500
_ALARM = "landing-"

_files, _packages, _blobs = schema.files.c, schema.packages.c, schema.blobs.c
_volume_packages = schema.volume_packages.c


def check_next(engine: sa.Engine, landing: Landing, volume_id: str, now: datetime) -> bool:
    """Read a batch of the volume's unread contents and record what they are; False: none is left.

    Reads up to a few hundred MiB, without holding the store meanwhile.

    Raises:
        LandingError: the landing zone cannot be asked, which says nothing of its contents.
    """
    with engine.connect() as connection:
        batch = _take_batch(connection, volume_id)
    good: list[str] = []
    bad: list[tuple[str, str]] = []
    for sha256, size_bytes in batch:
        try:
            found_bytes = landing.check(sha256)
        except LandingError:
            raise
        except SteleError as error:
            bad.append((sha256, f"{error.message}; {error.detail}"))
        else:
            if found_bytes == size_bytes:
                good.append(sha256)
            else:
                bad.append((sha256, f"{found_bytes} bytes instead of {size_bytes}"))
    with engine.begin() as connection:
        connection.execute(
            sa.update(schema.blobs).where(_blobs.sha256.in_(good)).values(checked_at=now)
        )
        for sha256, detail in bad:
            mark_damaged(connection, sha256, detail, now)
    return bool(batch)


def _take_batch(connection: sa.Connection, volume_id: str) -> list[tuple[str, int]]:
    query = (
        sa.select(_blobs.sha256, _blobs.size_bytes)
        .where(_blobs.sha256.in_(_digests_of(volume_id)))
        .where(_blobs.checked_at.is_(None), _blobs.state == BlobState.LANDED)
        .limit(_BATCH)
    )
    batch: list[tuple[str, int]] = []
    batch_bytes = 0
    for sha256, size_bytes in connection.execute(query):
        batch.append((sha256, size_bytes))
        batch_bytes += size_bytes
        if batch_bytes >= _BATCH_BYTES:
            break
    return batch


def check_again(connection: sa.Connection, volume_id: str) -> None:
    """Have the volume's contents read once more before they are burned again."""
    connection.execute(
        sa.update(schema.blobs)
        .where(_blobs.sha256.in_(_digests_of(volume_id)))
        .values(checked_at=None)
    )


def damage_of_volume(connection: sa.Connection, volume_id: str) -> SteleError | None:
    """The first content of the volume that the landing zone no longer holds, as an error."""
    query = (
        sa.select(_files.path, _packages.folder, _blobs.state)
        .join_from(schema.files, schema.packages, _files.package_id == _packages.package_id)
        .join(schema.volume_packages, _volume_packages.package_id == _packages.package_id)
        .join(schema.blobs, _blobs.sha256 == _files.sha256)
        .where(_volume_packages.volume_id == volume_id, _blobs.state != BlobState.LANDED)
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    where = f"{row.folder}/{row.path}"
    if row.state == BlobState.RELEASED:
        return SteleError(5260, f"{where} is on discs only; the landing zone has let go of it")
    return SteleError(3402, f"{where} is damaged in the landing zone")


def mark_damaged(connection: sa.Connection, sha256: str, detail: str, now: datetime) -> None:
    """Record that a content is damaged: its packages wait, an alarm names each file."""
    connection.execute(
        sa.update(schema.blobs)
        .where(_blobs.sha256 == sha256)
        .values(state=BlobState.DAMAGED, checked_at=None)
    )
    waiting = (PackageState.OPEN, PackageState.LANDED, PackageState.PLANNED, PackageState.DAMAGED)
    query = (
        sa.select(_files.file_id, _files.path, _files.package_id, _packages.folder)
        .join_from(schema.files, schema.packages, _files.package_id == _packages.package_id)
        .where(_files.sha256 == sha256, _packages.state.in_(waiting))
    )
    for row in connection.execute(query).all():
        where = f"{row.folder}/{row.path}"
        log.error("[3402] %s is damaged in the landing zone: %s", where, detail)
        message = f"{where} is damaged in the landing zone and was not burned; ingest it again"
        raise_alarm(connection, Alarm(_alarm_id(row.file_id), where, 3402, message), now)
        connection.execute(
            sa.update(schema.files)
            .where(_files.file_id == row.file_id)
            .values(state=FileState.DAMAGED)
        )
        connection.execute(
            sa.update(schema.packages)
            .where(_packages.package_id == row.package_id, _packages.state != PackageState.OPEN)
            .values(state=PackageState.DAMAGED)
        )


def heal(connection: sa.Connection, now: datetime) -> None:
    """Let files and packages go on whose contents have all landed again."""
    _clear_alarms(connection, now)
    landed = sa.select(_blobs.sha256).where(_blobs.state == BlobState.LANDED)
    connection.execute(
        sa.update(schema.files)
        .where(_files.state == FileState.DAMAGED, _files.sha256.in_(landed))
        .values(state=FileState.LANDED)
    )
    still = sa.select(_files.package_id).where(_files.state == FileState.DAMAGED)
    whole = (_packages.state == PackageState.DAMAGED) & _packages.package_id.not_in(still)
    for state, condition in (
        (PackageState.PLANNED, _packages.package_id.in_(_planned())),
        (PackageState.LANDED, sa.true()),
    ):
        connection.execute(sa.update(schema.packages).where(whole, condition).values(state=state))


def _clear_alarms(connection: sa.Connection, now: datetime) -> None:
    alarms = schema.alarms.c
    raised = sa.select(alarms.alarm_id).where(
        alarms.alarm_id.startswith(_ALARM), alarms.cleared_at.is_(None)
    )
    for alarm_id in connection.scalars(raised).all():
        state = connection.scalar(
            sa.select(_blobs.state)
            .join_from(schema.blobs, schema.files, _files.sha256 == _blobs.sha256)
            .where(_files.file_id == alarm_id.removeprefix(_ALARM))
        )
        if state != BlobState.DAMAGED:
            clear_alarm(connection, alarm_id, now)


def _planned() -> sa.Select[tuple[str]]:
    plans, volumes = schema.plans.c, schema.volumes.c
    return (
        sa.select(_volume_packages.package_id)
        .join_from(schema.volume_packages, schema.volumes)
        .join(schema.plans, plans.plan_id == volumes.plan_id)
        .where(plans.state.in_([PlanState.PROPOSED, PlanState.APPROVED]))
    )


def _digests_of(volume_id: str) -> sa.Select[tuple[str]]:
    return (
        sa.select(_files.sha256)
        .join_from(
            schema.files,
            schema.volume_packages,
            _volume_packages.package_id == _files.package_id,
        )
        .where(_volume_packages.volume_id == volume_id)
    )


def _alarm_id(file_id: str) -> str:
    return _ALARM + file_id
