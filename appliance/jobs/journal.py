"""The journal of jobs: an act's intent is on the disk before the act, its result after it.

`jobs` holds each job's present state, `acts` what was intended and what came of it, `answers` the
reply to every command ever heard, so that the same id gets the same answer. A job's step changes
in the transaction that closes its act, together with whatever else is then true.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlite_utils import Database, Migrations

from appliance.contract.messages import ErrorInfo, Reply
from appliance.jobs.batches import Batches
from appliance.jobs.records import JobRecord, decode_record, encode_record
from appliance.jobs.steps import Turn

MIGRATIONS = Migrations("jobs")


@MIGRATIONS()
def create_jobs(db: Database) -> None:
    for statement in (
        """CREATE TABLE answers (
            command_id TEXT PRIMARY KEY,
            reply BLOB NOT NULL) STRICT, WITHOUT ROWID""",
        """CREATE TABLE jobs (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            final INTEGER NOT NULL,
            record BLOB NOT NULL) STRICT""",
        "CREATE INDEX jobs_open ON jobs(number) WHERE NOT final",
        """CREATE TABLE acts (
            number INTEGER PRIMARY KEY,
            job_id TEXT NOT NULL REFERENCES jobs(id),
            step TEXT NOT NULL,
            medium_id TEXT,
            drive TEXT,
            intended_at TEXT NOT NULL,
            ended_at TEXT,
            turn TEXT,
            error TEXT) STRICT""",
        "CREATE INDEX acts_job ON acts(job_id)",
    ):
        db.conn.execute(statement)


class Journal:
    """The rows. Every method is one transaction, or part of the caller's."""

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        MIGRATIONS.apply(db)
        self._db = db
        self._now = now
        self.batches = Batches(db)

    def answer(self, command_id: str) -> Reply | None:
        """What was answered to this command before."""
        row = self._one("SELECT reply FROM answers WHERE command_id = ?", command_id)
        return msgspec.json.decode(row[0], type=Reply) if row else None

    def keep_answer(self, reply: Reply) -> None:
        self._db.conn.execute(
            "INSERT INTO answers VALUES (?, ?)", (reply.command_id, msgspec.json.encode(reply))
        )

    def add(self, record: JobRecord) -> None:
        self._db.conn.execute(
            "INSERT INTO jobs (id, final, record) VALUES (?, ?, ?)",
            (record.id, record.state.is_final, encode_record(record)),
        )
        self.batches.note(record, self._now())

    def save(self, record: JobRecord) -> None:
        """Replace the job's state."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE jobs SET final = ?, record = ? WHERE id = ?",
                (record.state.is_final, encode_record(record), record.id),
            )
            self.batches.note(record, self._now())

    def find(self, job_id: str) -> JobRecord | None:
        row = self._one("SELECT record FROM jobs WHERE id = ?", job_id)
        return decode_record(row[0]) if row else None

    def unfinished(self) -> list[JobRecord]:
        """Jobs that are not final, oldest first."""
        rows = self._db.conn.execute("SELECT record FROM jobs WHERE NOT final ORDER BY number")
        return [decode_record(row[0]) for row in rows]

    def intend(self, record: JobRecord) -> int:
        """Write down what the job is about to do; returns the act's number."""
        with self._db.atomic():
            cursor = self._db.conn.execute(
                "INSERT INTO acts (job_id, step, medium_id, drive, intended_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    record.id,
                    record.step,
                    record.medium_id,
                    record.drive,
                    self._now().isoformat(),
                ),
            )
        return cursor.lastrowid or 0

    def conclude(self, act: int, turn: Turn, error: ErrorInfo | None, after: JobRecord) -> None:
        """Write down what came of an act, and the job's state from now on."""
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE acts SET ended_at = ?, turn = ?, error = ? WHERE number = ?",
                (
                    self._now().isoformat(),
                    turn,
                    msgspec.json.encode(error).decode() if error else None,
                    act,
                ),
            )
            self.save(after)

    def _one(self, query: str, value: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.conn.execute(query, (value,)).fetchone()
        return row
