"""How warm packages are kept, and their moves between the tiers."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from console.store.columns import UtcTime
from console.store.schema.base import ID, STATE, metadata

tier_moves = Table(
    "tier_moves",
    metadata,
    Column("move_id", ID, primary_key=True),
    Column("package_id", ID, ForeignKey("packages.package_id"), nullable=False),
    # 1 fast, 2 long-term, 3 offline or off-site.
    Column("from_tier", Integer, nullable=False),
    Column("to_tier", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", STATE, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Index(None, "package_id"),
    Index(None, "state"),
)
