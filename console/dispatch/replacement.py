"""Contents for a copy that is to be burned again when the landing zone has let go of them (I1).

They are asked for like any other files, from a copy that is left, and land again when they came.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.retrieval.requests import create_request
from console.store import schema
from console.store.engine import reading
from console.store.landing import CHUNK_BYTES, Batch, Landing, LandingError
from console.store.states import BlobState, CopyState, RequestState, VolumeState

log = logging.getLogger(__name__)

ASK_AGAIN = timedelta(hours=1)
"""After a request that failed: a disc may have been put back."""

_BATCH = 100
_volumes, _copies, _files = schema.volumes.c, schema.copies.c, schema.files.c
_blobs, _delivered = schema.blobs.c, schema.delivered.c


def bring_back(engine: sa.Engine, landing: Landing, delivered: Landing, now: datetime) -> int:
    """Move each volume on that lacks contents for a copy; gives how many contents landed."""
    with reading(engine).connect() as connection:
        wanting = connection.execute(_wanting_volumes()).all()
    landed = 0
    for volume in wanting:
        landed += _land_again(engine, landing, delivered, volume.volume_id)
        _ask(engine, volume.volume_id, volume.label, now)
    return landed


def _wanting_volumes() -> sa.Select[tuple[str, str]]:
    """Volumes with a copy to burn, a copy to read, and contents that are on discs only."""

    def has_copy(state: CopyState) -> sa.Exists:
        these = _copies.volume_id == _volumes.volume_id, _copies.state == state
        return sa.exists().where(*these).correlate(schema.volumes)

    return sa.select(_volumes.volume_id, _volumes.label).where(
        _volumes.state == VolumeState.APPROVED,
        has_copy(CopyState.PLANNED),
        has_copy(CopyState.VERIFIED),
        _lacking(_volumes.volume_id).correlate(schema.volumes).exists(),
    )


def _lacking(volume_id: sa.ColumnElement[str] | str) -> sa.Select[Any]:
    """One file for each content of a volume that the landing zone has let go of."""
    of_volume = schema.volume_packages.c
    return (
        sa.select(_files.sha256, sa.func.min(_files.file_id))
        .join_from(schema.files, schema.blobs, _blobs.sha256 == _files.sha256)
        .join(schema.volume_packages, of_volume.package_id == _files.package_id)
        .where(of_volume.volume_id == volume_id, _blobs.state == BlobState.RELEASED)
        .group_by(_files.sha256)
    )


def _land_again(engine: sa.Engine, landing: Landing, delivered: Landing, volume_id: str) -> int:
    """Copy what has come back into the landing zone. Killed in between, it is done once more."""
    lacking = _lacking(volume_id).subquery()
    came = sa.select(_delivered.sha256).where(_delivered.sha256.in_(sa.select(lacking.c.sha256)))
    with reading(engine).connect() as connection:
        digests = list(connection.scalars(came.limit(_BATCH)))
    with landing.batch() as batch:
        landed = [sha256 for sha256 in digests if _copy(engine, delivered, batch, sha256)]
        batch.stage()
        values = {"state": BlobState.LANDED, "released_at": None, "checked_at": None}
        with engine.begin() as connection:  # landed under the lock that a release takes
            batch.commit()
            connection.execute(
                sa.update(schema.blobs).where(_blobs.sha256.in_(landed)).values(**values)
            )
    return len(landed)


def _copy(engine: sa.Engine, delivered: Landing, batch: Batch, sha256: str) -> bool:
    """Put a content that came back into the batch; one that is damaged is forgotten instead."""
    try:
        delivered.check(sha256)
        with delivered.open(sha256) as stream:
            batch.put(iter(partial(stream.read, CHUNK_BYTES), b""))
    except LandingError:
        raise
    except SteleError as error:
        log.warning("%s", error)
        with engine.begin() as connection:
            connection.execute(sa.delete(schema.delivered).where(_delivered.sha256 == sha256))
        return False
    return True


def _ask(engine: sa.Engine, volume_id: str, label: str, now: datetime) -> None:
    """Ask for what lacks, unless that is under way or failed a moment ago."""
    text = f"{label} ({volume_id}), to burn a copy again"
    asked, lacking = schema.requests.c, _lacking(volume_id)
    recent = sa.select(asked.request_id).where(
        asked.text == text,
        asked.state.in_([RequestState.WAITING, RequestState.RUNNING])
        | (asked.done_at > now - ASK_AGAIN),
    )
    with reading(engine).connect() as connection:
        if connection.scalar(recent.limit(1)) is not None:
            return
        file_ids = [row[1] for row in connection.execute(lacking)]
    if file_ids:
        log.info("volume %s: %d contents are asked back for a copy", volume_id, len(file_ids))
        create_request(engine, file_ids, text)
