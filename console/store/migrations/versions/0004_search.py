"""search: postings of terms, by segments"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_IN_USE = sa.text("replaced_at IS NULL")


def upgrade() -> None:
    counters = op.create_table(
        "search_counters",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_search_counters")),
    )
    op.bulk_insert(counters, [{"name": "number", "next": 1}])
    op.create_table(
        "search_segments",
        sa.Column("segment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("segment_id", name=op.f("pk_search_segments")),
    )
    op.create_index(
        "ix_search_segments_in_use",
        "search_segments",
        ["kind", "first"],
        sqlite_where=_IN_USE,
        postgresql_where=_IN_USE,
    )
    op.create_table(
        "search_postings",
        sa.Column("segment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("term", sa.LargeBinary(), nullable=False),
        sa.Column("documents", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", "term", name=op.f("pk_search_postings")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Bitmaps are small already: PostgreSQL's own compression would only cost time.
        op.execute("ALTER TABLE search_postings ALTER COLUMN documents SET STORAGE EXTERNAL")
    op.create_table(
        "search_spans",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("package_id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["packages.package_id"],
            name=op.f("fk_search_spans_package_id_packages"),
        ),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_search_spans")),
    )
    op.create_index(op.f("ix_search_spans_package_id"), "search_spans", ["package_id"])


def downgrade() -> None:
    op.drop_table("search_spans")
    op.drop_table("search_postings")
    op.drop_table("search_segments")
    op.drop_table("search_counters")
