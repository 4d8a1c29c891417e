"""When a file is archived (I1), and when the landing zone may let go of its bytes (I4)."""

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from console.store import schema
from console.store.engine import reading
from console.store.landing import Landing
from console.store.states import (
    BlobState,
    CopyState,
    FileState,
    PackageState,
    PlanState,
    RequestState,
    VolumeState,
)
from console.tiers.warmth import is_cold, keep_after_archiving

log = logging.getLogger(__name__)

READ_GRACE = timedelta(hours=1)
"""How long after a request is done its files stay in the landing zone: someone reads them."""

_BATCH = 200

_copies, _volumes, _packages = schema.copies.c, schema.volumes.c, schema.packages.c
_files, _blobs, _volume_packages = schema.files.c, schema.blobs.c, schema.volume_packages.c


def verified_copies() -> sa.ScalarSelect[int]:
    """How many discs hold a verified copy of the volume of the enclosing query."""
    return (
        sa.select(sa.func.count(_copies.medium_id.distinct()))
        .where(_copies.volume_id == _volumes.volume_id, _copies.state == CopyState.VERIFIED)
        .correlate(schema.volumes)
        .scalar_subquery()
    )


def _planned_files() -> sa.ScalarSelect[int]:
    """How many files the packages of the volume of the enclosing query have now."""
    return (
        sa.select(sa.func.count())
        .select_from(
            schema.files.join(
                schema.volume_packages, _volume_packages.package_id == _files.package_id
            )
        )
        .where(_volume_packages.volume_id == _volumes.volume_id)
        .correlate(schema.volumes)
        .scalar_subquery()
    )


def settle_volume(connection: sa.Connection, volume_id: str, now: datetime) -> bool:
    """Make volume, packages and files archived if the copies say so, and not if they do not."""
    row = connection.execute(
        sa.select(
            schema.volumes,
            verified_copies().label("verified"),
            _planned_files().label("files_now"),
        ).where(_volumes.volume_id == volume_id)
    ).one()
    # A package that grew after it was planned is not on the disc whole.
    holds = bool(row.verified >= row.copies_wanted and row.files_now == row.files)
    if holds != (row.state == VolumeState.ARCHIVED):
        log.info("volume %s is %sarchived", volume_id, "" if holds else "no longer ")
        _mark(connection, volume_id, holds)
        if holds:
            keep_after_archiving(connection, volume_id, now)
        _settle_plan(connection, row.plan_id)
    return holds


def _mark(connection: sa.Connection, volume_id: str, archived: bool) -> None:
    of_volume = sa.select(_volume_packages.package_id).where(
        _volume_packages.volume_id == volume_id
    )
    for table, condition, state in (
        (
            schema.volumes,
            _volumes.volume_id == volume_id,
            VolumeState.ARCHIVED if archived else VolumeState.APPROVED,
        ),
        (
            schema.packages,
            _packages.package_id.in_(of_volume),
            PackageState.ARCHIVED if archived else PackageState.PLANNED,
        ),
        (
            schema.files,
            _files.package_id.in_(of_volume),
            FileState.ARCHIVED if archived else FileState.LANDED,
        ),
    ):
        connection.execute(sa.update(table).where(condition).values(state=state))


def _settle_plan(connection: sa.Connection, plan_id: str) -> None:
    open_volumes = sa.select(sa.func.count()).where(
        _volumes.plan_id == plan_id, _volumes.state != VolumeState.ARCHIVED
    )
    done = connection.scalar(open_volumes) == 0
    plans = schema.plans.c
    connection.execute(
        sa.update(schema.plans)
        .where(plans.plan_id == plan_id, plans.state.in_([PlanState.APPROVED, PlanState.DONE]))
        .values(state=PlanState.DONE if done else PlanState.APPROVED)
    )


def release_next(engine: sa.Engine, landing: Landing, now: datetime) -> int:
    """Let go of a batch of contents that I4 allows; gives their number.

    What allows it is read, the bytes are deleted and the release is recorded under one write lock
    of the store. An ingest lands a content, or counts on one that is there, under the same lock,
    so none can come to need a content between the question and the deletion. Killed in between,
    the next call does it again.
    """
    if not _releasable(engine, now):
        return 0
    with engine.begin() as connection:
        batch = list(connection.scalars(_release_query(now).limit(_BATCH)))
        landing.release_all(batch)
        connection.execute(
            sa.update(schema.blobs)
            .where(_blobs.sha256.in_(batch))
            .values(state=BlobState.RELEASED, released_at=now, checked_at=None)
        )
    return len(batch)


def _releasable(engine: sa.Engine, now: datetime) -> bool:
    with reading(engine).connect() as connection:
        return connection.scalar(_release_query(now).limit(1)) is not None


def _release_query(now: datetime) -> sa.Select[str]:
    """Contents that are in the landing zone, needed by nobody, and on enough discs."""
    return sa.select(_blobs.sha256).where(
        _blobs.state == BlobState.LANDED,
        _held(sa.true()),
        ~_held(sa.not_(_may_go(now))),
        ~_is_read(now),
    )


def _held(condition: sa.ColumnElement[bool]) -> sa.Exists:
    """Whether a file that fulfils the condition has this content."""
    return (
        sa.exists()
        .select_from(schema.files.join(schema.packages).join(schema.policies))
        .where(_files.sha256 == _blobs.sha256, condition)
        .correlate(schema.blobs)
    )


def _may_go(now: datetime) -> sa.ColumnElement[bool]:
    """Whether the file of the enclosing query is archived, counted anew, and may be released."""
    on_discs = (
        sa.exists()
        .select_from(schema.volumes.join(schema.volume_packages))
        .where(
            _volume_packages.package_id == _packages.package_id,
            _volumes.state == VolumeState.ARCHIVED,
            verified_copies() >= _volumes.copies_wanted,
        )
        .correlate(schema.packages)
    )
    release = schema.policies.c.document["release_landing"]["value"].as_boolean()
    return sa.and_(
        _packages.state == PackageState.ARCHIVED,
        _files.state == FileState.ARCHIVED,
        release.is_(True),
        is_cold(now),
        on_discs,
    )


def _is_read(now: datetime) -> sa.Exists:
    """Whether a request counts on this content in the landing zone."""
    requests, wanted = schema.requests.c, schema.request_files.c
    return (
        sa.exists()
        .select_from(schema.requests.join(schema.request_files).join(schema.files))
        .where(
            _files.sha256 == _blobs.sha256,
            wanted.file_id == _files.file_id,
            requests.state.in_([RequestState.WAITING, RequestState.RUNNING])
            | (requests.done_at > now - READ_GRACE)
            # The console's own requests name nobody: what they bring is not promised to anyone.
            | ((requests.expires_at > now) & (requests.requested_by != "")),
        )
        .correlate(schema.blobs)
    )
