"""What came in: ingests, packages with their files and folders, contents, uploads under way."""

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
from console.store.schema.base import DIGEST, ID, STATE, metadata, only_where

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
    Column("namespace", ID, nullable=False, server_default="default"),
    Column("created_by", Text, nullable=False, server_default=""),
    # Everything is this one dossier; unset where each first-level folder is one.
    Column("dossier", Text),
    # By which new dossiers are kept.
    Column("policy_id", ID),
    Column("files_taken", BigInteger, nullable=False, server_default="0"),
    Column("bytes_taken", BigInteger, nullable=False, server_default="0"),
    Column("files_known", BigInteger, nullable=False, server_default="0"),
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
    Column("namespace", ID, nullable=False, server_default="default"),
    # What rules other than fonds and series may group by; unset where nobody said.
    Column("year", Integer),
    Column("retention", String(32), nullable=False, server_default=""),
    # Descriptive metadata: element -> text or list of texts.
    Column("description", sa.JSON),
    # When and how often somebody asked for any of it.
    Column("used_at", UtcTime),
    Column("uses", BigInteger, nullable=False, server_default="0"),
    # The fast tier keeps it until then, although media hold it; unset for no longer.
    Column("warm_until", UtcTime),
    # Where the last sweep found it: 1 fast, 2 long-term, 3 offline.
    Column("tier", Integer),
    # Its place in the index of searches; unset when that must take it in, anew or at all.
    Column("number", BigInteger),
    UniqueConstraint("fonds", "series", "dossier"),
    UniqueConstraint("fonds", "series", "folder"),
    Index(None, "state"),
    Index(None, "number", unique=True),
    Index("ix_packages_unnumbered", "package_id", **only_where("number IS NULL")),
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
    # Of the item that the file is: a title and descriptive metadata, where the sender gave them.
    Column("title", Text, nullable=False, server_default=""),
    Column("description", sa.JSON),
    # Its place in the index of searches; unset when that must take it in, anew or at all.
    Column("number", BigInteger),
    UniqueConstraint("package_id", "path"),
    Index(None, "sha256"),
    Index(None, "number", unique=True),
    Index("ix_files_unnumbered", "file_id", **only_where("number IS NULL")),
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
    # What the landing zone holds is added up from this, however much it has let go of.
    Index(
        "ix_blobs_landed_size_bytes",
        "size_bytes",
        sqlite_where=sa.text("state = 'landed'"),
        postgresql_where=sa.text("state = 'landed'"),
    ),
)

ingest_packages = Table(
    "ingest_packages",
    metadata,
    Column("ingest_id", ID, ForeignKey("ingests.ingest_id"), nullable=False),
    Column("package_id", ID, ForeignKey("packages.package_id"), nullable=False),
    # Whether an ingest had left it unfinished: then newer contents take the place of older ones.
    Column("was_open", Boolean, nullable=False),
    # Summed up since this ingest last added to it.
    Column("is_closed", Boolean, nullable=False),
    PrimaryKeyConstraint("ingest_id", "package_id"),
)

notices = Table(
    "notices",
    metadata,
    # What a sender said of a file before it comes: below the ingest's root. What is said of a
    # dossier stands under its title with '/' behind it.
    Column("ingest_id", ID, ForeignKey("ingests.ingest_id"), nullable=False),
    Column("path", Text, nullable=False),
    # Whether it is to come: what is only described need not.
    Column("is_promised", Boolean, nullable=False),
    Column("size_bytes", BigInteger),
    Column("sha256", DIGEST),
    Column("title", Text),
    # Descriptive metadata; of a dossier also its year and retention.
    Column("details", sa.JSON),
    PrimaryKeyConstraint("ingest_id", "path"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", ID, primary_key=True),
    Column("ingest_id", ID, ForeignKey("ingests.ingest_id"), nullable=False),
    # Below the ingest's root.
    Column("path", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    # So many bytes are on the disk, whatever happens.
    Column("offset_bytes", BigInteger, nullable=False, server_default="0"),
    Column("state", STATE, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("ingest_id", "path"),
)
