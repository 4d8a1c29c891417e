"""first"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("alarm_id", sa.String(length=128), nullable=False),
        sa.Column("where_", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("appliance", "alarm_id", name="pk_alarms"),
    )
    op.create_table(
        "appliances",
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("site", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("firmware", sa.Text(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.String(length=128), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("library", sa.JSON(), nullable=True),
        sa.Column("library_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("jobs", sa.JSON(), nullable=True),
        sa.Column("jobs_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("appliance", name="pk_appliances"),
    )
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("landed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name="pk_blobs"),
    )
    op.create_table(
        "commands",
        sa.Column("command_id", sa.String(length=128), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("command_id", name="pk_commands"),
    )
    op.create_index("ix_commands_state", "commands", ["state"])

    op.create_table(
        "delivered",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_delivered"),
    )
    op.create_table(
        "events",
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("epoch", sa.String(length=128), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("appliance", "epoch", "seq", name="pk_events"),
    )
    op.create_index("ix_events_at", "events", ["at"])

    op.create_table(
        "ingests",
        sa.Column("ingest_id", sa.String(length=128), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fonds", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("files_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("files_total", sa.BigInteger(), nullable=True),
        sa.Column("bytes_total", sa.BigInteger(), nullable=True),
        sa.Column("files_refused", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("ingest_id", name="pk_ingests"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("verb", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("fraction", sa.Float(), nullable=True),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=True),
        sa.Column("speed_bytes_per_s", sa.Float(), nullable=True),
        sa.Column("seconds_left", sa.Float(), nullable=True),
        sa.Column("volume_id", sa.String(length=128), nullable=True),
        sa.Column("copy_id", sa.String(length=128), nullable=True),
        sa.Column("medium_id", sa.String(length=128), nullable=True),
        sa.Column("drive", sa.String(length=128), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("waiting_for", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state"])
    op.create_index("ix_jobs_updated_at", "jobs", ["updated_at"])
    op.create_index("ix_jobs_volume_id", "jobs", ["volume_id"])

    op.create_table(
        "media",
        sa.Column("medium_id", sa.String(length=128), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("place", sa.String(length=128), nullable=False),
        sa.Column("home_slot", sa.String(length=128), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("volume_id", sa.String(length=128), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("capacity_bytes", sa.BigInteger(), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("medium_id", name="pk_media"),
    )
    op.create_index("ix_media_appliance_state", "media", ["appliance", "state"])

    op.create_table(
        "plans",
        sa.Column("plan_id", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name="pk_plans"),
    )
    op.create_index("ix_plans_state", "plans", ["state"])

    op.create_table(
        "policies",
        sa.Column("policy_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("policy_id", name="pk_policies"),
        sa.UniqueConstraint("name", "version", name="uq_policies_name_version"),
    )
    op.create_table(
        "requests",
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("from_media", sa.Boolean(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name="pk_requests"),
    )
    op.create_index("ix_requests_state", "requests", ["state"])

    op.create_table(
        "packages",
        sa.Column("package_id", sa.String(length=128), nullable=False),
        sa.Column("fonds", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("dossier", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("restore_prefix", sa.Text(), nullable=False),
        sa.Column("policy_id", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sectors", sa.BigInteger(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.policy_id"], name="fk_packages_policy_id_policies"
        ),
        sa.PrimaryKeyConstraint("package_id", name="pk_packages"),
        sa.UniqueConstraint("fonds", "series", "dossier", name="uq_packages_fonds_series_dossier"),
        sa.UniqueConstraint("fonds", "series", "folder", name="uq_packages_fonds_series_folder"),
    )
    op.create_index("ix_packages_state", "packages", ["state"])

    op.create_table(
        "volumes",
        sa.Column("volume_id", sa.String(length=128), nullable=False),
        sa.Column("plan_id", sa.String(length=128), nullable=False),
        sa.Column("fonds", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("copies_wanted", sa.Integer(), nullable=False),
        sa.Column("image_size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("payload_bytes", sa.BigInteger(), nullable=False),
        sa.Column("capacity_bytes", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("plan_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name="fk_volumes_plan_id_plans"),
        sa.PrimaryKeyConstraint("volume_id", name="pk_volumes"),
        sa.UniqueConstraint("fonds", "series", "number", name="uq_volumes_fonds_series_number"),
    )
    op.create_index("ix_volumes_plan_id", "volumes", ["plan_id"])
    op.create_index("ix_volumes_state", "volumes", ["state"])

    op.create_table(
        "copies",
        sa.Column("copy_id", sa.String(length=128), nullable=False),
        sa.Column("volume_id", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=True),
        sa.Column("medium_id", sa.String(length=128), nullable=True),
        sa.Column("slot", sa.String(length=128), nullable=True),
        sa.Column("job_id", sa.String(length=128), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["volumes.volume_id"], name="fk_copies_volume_id_volumes"
        ),
        sa.PrimaryKeyConstraint("copy_id", name="pk_copies"),
        sa.UniqueConstraint("volume_id", "role", name="uq_copies_volume_id_role"),
    )
    op.create_index("ix_copies_medium_id", "copies", ["medium_id"])
    op.create_index("ix_copies_state", "copies", ["state"])

    op.create_table(
        "files",
        sa.Column("file_id", sa.String(length=128), nullable=False),
        sa.Column("package_id", sa.String(length=128), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.package_id"], name="fk_files_package_id_packages"
        ),
        sa.PrimaryKeyConstraint("file_id", name="pk_files"),
        sa.UniqueConstraint("package_id", "path", name="uq_files_package_id_path"),
    )
    op.create_index("ix_files_sha256", "files", ["sha256"])

    op.create_table(
        "folders",
        sa.Column("package_id", sa.String(length=128), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.package_id"], name="fk_folders_package_id_packages"
        ),
        sa.PrimaryKeyConstraint("package_id", "path", name="pk_folders"),
    )
    op.create_table(
        "refusals",
        sa.Column("refusal_id", sa.String(length=128), nullable=False),
        sa.Column("ingest_id", sa.String(length=128), nullable=False),
        sa.Column("package_id", sa.String(length=128), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ingest_id"], ["ingests.ingest_id"], name="fk_refusals_ingest_id_ingests"
        ),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.package_id"], name="fk_refusals_package_id_packages"
        ),
        sa.PrimaryKeyConstraint("refusal_id", name="pk_refusals"),
    )
    op.create_index("ix_refusals_ingest_id", "refusals", ["ingest_id"])

    op.create_table(
        "volume_packages",
        sa.Column("volume_id", sa.String(length=128), nullable=False),
        sa.Column("package_id", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.package_id"], name="fk_volume_packages_package_id_packages"
        ),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["volumes.volume_id"], name="fk_volume_packages_volume_id_volumes"
        ),
        sa.PrimaryKeyConstraint("volume_id", "package_id", name="pk_volume_packages"),
    )
    op.create_index("ix_volume_packages_package_id", "volume_packages", ["package_id"])

    op.create_table(
        "fetches",
        sa.Column("fetch_id", sa.String(length=128), nullable=False),
        sa.Column("volume_id", sa.String(length=128), nullable=False),
        sa.Column("copy_id", sa.String(length=128), nullable=False),
        sa.Column("appliance", sa.String(length=128), nullable=False),
        sa.Column("medium_id", sa.String(length=128), nullable=False),
        sa.Column("job_id", sa.String(length=128), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["copy_id"], ["copies.copy_id"], name="fk_fetches_copy_id_copies"),
        sa.ForeignKeyConstraint(
            ["volume_id"], ["volumes.volume_id"], name="fk_fetches_volume_id_volumes"
        ),
        sa.PrimaryKeyConstraint("fetch_id", name="pk_fetches"),
    )
    op.create_index("ix_fetches_state", "fetches", ["state"])

    op.create_table(
        "request_files",
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("file_id", sa.String(length=128), nullable=False),
        sa.Column("fetch_id", sa.String(length=128), nullable=True),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["fetch_id"], ["fetches.fetch_id"], name="fk_request_files_fetch_id_fetches"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.file_id"], name="fk_request_files_file_id_files"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.request_id"], name="fk_request_files_request_id_requests"
        ),
        sa.PrimaryKeyConstraint("request_id", "file_id", name="pk_request_files"),
    )
    op.create_index("ix_request_files_fetch_id", "request_files", ["fetch_id"])


def downgrade() -> None:

    op.drop_table("request_files")

    op.drop_table("fetches")

    op.drop_table("volume_packages")

    op.drop_table("refusals")
    op.drop_table("folders")

    op.drop_table("files")

    op.drop_table("copies")

    op.drop_table("volumes")

    op.drop_table("packages")

    op.drop_table("requests")
    op.drop_table("policies")

    op.drop_table("plans")

    op.drop_table("media")

    op.drop_table("jobs")
    op.drop_table("ingests")

    op.drop_table("events")
    op.drop_table("delivered")

    op.drop_table("commands")
    op.drop_table("blobs")
    op.drop_table("appliances")
    op.drop_table("alarms")
