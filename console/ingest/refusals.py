"""What ingests have left out, and why."""

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.store.schema import ingests, refusals


class Refusal(Struct, frozen=True):
    """A file that was left out. `path` is below the source folder, in name text."""

    path: str
    code: int
    message: str


class RefusedFiles(Struct, frozen=True):
    """Everything that one ingest left out."""

    ingest_id: str
    source: str
    fonds: str
    series: str
    refusals: list[Refusal]


def refused_files(connection: sa.Connection, ingest_id: str | None = None) -> RefusedFiles | None:
    """What an ingest left out; without an id, the newest one. None before the first ingest.

    Raises:
        SteleError: 5412 there is no such ingest.
    """
    query = sa.select(ingests)
    if ingest_id is not None:
        query = query.where(ingests.c.ingest_id == ingest_id)
    newest = query.order_by(ingests.c.started_at.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    if row is None:
        if ingest_id is None:
            return None
        raise SteleError(5412, f"there was no ingest {ingest_id!r}")
    left_out = sa.select(refusals).where(refusals.c.ingest_id == row.ingest_id)
    return RefusedFiles(
        row.ingest_id,
        row.source,
        row.fonds,
        row.series,
        [
            Refusal(refusal.path, refusal.code, refusal.message)
            for refusal in connection.execute(left_out.order_by(refusals.c.refusal_id))
        ],
    )
