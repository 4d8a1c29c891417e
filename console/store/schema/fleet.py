"""What the appliances report, and what they were told."""

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from console.store.columns import UtcTime
from console.store.schema.base import ID, STATE, metadata

appliances = Table(
    "appliances",
    metadata,
    Column("appliance", ID, primary_key=True),  # "site/name"
    Column("site", ID, nullable=False),
    Column("name", ID, nullable=False),
    Column("profile", Text, nullable=False, default=""),
    Column("firmware", Text, nullable=False, default=""),
    Column("online", Boolean, nullable=False, default=False),
    Column("status_at", UtcTime),
    # The event cursor: the epoch that is followed, and the first number not yet taken in.
    Column("epoch", ID, nullable=False, default=""),
    Column("next_seq", BigInteger, nullable=False, default=1),
    Column("library", sa.JSON),
    Column("library_at", UtcTime),
    Column("jobs", sa.JSON),
    Column("jobs_at", UtcTime),
    Column("environment", sa.JSON),
    Column("environment_at", UtcTime),
    Column("access", sa.JSON),
    Column("access_at", UtcTime),
    # Since when it can write nothing, by the console's clock, and why; unset while it can.
    Column("unfit_since", UtcTime),
    Column("unfit_because", Text),
)

paces = Table(
    "paces",
    metadata,
    # How fast an appliance wrote one kind of medium of late; the newest jobs count most.
    Column("appliance", ID, nullable=False),
    Column("medium_kind", STATE, nullable=False),
    Column("jobs", BigInteger, nullable=False),
    Column("burn_bytes_per_s", Float, nullable=False),
    Column("verify_bytes_per_s", Float, nullable=False),
    # Everything of a job but writing and reading back.
    Column("handling_s", Float, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("appliance", "medium_kind"),
)

holdings = Table(
    "holdings",
    metadata,
    # What an appliance's library came to when it last told: small enough to add up over a fleet.
    Column("appliance", ID, primary_key=True),
    Column("discs", Integer, nullable=False),
    Column("disks", Integer, nullable=False),
    Column("tapes", Integer, nullable=False),
    Column("blank_discs", Integer, nullable=False),
    Column("blank_tapes", Integer, nullable=False),
    Column("drives", Integer, nullable=False),
    Column("drives_busy", Integer, nullable=False),
    Column("robot", Text),
)

gauges = Table(
    "gauges",
    metadata,
    # What one process measures and another one tells, such as how late events come.
    Column("name", ID, primary_key=True),
    Column("value", Float, nullable=False),
    Column("at", UtcTime, nullable=False),
)

media = Table(
    "media",
    metadata,
    Column("medium_id", ID, primary_key=True),
    Column("appliance", ID, nullable=False),
    Column("place", ID, nullable=False),
    Column("home_slot", ID),
    Column("state", STATE, nullable=False),
    Column("volume_id", ID),
    Column("label", Text),
    Column("capacity_bytes", BigInteger),
    Column("kind", STATE, nullable=False, server_default="disc"),
    # The exchangeable holder that it stands in, at home or offline.
    Column("magazine_id", ID),
    Column("error_code", Integer),
    Column("error_message", Text),
    Column("updated_at", UtcTime),
    Index(None, "appliance", "state"),
)

commands = Table(
    "commands",
    metadata,
    Column("command_id", ID, primary_key=True),
    Column("appliance", ID, nullable=False),
    Column("body", sa.JSON, nullable=False),
    Column("state", STATE, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("issued_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("error_code", Integer),
    Column("error_message", Text),
    Index(None, "state"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", ID, primary_key=True),
    Column("appliance", ID, nullable=False),
    Column("verb", String(32), nullable=False),
    Column("state", STATE, nullable=False),
    Column("stage", STATE, nullable=False),
    Column("fraction", Float),
    Column("bytes_done", BigInteger, nullable=False, default=0),
    Column("bytes_total", BigInteger),
    Column("speed_bytes_per_s", Float),
    Column("seconds_left", Float),
    Column("volume_id", ID),
    Column("copy_id", ID),
    Column("medium_id", ID),
    Column("drive", ID),
    Column("attempt", Integer, nullable=False, default=1),
    Column("waiting_for", Text, nullable=False, default=""),
    Column("medium_kind", STATE, nullable=False, server_default="disc"),
    Column("batch_id", ID),
    Column("error_code", Integer),
    Column("error_message", Text),
    Column("created_at", UtcTime),
    # When it left the queue.
    Column("started_at", UtcTime),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "state"),
    Index(None, "updated_at"),
    Index(None, "volume_id"),
)

events = Table(
    "events",
    metadata,
    Column("appliance", ID, nullable=False),
    Column("epoch", ID, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("body", sa.JSON, nullable=False),
    PrimaryKeyConstraint("appliance", "epoch", "seq"),
    Index(None, "at"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("appliance", ID, nullable=False),
    Column("alarm_id", ID, nullable=False),
    Column("where_", Text, nullable=False),
    Column("code", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    Column("acknowledged_at", UtcTime),
    Column("acknowledged_by", Text),
    Column("cleared_at", UtcTime),
    Column("cleared_by", Text),
    PrimaryKeyConstraint("appliance", "alarm_id"),
    Index(None, "cleared_at"),
)
