"""Who may speak to the console, and which of its processes does what."""

import sqlalchemy as sa
from sqlalchemy import (
    Column,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from console.store.columns import UtcTime
from console.store.schema.base import DIGEST, ID, metadata

tokens = Table(
    "tokens",
    metadata,
    Column("token_id", ID, primary_key=True),
    # What a person calls it; records of who did what carry it, so it is never used twice.
    Column("name", String(64), nullable=False),
    # SHA-256 of the secret; the secret itself is shown once and not kept.
    Column("secret_sha256", DIGEST, nullable=False),
    Column("scopes", sa.JSON, nullable=False),
    # The namespaces that it opens; unset for all.
    Column("namespaces", sa.JSON),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("used_at", UtcTime),
    UniqueConstraint("secret_sha256"),
    UniqueConstraint("name"),
)

leases = Table(
    "leases",
    metadata,
    # A piece of work that one process at a time may do.
    Column("name", ID, primary_key=True),
    Column("holder", ID, nullable=False),
    Column("until", UtcTime, nullable=False),
)
