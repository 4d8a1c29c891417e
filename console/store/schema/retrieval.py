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
    # The bytes may be deleted from then on.
    Column("expires_at", UtcTime),
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
    Index(None, "state"),
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
    Index(None, "state"),
    Index(None, "subject"),
)
