"""whole cabinet: media of every kind, the environment and the doors of an appliance"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _kind(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=16), nullable=False, server_default="disc")


def upgrade() -> None:
    with op.batch_alter_table("copies") as table:
        table.add_column(_kind("medium_kind"))
        table.add_column(
            sa.Column("print_label", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("appliances") as table:
        for group in ("environment", "access"):
            table.add_column(sa.Column(group, sa.JSON(), nullable=True))
            table.add_column(sa.Column(f"{group}_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("media") as table:
        table.add_column(_kind("kind"))
        table.add_column(sa.Column("magazine_id", sa.String(length=128), nullable=True))
    with op.batch_alter_table("jobs") as table:
        table.add_column(_kind("medium_kind"))
        table.add_column(sa.Column("batch_id", sa.String(length=128), nullable=True))
    with op.batch_alter_table("alarms") as table:
        table.add_column(sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("acknowledged_by", sa.Text(), nullable=True))
        table.add_column(sa.Column("cleared_by", sa.Text(), nullable=True))
    with op.batch_alter_table("requests") as table:
        table.add_column(sa.Column("medium_kind", sa.String(length=16), nullable=True))


def downgrade() -> None:
    for table, columns in {
        "requests": ("medium_kind",),
        "alarms": ("acknowledged_at", "acknowledged_by", "cleared_by"),
        "jobs": ("medium_kind", "batch_id"),
        "media": ("kind", "magazine_id"),
        "appliances": ("environment", "environment_at", "access", "access_at"),
        "copies": ("medium_kind", "print_label"),
    }.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
