"""What was asked for, how it comes back, and what people have to do for it."""

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from console.store.columns import UtcTime
from console.store.schema.base import DIGEST, ID, STATE, metadata

requests = Table(
    "requests",
    metadata,
    Column("request_id", ID, primary_key=True),
    Column("text", Text, nullable=False),
    Column("state", STATE, nullable=False),
    # Read the discs even for files that the landing zone still holds.
    Column("from_media", Boolean, nullable=False, default=False),
    # Read copies on this kind of medium alone; unset for any.
    Column("medium_kind", STATE),
    Column("files", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("error_code", Integer),
    Column("error_message", Text),
    # A word of `Priority`; within one, what is due first goes first.
    Column("priority", STATE, nullable=False, server_default="normal"),
    Column("due_at", UtcTime),
    Column("requested_by", Text, nullable=False, server_default=""),
    # When all of it is expected to be there.
    Column("expected_at", UtcTime),
    # When that was thought.
    Column("estimated_at", UtcTime),
    # The bytes may be deleted from then on.
    Column("expires_at", UtcTime),
    # The folder on the console's side into which its files are put, below `delivery.folder`.
    Column("deliver_to", Text),
    Index(None, "state"),
)

fetches = Table(
    "fetches",
    metadata,
    Column("fetch_id", ID, primary_key=True),
    Column("volume_id", ID, ForeignKey("volumes.volume_id"), nullable=False),
    Column("copy_id", ID, ForeignKey("copies.copy_id"), nullable=False),
    Column("appliance", ID, nullable=False),
    Column("medium_id", ID, nullable=False),
    Column("job_id", ID),
    Column("state", STATE, nullable=False),
    Column("offset_bytes", BigInteger, nullable=False, default=0),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("error_code", Integer),
    Column("error_message", Text),
    # The part of the appliance whose drives read it: a word of `console.retrieval.stations`.
    Column("station", ID, nullable=False, server_default=""),
    Column("files", BigInteger, nullable=False, server_default="0"),
    Column("drive", ID),
    # When the job began, when its medium was being read, when it was over: what estimates learn.
    Column("begun_at", UtcTime),
    Column("reading_at", UtcTime),
    Column("ended_at", UtcTime),
    Index(None, "state"),
    Index(None, "job_id"),
    Index(None, "station", "done_at"),
    # One reading of a volume at a time, whoever gives it out.
    Index(
        "ix_fetches_one_open_for_a_volume",
        "volume_id",
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    ),
)

request_files = Table(
    "request_files",
    metadata,
    Column("request_id", ID, ForeignKey("requests.request_id"), nullable=False),
    Column("file_id", ID, ForeignKey("files.file_id"), nullable=False),
    Column("fetch_id", ID, ForeignKey("fetches.fetch_id")),
    # The copies that could not deliver it, separated by spaces.
    Column("tried", Text, nullable=False, default=""),
    Column("state", STATE, nullable=False),
    Column("error_code", Integer),
    # When it was put into the request's folder.
    Column("placed_at", UtcTime),
    PrimaryKeyConstraint("request_id", "file_id"),
    Index(None, "fetch_id"),
)

delivered = Table(
    "delivered",
    metadata,
    Column("sha256", DIGEST, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("delivered_at", UtcTime, nullable=False),
    # The console may delete the file from then on.
    Column("expires_at", UtcTime, nullable=False),
)

checksums = Table(
    "checksums",
    metadata,
    # Of contents that were read whole and agreed with their digest: what a ZIP says of them.
    Column("sha256", DIGEST, primary_key=True),
    Column("crc32", BigInteger, nullable=False),
)

magazines = Table(
    "magazines",
    metadata,
    Column("magazine_id", ID, primary_key=True),
    # The appliance that spoke of it last, and the place in it; unset while it is out.
    Column("appliance", ID, nullable=False),
    Column("place", ID),
    # Where it was before it was taken out.
    Column("last_place", ID),
    Column("discs", Integer, nullable=False, server_default="0"),
    Column("moved_at", UtcTime, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", ID, primary_key=True),
    # What a person is to do: a word of `TaskKind`.
    Column("kind", String(32), nullable=False),
    # The medium or magazine that it is about; at most one open task for each kind and subject.
    Column("subject", ID, nullable=False),
    # Where to do it: "site/name", unset when any appliance will do.
    Column("appliance", ID),
    # What to do and where to look, as text parts; which light to look for.
    Column("body", sa.JSON, nullable=False),
    Column("state", STATE, nullable=False),
    Column("priority", STATE, nullable=False, server_default="normal"),
    Column("due_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("done_by", Text),
    # When a person took it up, and who.
    Column("started_at", UtcTime),
    Column("started_by", Text),
    Index(None, "state"),
    Index(None, "subject"),
    Index(
        "ix_tasks_one_open_for_a_subject",
        "kind",
        "subject",
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
)
