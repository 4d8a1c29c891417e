"""The index of searches: which documents hold which term. `console.catalogue` reads and writes it.

A document is a dossier or a file; `packages.number` and `files.number` are its place here.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
)

from console.store.columns import UtcTime
from console.store.schema.base import ID, STATE, metadata, only_where

search_counters = Table(
    "search_counters",
    metadata,
    # One row, 'number': whoever numbers documents or makes segments holds it until the commit.
    Column("name", ID, primary_key=True),
    Column("next", BigInteger, nullable=False),
)

search_segments = Table(
    "search_segments",
    metadata,
    # From the counter too: a segment that replaces another has a number of its own.
    Column("segment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", STATE, nullable=False),
    # The numbers that it covers, both included. Those of one kind that are in use never overlap.
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("documents", BigInteger, nullable=False),
    # When others took its place: kept a while for searches that began before.
    Column("replaced_at", UtcTime),
    Index("ix_search_segments_in_use", "kind", "first", **only_where("replaced_at IS NULL")),
)

search_postings = Table(
    "search_postings",
    metadata,
    Column("segment_id", BigInteger, nullable=False, autoincrement=False),
    # `console.catalogue.terms`, in UTF-8: compared byte by byte in every database.
    Column("term", LargeBinary, nullable=False),
    # The numbers of the documents, as a Roaring bitmap in its portable form.
    Column("documents", LargeBinary, nullable=False),
    PrimaryKeyConstraint("segment_id", "term"),
    sqlite_with_rowid=False,
)

search_spans = Table(
    "search_spans",
    metadata,
    # Files of one dossier whose numbers follow each other, both included.
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("package_id", ID, ForeignKey("packages.package_id"), nullable=False),
    Index(None, "package_id"),
)
