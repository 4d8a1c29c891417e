"""Jobs that were ordered together, and how far they have come, also across restarts."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlite_utils import Database, Migrations

from appliance.contract.messages import BatchView
from appliance.contract.messages.values import Batch
from appliance.contract.states import JobState
from appliance.jobs.records import JobRecord

SHOWN_AFTER_END = timedelta(minutes=2)
"""How long a batch is still shown when its last job has ended."""

OPEN_SHARE = 0.9
"""What a job that moved all its bytes counts: a label may be to print, a disc to bring home."""
PACED_FROM = 8
"""From so many jobs on it is known how often one ends, with all that waits for the one printer."""

MIGRATIONS = Migrations("batches")


@MIGRATIONS()
def create_batches(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE batch_jobs (
            job_id TEXT PRIMARY KEY,
            batch_id TEXT NOT NULL,
            size INTEGER NOT NULL,
            began_at TEXT,
            ended_at TEXT,
            state TEXT NOT NULL) STRICT, WITHOUT ROWID"""
    )
    db.conn.execute("CREATE INDEX batch_jobs_batch ON batch_jobs(batch_id)")


class Batches:
    """The rows: each job of a batch, as it stands."""

    def __init__(self, db: Database) -> None:
        MIGRATIONS.apply(db)
        self._db = db

    def note(self, record: JobRecord, now: datetime) -> None:
        """Keep a job's state, in the transaction that changes it."""
        batch: Batch | None = getattr(record.body, "batch", None)
        if batch is None:
            return
        began_at = None if record.state is JobState.WAITING else now.isoformat()
        ended_at = now.isoformat() if record.state.is_final else None
        self._db.conn.execute(
            "INSERT INTO batch_jobs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(job_id) DO UPDATE SET "
            "began_at = coalesce(began_at, excluded.began_at), "
            "ended_at = coalesce(ended_at, excluded.ended_at), state = excluded.state",
            (record.id, batch.batch_id, batch.size, began_at, ended_at, record.state),
        )

    def views(self, now: datetime, fractions: Mapping[str, float]) -> list[BatchView]:
        """Every batch under way, and those that ended a moment ago; `fractions` by job."""
        rows = self._db.conn.execute(
            "SELECT DISTINCT batch_id FROM batch_jobs WHERE ended_at IS NULL OR ended_at > ? "
            "ORDER BY batch_id",
            ((now - SHOWN_AFTER_END).isoformat(),),
        ).fetchall()
        return [self._view(str(row[0]), now, fractions) for row in rows]

    def _view(self, batch_id: str, now: datetime, fractions: Mapping[str, float]) -> BatchView:
        jobs = self._db.conn.execute(
            "SELECT job_id, size, began_at, ended_at, state FROM batch_jobs WHERE batch_id = ?",
            (batch_id,),
        ).fetchall()
        states = {str(job_id): JobState(state) for job_id, *_, state in jobs}
        size = max(len(jobs), *(int(row[1]) for row in jobs))
        over = sum(state.is_final for state in states.values())
        open_jobs = [job_id for job_id, state in states.items() if not state.is_final]
        moved = sum(fractions.get(job_id, 0.0) for job_id in open_jobs)
        fraction = (over + OPEN_SHARE * moved) / size
        done = sum(state is JobState.DONE for state in states.values())
        return BatchView(
            batch_id=batch_id,
            size=size,
            done=done,
            failed=over - done,
            fraction=min(1.0, fraction),
            seconds_left=_seconds_left(
                [row[2] for row in jobs], [row[3] for row in jobs], size, now, fraction
            ),
        )


def _seconds_left(
    began: Iterable[str | None],
    ended: Iterable[str | None],
    size: int,
    now: datetime,
    fraction: float,
) -> float | None:
    """By how often a job ended so far; in proportion while few have; unknown before anything."""
    first = min((instant for instant in began if instant), default=None)
    if first is None or fraction <= 0:
        return None
    since = datetime.fromisoformat(first)
    ends = [instant for instant in ended if instant]
    if len(ends) < PACED_FROM:
        return max(0.0, (now - since).total_seconds() * (1 - fraction) / fraction)
    last = datetime.fromisoformat(max(ends))
    left_s = (last - since).total_seconds() / len(ends) * (size - len(ends))
    return max(0.0, left_s - (now - last).total_seconds())
