"""A year of readings in little space: means, least and largest values over ever longer spans.

Three tiers: minutes for two days, ten minutes for five weeks, two hours for a little over a year.
Values are kept as whole steps of a hundredth, the least and the largest as distances from the mean,
so a row takes some twenty bytes. The file is apart from the journal: it may be lost, and what is
written every minute must not slow a job's commit.
"""

import math
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct
from sqlite_utils import Database, Migrations

from appliance.contract.errors import SteleError
from appliance.contract.messages.local import HistoryPoint, HistorySpan
from appliance.services.state import open_state

UNUSABLE = 5125
NO_SUCH_SERIES = 4034
STEPS = 100
"""Steps in one unit of the quantity."""

MIGRATIONS = Migrations("history")


class Tier(Struct, frozen=True):
    """One resolution, and how long it is kept."""

    name: str
    span_s: int
    kept: timedelta


TIERS = (
    Tier("minutes", 60, timedelta(hours=49)),
    Tier("tens", 600, timedelta(days=36)),
    Tier("hours", 7200, timedelta(days=400)),
)
_OF_SPAN = {
    HistorySpan.DAY: (TIERS[0], timedelta(days=1)),
    HistorySpan.MONTH: (TIERS[1], timedelta(days=31)),
    HistorySpan.YEAR: (TIERS[2], timedelta(days=366)),
}


@MIGRATIONS()
def create_history(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE series (
            number INTEGER PRIMARY KEY,
            sensor TEXT NOT NULL,
            quantity TEXT NOT NULL,
            UNIQUE (sensor, quantity)) STRICT"""
    )
    for tier in TIERS:
        db.conn.execute(
            f"""CREATE TABLE {tier.name} (
                series INTEGER NOT NULL,
                slot INTEGER NOT NULL,
                mean INTEGER NOT NULL,
                below INTEGER NOT NULL,
                above INTEGER NOT NULL,
                PRIMARY KEY (series, slot)) STRICT, WITHOUT ROWID"""
        )


class _Minute:
    """The readings of a minute that is not over."""

    __slots__ = ("count", "high", "low", "slot", "total")

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.total, self.count = 0.0, 0
        self.low, self.high = math.inf, -math.inf

    def add(self, value: float) -> None:
        self.total += value
        self.count += 1
        self.low, self.high = min(self.low, value), max(self.high, value)


class History:
    """Every series of one appliance. Used from the event loop's thread only."""

    def __init__(self, file: Path, now: Callable[[], datetime]) -> None:
        """Raises: SteleError: 5125 the file cannot be used."""
        try:
            self._db = open_state(file)
            self._db.execute("PRAGMA synchronous=NORMAL")
            MIGRATIONS.apply(self._db)
        except (SteleError, sqlite3.DatabaseError) as error:
            raise SteleError(UNUSABLE, f"the history {file} cannot be used", str(error)) from error
        self._now = now
        self._series: dict[tuple[str, str], int] = {
            (sensor, quantity): number
            for number, sensor, quantity in self._db.conn.execute("SELECT * FROM series")
        }
        self._minutes: dict[int, _Minute] = {}

    def close(self) -> None:
        """Write what there is of the minute under way, and let the file go."""
        for number, minute in self._minutes.items():
            self._keep(number, minute)
        self._minutes.clear()
        self._db.close()

    def note(self, sensor: str, quantity: str, value: float) -> None:
        """One reading of now. Infinite and not-a-number values are left out."""
        if not math.isfinite(value):
            return
        number = self._number(sensor, quantity)
        slot = int(self._now().timestamp()) // TIERS[0].span_s
        minute = self._minutes.get(number)
        if minute is None or minute.slot != slot:
            if minute is not None:
                self._keep(number, minute)
            minute = self._minutes[number] = _Minute(slot)
        minute.add(value)

    def query(self, sensor: str, quantity: str, span: HistorySpan) -> list[HistoryPoint]:
        """The last day, month or year, oldest first; spans without a reading are left out.

        Raises:
            SteleError: 4034 there is no such series.
        """
        number = self._series.get((sensor, quantity))
        if number is None:
            raise SteleError(
                NO_SUCH_SERIES, f"there is no history of {quantity[:80]!r} of {sensor[:80]!r}"
            )
        tier, much = _OF_SPAN[span]
        since = int((self._now() - much).timestamp()) // tier.span_s
        rows = self._db.conn.execute(
            f"SELECT slot, mean, below, above FROM {tier.name} "  # noqa: S608 - one of three names
            "WHERE series = ? AND slot > ? ORDER BY slot",
            (number, since),
        )
        return [
            HistoryPoint(
                datetime.fromtimestamp(slot * tier.span_s, UTC),
                mean / STEPS,
                (mean - below) / STEPS,
                (mean + above) / STEPS,
            )
            for slot, mean, below, above in rows
        ]

    def series(self) -> list[tuple[str, str]]:
        """Every sensor and quantity that there is a history of."""
        return sorted(self._series)

    def _number(self, sensor: str, quantity: str) -> int:
        number = self._series.get((sensor, quantity))
        if number is None:
            cursor = self._db.conn.execute(
                "INSERT INTO series (sensor, quantity) VALUES (?, ?)", (sensor, quantity)
            )
            number = self._series[sensor, quantity] = cursor.lastrowid or 0
        return number

    def _keep(self, number: int, minute: _Minute) -> None:
        """Write a minute, bring the longer spans that it is in up to date, forget what is old.

        A full or failing disk loses history, and nothing else.
        """
        mean = round(minute.total / minute.count * STEPS)
        below = max(0, mean - round(minute.low * STEPS))
        above = max(0, round(minute.high * STEPS) - mean)
        row = (number, minute.slot, mean, below, above)
        try:
            with self._db.atomic():
                self._db.conn.execute("REPLACE INTO minutes VALUES (?, ?, ?, ?, ?)", row)
                for finer, coarser in ((TIERS[0], TIERS[1]), (TIERS[1], TIERS[2])):
                    self._sum_up(number, minute.slot * TIERS[0].span_s, finer, coarser)
                if minute.slot % 60 == 0:
                    self._forget(number)
        except sqlite3.DatabaseError:
            self.lost = True

    lost = False
    """Whether something could not be written since the start."""

    def _sum_up(self, number: int, at_s: int, finer: Tier, coarser: Tier) -> None:
        slot = at_s // coarser.span_s
        factor = coarser.span_s // finer.span_s
        self._db.conn.execute(
            f"REPLACE INTO {coarser.name} "  # noqa: S608 - names of this module
            "SELECT ?1, ?2, m, m - least, most - m FROM ("
            "SELECT CAST(round(avg(mean)) AS INTEGER) m, min(mean - below) least, "
            f"max(mean + above) most FROM {finer.name} "
            "WHERE series = ?1 AND slot BETWEEN ?3 AND ?4)",
            (number, slot, slot * factor, slot * factor + factor - 1),
        )

    def _forget(self, number: int) -> None:
        for tier in TIERS:
            oldest = int((self._now() - tier.kept).timestamp()) // tier.span_s
            self._db.conn.execute(
                f"DELETE FROM {tier.name} WHERE series = ? AND slot < ?",  # noqa: S608 - as above
                (number, oldest),
            )
