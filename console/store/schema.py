"""Every table of the console, as SQLAlchemy Core. Migrations bring a database to exactly this.

Ids are text. Digests are lower-case hex. Times are UTC (`UtcTime`). Paths are name text with '/'.
States are the words of `console.store.states`. What an appliance reports is kept without foreign
keys to what the console knows: a cabinet may speak of a volume that this console never planned.
"""

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

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(128)
STATE = String(16)
DIGEST = String(64)

policies = Table(
    "policies",
    metadata,
    Column("policy_id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", sa.JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("name", "version"),
)

# --- what came in -------------------------------------------------------------------------------

ingests = Table(
    "ingests",
    metadata,
    Column("ingest_id", ID, primary_key=True),
    Column("source", Text, nullable=False),
    Column("fonds", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("state", STATE, nullable=False),
    Column("files_done", BigInteger, nullable=False, default=0),
    Column("bytes_done", BigInteger, nullable=False, default=0),
    Column("files_total", BigInteger),
    Column("bytes_total", BigInteger),
    Column("files_refused", BigInteger, nullable=False, default=0),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("error_code", Integer),
    Column("error_message", Text),
)

packages = Table(
    "packages",
    metadata,
    Column("package_id", ID, primary_key=True),
    Column("fonds", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("dossier", Text, nullable=False),
    # The folder below data/ on a disc; unique within fonds and series.
    Column("folder", Text, nullable=False),
    # Where its files stand in a restored tree: '' is beside the other dossiers' folders.
    Column("restore_prefix", Text, nullable=False),
    Column("policy_id", ID, ForeignKey("policies.policy_id"), nullable=False),
    Column("state", STATE, nullable=False),
    Column("files", BigInteger, nullable=False, default=0),
    Column("size_bytes", BigInteger, nullable=False, default=0),
    # What it needs on a disc at most, in sectors of 2,048 bytes.
    Column("sectors", BigInteger, nullable=False, default=0),
    Column("search_key", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("fonds", "series", "dossier"),
    UniqueConstraint("fonds", "series", "folder"),
    Index(None, "state"),
)

files = Table(
    "files",
    metadata,
    Column("file_id", ID, primary_key=True),
    Column("package_id", ID, ForeignKey("packages.package_id"), nullable=False),
    # Below the package's folder.
    Column("path", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("sha256", DIGEST, nullable=False),
    Column("sm3", String(64), nullable=False, default=""),
    Column("state", STATE, nullable=False),
    # `console.store.keys.search_key` of the path.
    Column("search_key", Text, nullable=False),
    UniqueConstraint("package_id", "path"),
    Index(None, "sha256"),
)

folders = Table(
    "folders",
    metadata,
    Column("package_id", ID, ForeignKey("packages.package_id"), nullable=False),
    # Below the package's folder; '' is the package's folder itself.
    Column("path", Text, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    PrimaryKeyConstraint("package_id", "path"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("refusal_id", ID, primary_key=True),
    Column("ingest_id", ID, ForeignKey("ingests.ingest_id"), nullable=False),
    Column("package_id", ID, ForeignKey("packages.package_id")),
    Column("path", Text, nullable=False),
    Column("code", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Index(None, "ingest_id"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", DIGEST, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("state", STATE, nullable=False),
    Column("landed_at", UtcTime, nullable=False),
    # When its digest was last read and agreed; unset when it must be read before a burn.
    Column("checked_at", UtcTime),
    Column("released_at", UtcTime),
)

# --- what was planned ---------------------------------------------------------------------------

plans = Table(
    "plans",
    metadata,
    Column("plan_id", ID, primary_key=True),
    Column("state", STATE, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", Text),
    Column("explanation", sa.JSON, nullable=False),
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
    UniqueConstraint("volume_id", "role"),
    Index(None, "state"),
    Index(None, "medium_id"),
)

# --- what the appliances report -----------------------------------------------------------------

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
)

# --- what was asked for -------------------------------------------------------------------------

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
