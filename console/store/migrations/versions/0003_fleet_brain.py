"""fleet brain: namespaces, pools, uploads, tasks, tokens, leases, tiers"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checksums",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("crc32", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_checksums")),
    )
    op.create_table(
        "gauges",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gauges")),
    )
    op.create_table(
        "holdings",
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("discs", sa.Integer(), nullable=False),
        sa.Column("disks", sa.Integer(), nullable=False),
        sa.Column("tapes", sa.Integer(), nullable=False),
        sa.Column("blank_discs", sa.Integer(), nullable=False),
        sa.Column("blank_tapes", sa.Integer(), nullable=False),
        sa.Column("drives", sa.Integer(), nullable=False),
        sa.Column("drives_busy", sa.Integer(), nullable=False),
        sa.Column("robot", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("appliance", name=op.f("pk_holdings")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "magazines",
        sa.Column("magazine_id", sa.String(length=128), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=True),
        sa.Column("last_place", sa.String(length=128), nullable=True),
        sa.Column("discs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("magazine_id", name=op.f("pk_magazines")),
    )
    op.create_table(
        "namespaces",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("policy", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_namespaces")),
    )
    op.create_table(
        "paces",
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("medium_kind", sa.String(length=16), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("burn_bytes_per_s", sa.Float(), nullable=False),
        sa.Column("verify_bytes_per_s", sa.Float(), nullable=False),
        sa.Column("handling_s", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("appliance", "medium_kind", name=op.f("pk_paces")),
    )
    op.create_table(
        "pools",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_pools")),
    )
    op.create_table(
        "tasks",
        sa.Column("task_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.String(length=16), server_default="normal", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tasks_one_open_for_a_subject",
            ["kind", "subject"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.create_index(batch_op.f("ix_tasks_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_tasks_subject"), ["subject"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("token_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("namespaces", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_tokens_name")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_tokens_secret_sha256")),
    )
    op.create_table(
        "notices",
        sa.Column("ingest_id", sa.String(length=128), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("is_promised", sa.Boolean(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ingest_id"], ["ingests.ingest_id"], name=op.f("fk_notices_ingest_id_ingests")
        ),
        sa.PrimaryKeyConstraint("ingest_id", "path", name=op.f("pk_notices")),
    )
    op.create_table(
        "uploads",
        sa.Column("upload_id", sa.String(length=128), nullable=False),
        sa.Column("ingest_id", sa.String(length=128), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["ingest_id"], ["ingests.ingest_id"], name=op.f("fk_uploads_ingest_id_ingests")
        ),
        sa.PrimaryKeyConstraint("upload_id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("ingest_id", "path", name=op.f("uq_uploads_ingest_id_path")),
    )
    op.create_table(
        "ingest_packages",
        sa.Column("ingest_id", sa.String(length=128), nullable=False),
        sa.Column("package_id", sa.String(length=128), nullable=False),
        sa.Column("was_open", sa.Boolean(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ingest_id"], ["ingests.ingest_id"], name=op.f("fk_ingest_packages_ingest_id_ingests")
        ),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["packages.package_id"],
            name=op.f("fk_ingest_packages_package_id_packages"),
        ),
        sa.PrimaryKeyConstraint("ingest_id", "package_id", name=op.f("pk_ingest_packages")),
    )
    op.create_table(
        "tier_moves",
        sa.Column("move_id", sa.String(length=128), nullable=False),
        sa.Column("package_id", sa.String(length=128), nullable=False),
        sa.Column("from_tier", sa.Integer(), nullable=False),
        sa.Column("to_tier", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.package_id"], name=op.f("fk_tier_moves_package_id_packages")
        ),
        sa.PrimaryKeyConstraint("move_id", name=op.f("pk_tier_moves")),
    )
    with op.batch_alter_table("tier_moves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tier_moves_package_id"), ["package_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tier_moves_state"), ["state"], unique=False)

    op.create_table(
        "spares",
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("copy_id", sa.String(length=128), nullable=False),
        sa.Column("volume_id", sa.String(length=128), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("medium_id", sa.String(length=128), nullable=False),
        sa.Column("slot", sa.String(length=128), nullable=True),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["copy_id"], ["copies.copy_id"], name=op.f("fk_spares_copy_id_copies")
        ),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["volumes.volume_id"], name=op.f("fk_spares_volume_id_volumes")
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_spares")),
    )
    with op.batch_alter_table("spares", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spares_copy_id"), ["copy_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_spares_medium_id"), ["medium_id"], unique=False)

    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alarms_cleared_at"), ["cleared_at"], unique=False)

    with op.batch_alter_table("appliances", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unfit_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("unfit_because", sa.Text(), nullable=True))

    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_blobs_landed_size_bytes",
            ["size_bytes"],
            unique=False,
            sqlite_where=sa.text("state = 'landed'"),
            postgresql_where=sa.text("state = 'landed'"),
        )

    with op.batch_alter_table("copies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pool", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("intended", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("expected_s", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_copies_job_id"), ["job_id"], unique=False)

    with op.batch_alter_table("fetches", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("station", sa.String(length=128), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("files", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("drive", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reading_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_fetches_job_id"), ["job_id"], unique=False)
        batch_op.create_index(
            "ix_fetches_one_open_for_a_volume",
            ["volume_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )
        batch_op.create_index(
            batch_op.f("ix_fetches_station_done_at"), ["station", "done_at"], unique=False
        )

    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("title", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("description", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_files_number"), ["number"], unique=True)
        batch_op.create_index(
            "ix_files_unnumbered",
            ["file_id"],
            unique=False,
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )

    with op.batch_alter_table("ingests", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("namespace", sa.String(length=128), server_default="default", nullable=False)
        )
        batch_op.add_column(sa.Column("created_by", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("dossier", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("policy_id", sa.String(length=128), nullable=True))
        batch_op.add_column(
            sa.Column("files_taken", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("bytes_taken", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("files_known", sa.BigInteger(), server_default="0", nullable=False)
        )

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("namespace", sa.String(length=128), server_default="default", nullable=False)
        )
        batch_op.add_column(sa.Column("year", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("retention", sa.String(length=32), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("description", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("uses", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("warm_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("tier", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f("ix_packages_number"), ["number"], unique=True)
        batch_op.create_index(
            "ix_packages_unnumbered",
            ["package_id"],
            unique=False,
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )

    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("replaces", sa.String(length=128), nullable=True))

    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("text", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("created_by", sa.Text(), server_default="", nullable=False))

    with op.batch_alter_table("request_files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("placed_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("priority", sa.String(length=16), server_default="normal", nullable=False)
        )
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("requested_by", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("estimated_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("deliver_to", sa.Text(), nullable=True))

    with op.batch_alter_table("volumes", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("namespace", sa.String(length=128), server_default="default", nullable=False)
        )
        batch_op.add_column(sa.Column("policy_id", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("grouping", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("volumes", schema=None) as batch_op:
        batch_op.drop_column("grouping")
        batch_op.drop_column("policy_id")
        batch_op.drop_column("namespace")

    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_column("deliver_to")
        batch_op.drop_column("expires_at")
        batch_op.drop_column("estimated_at")
        batch_op.drop_column("expected_at")
        batch_op.drop_column("requested_by")
        batch_op.drop_column("due_at")
        batch_op.drop_column("priority")

    with op.batch_alter_table("request_files", schema=None) as batch_op:
        batch_op.drop_column("placed_at")

    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.drop_column("created_by")
        batch_op.drop_column("text")

    with op.batch_alter_table("plans", schema=None) as batch_op:
        batch_op.drop_column("replaces")
        batch_op.drop_column("revision")

    with op.batch_alter_table("packages", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_packages_unnumbered",
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_packages_number"))
        batch_op.drop_column("number")
        batch_op.drop_column("tier")
        batch_op.drop_column("warm_until")
        batch_op.drop_column("uses")
        batch_op.drop_column("used_at")
        batch_op.drop_column("description")
        batch_op.drop_column("retention")
        batch_op.drop_column("year")
        batch_op.drop_column("namespace")

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("started_at")

    with op.batch_alter_table("ingests", schema=None) as batch_op:
        batch_op.drop_column("files_known")
        batch_op.drop_column("bytes_taken")
        batch_op.drop_column("files_taken")
        batch_op.drop_column("policy_id")
        batch_op.drop_column("dossier")
        batch_op.drop_column("created_by")
        batch_op.drop_column("namespace")

    with op.batch_alter_table("files", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_files_unnumbered",
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_files_number"))
        batch_op.drop_column("number")
        batch_op.drop_column("description")
        batch_op.drop_column("title")

    with op.batch_alter_table("fetches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fetches_station_done_at"))
        batch_op.drop_index(
            "ix_fetches_one_open_for_a_volume",
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        )
        batch_op.drop_index(batch_op.f("ix_fetches_job_id"))
        batch_op.drop_column("ended_at")
        batch_op.drop_column("reading_at")
        batch_op.drop_column("begun_at")
        batch_op.drop_column("drive")
        batch_op.drop_column("files")
        batch_op.drop_column("station")

    with op.batch_alter_table("copies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_copies_job_id"))
        batch_op.drop_column("recalled_at")
        batch_op.drop_column("expected_s")
        batch_op.drop_column("intended")
        batch_op.drop_column("pool")

    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_blobs_landed_size_bytes",
            sqlite_where=sa.text("state = 'landed'"),
            postgresql_where=sa.text("state = 'landed'"),
        )

    with op.batch_alter_table("appliances", schema=None) as batch_op:
        batch_op.drop_column("unfit_because")
        batch_op.drop_column("unfit_since")

    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alarms_cleared_at"))

    with op.batch_alter_table("spares", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spares_medium_id"))
        batch_op.drop_index(batch_op.f("ix_spares_copy_id"))

    op.drop_table("spares")
    with op.batch_alter_table("tier_moves", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tier_moves_state"))
        batch_op.drop_index(batch_op.f("ix_tier_moves_package_id"))

    op.drop_table("tier_moves")
    op.drop_table("ingest_packages")
    op.drop_table("uploads")
    op.drop_table("notices")
    op.drop_table("tokens")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_subject"))
        batch_op.drop_index(batch_op.f("ix_tasks_state"))
        batch_op.drop_index(
            "ix_tasks_one_open_for_a_subject",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.drop_table("tasks")
    op.drop_table("pools")
    op.drop_table("paces")
    op.drop_table("namespaces")
    op.drop_table("magazines")
    op.drop_table("leases")
    op.drop_table("holdings")
    op.drop_table("gauges")
    op.drop_table("checksums")
