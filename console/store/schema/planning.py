"""The rules that an archive keeps to, and what was planned by them."""

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from console.store.columns import UtcTime
from console.store.schema.base import DIGEST, ID, STATE, metadata

policies = Table(
    "policies",
    metadata,
    Column("policy_id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", sa.JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # The file as a person wrote it, and who put it into force.
    Column("text", Text, nullable=False, server_default=""),
    Column("created_by", Text, nullable=False, server_default=""),
    UniqueConstraint("name", "version"),
)

pools = Table(
    "pools",
    metadata,
    Column("name", ID, nullable=False),
    # Every change is a new version; the highest is in force.
    Column("version", Integer, nullable=False),
    Column("document", sa.JSON, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("name", "version"),
)

namespaces = Table(
    "namespaces",
    metadata,
    Column("name", ID, nullable=False),
    # Every change is a new version; the highest is in force.
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    # The name of its policy; new packages come under the newest version of that.
    Column("policy", ID, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("name", "version"),
)

plans = Table(
    "plans",
    metadata,
    Column("plan_id", ID, primary_key=True),
    Column("state", STATE, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", Text),
    Column("explanation", sa.JSON, nullable=False),
    # Counts how often it was changed or planned again; `replaces` is the plan before.
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("replaces", ID),
    Index(None, "state"),
)

volumes = Table(
    "volumes",
    metadata,
    Column("volume_id", ID, primary_key=True),
    Column("plan_id", ID, ForeignKey("plans.plan_id"), nullable=False),
    Column("fonds", Text, nullable=False),
    Column("series", Text, nullable=False),
    # Counts the volumes of a series; part of the label.
    Column("number", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("state", STATE, nullable=False),
    # The copies that its policy asks for; fixed when it was planned.
    Column("copies_wanted", Integer, nullable=False),
    Column("image_size_bytes", BigInteger, nullable=False),
    Column("payload_bytes", BigInteger, nullable=False),
    # The capacity that it was planned for.
    Column("capacity_bytes", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    # SHA-256 over the encoded plan, the file plans/<volume_id>.ndjson of the data folder.
    Column("plan_sha256", DIGEST, nullable=False),
    Column("namespace", ID, nullable=False, server_default="default"),
    Column("policy_id", ID),
    # What its packages share beside fonds and series, such as "year=1987".
    Column("grouping", Text, nullable=False, server_default=""),
    UniqueConstraint("fonds", "series", "number"),
    Index(None, "plan_id"),
    Index(None, "state"),
)

volume_packages = Table(
    "volume_packages",
    metadata,
    Column("volume_id", ID, ForeignKey("volumes.volume_id"), nullable=False),
    Column("package_id", ID, ForeignKey("packages.package_id"), nullable=False),
    PrimaryKeyConstraint("volume_id", "package_id"),
    Index(None, "package_id"),
)

copies = Table(
    "copies",
    metadata,
    Column("copy_id", ID, primary_key=True),
    Column("volume_id", ID, ForeignKey("volumes.volume_id"), nullable=False),
    Column("role", String(32), nullable=False),
    # What it is to be on: a word of `MediumKind`.
    Column("medium_kind", STATE, nullable=False, server_default="disc"),
    Column("print_label", Boolean, nullable=False, server_default=sa.false()),
    Column("state", STATE, nullable=False),
    Column("appliance", ID),
    Column("medium_id", ID),
    Column("slot", ID),
    Column("job_id", ID),
    Column("attempt", Integer, nullable=False, default=0),
    Column("bytes_read", BigInteger),
    Column("error_code", Integer),
    Column("error_message", Text),
    Column("verified_at", UtcTime),
    # The pool that its medium is to come from; unset for any.
    Column("pool", ID),
    # The appliance that the plan meant it for; dispatch may choose another, and says so.
    Column("intended", ID),
    # How long writing and verifying it is expected to take.
    Column("expected_s", Float),
    # When its appliance was asked to give its job back, so that another can have it.
    Column("recalled_at", UtcTime),
    UniqueConstraint("volume_id", "role"),
    Index(None, "state"),
    Index(None, "medium_id"),
    Index(None, "job_id"),
)

spares = Table(
    "spares",
    metadata,
    # A verified medium of a copy that has one already: counted for nothing until that one is lost.
    Column("job_id", ID, primary_key=True),
    Column("copy_id", ID, ForeignKey("copies.copy_id"), nullable=False),
    Column("volume_id", ID, ForeignKey("volumes.volume_id"), nullable=False),
    Column("appliance", ID, nullable=False),
    Column("medium_id", ID, nullable=False),
    Column("slot", ID),
    Column("bytes_read", BigInteger, nullable=False),
    Column("verified_at", UtcTime, nullable=False),
    Index(None, "copy_id"),
    Index(None, "medium_id"),
)
