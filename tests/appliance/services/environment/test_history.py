"""A year of readings: exact where it is near, small where it is far."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages.local import HistorySpan
from appliance.services.environment.history import TIERS, History

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Diary:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "history.db"
        self.now = BEGAN
        self.open()

    def open(self) -> None:
        self.history = History(self.file, lambda: self.now)
        self.history._db.execute("PRAGMA synchronous=OFF")

    def write(self, *values: float, every_s: float = 60.0) -> None:
        for value in values:
            self.history.note("climate", "temperature", value)
            self.now += timedelta(seconds=every_s)

    def means(self, span: HistorySpan) -> list[float]:
        return [point.mean for point in self.history.query("climate", "temperature", span)]


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    return Diary(tmp_path)


def test_a_minute_has_its_mean_least_and_largest(diary: Diary) -> None:
    diary.write(20.0, 21.0, 19.5, 20.5, 20.0, 19.0, every_s=10)
    diary.write(30.0)
    (point,) = diary.history.query("climate", "temperature", HistorySpan.DAY)
    assert (point.at, point.mean, point.low, point.high) == (BEGAN, 20.0, 19.0, 21.0)


@pytest.mark.parametrize(
    ("span", "minutes"), [(HistorySpan.DAY, 1), (HistorySpan.MONTH, 10), (HistorySpan.YEAR, 120)]
)
def test_every_span_sums_up_the_same_readings(
    diary: Diary, span: HistorySpan, minutes: int
) -> None:
    values = [20.0 + 5 * math.sin(minute / 50) for minute in range(480)]
    diary.write(*values)
    diary.write(0.0)
    points = diary.history.query("climate", "temperature", span)
    assert len(points) == 480 // minutes
    for number, point in enumerate(points):
        part = values[number * minutes : (number + 1) * minutes]
        assert point.at == BEGAN + timedelta(minutes=number * minutes)
        assert point.mean == pytest.approx(sum(part) / len(part), abs=0.011)
        assert point.low == pytest.approx(min(part), abs=0.011)
        assert point.high == pytest.approx(max(part), abs=0.011)


def test_a_restart_loses_nothing(diary: Diary) -> None:
    diary.write(*[20.0] * 65)
    diary.history.close()
    diary.open()
    diary.write(*[22.0] * 55)
    diary.write(0.0)
    assert diary.means(HistorySpan.YEAR) == [pytest.approx(20.92, abs=0.01)]
    assert len(diary.means(HistorySpan.DAY)) == 120


def test_what_was_not_measured_is_a_gap_and_not_a_line(diary: Diary) -> None:
    diary.write(20.0, 20.0)
    diary.now += timedelta(hours=3)
    diary.write(21.0, 21.0)
    points = diary.history.query("climate", "temperature", HistorySpan.DAY)
    assert [point.at for point in points] == [
        BEGAN,
        BEGAN + timedelta(minutes=1),
        BEGAN + timedelta(hours=3, minutes=2),
    ]


def test_values_of_every_size_and_sign_are_kept(diary: Diary) -> None:
    diary.write(-40.05, 0.0, 99_999.99, 1e-9, math.nan, math.inf, 7.0)
    assert diary.means(HistorySpan.DAY) == [-40.05, 0.0, 99_999.99, 0.0]


def test_each_tier_is_kept_for_its_time_and_a_year_is_small(diary: Diary) -> None:
    """Every third hour is measured, so that a year passes in seconds."""
    for _ in range(380 * 8):
        diary.write(20.0, 20.1)
        diary.now += timedelta(minutes=178)
    assert 360 * 8 <= len(diary.means(HistorySpan.YEAR)) <= 366 * 8
    assert 30 * 8 <= len(diary.means(HistorySpan.MONTH)) <= 31 * 8 + 2
    counts = {
        tier.name: diary.history._db.conn.execute(f"SELECT count(*) FROM {tier.name}").fetchone()[0]
        for tier in TIERS
    }
    assert counts["minutes"] <= 50 * 2
    assert counts["tens"] <= 37 * 8


def test_a_row_takes_few_bytes(diary: Diary) -> None:
    diary.write(*[20.0 + math.sin(minute / 100) for minute in range(49 * 60)])
    diary.history.close()
    rows = 49 * 60 * (1 + 1 / 10 + 1 / 120)
    assert diary.file.stat().st_size / rows < 32, "a year of 12,924 rows stays under 400 KB"


def test_an_unknown_series_is_a_numbered_error(diary: Diary) -> None:
    with pytest.raises(SteleError, match="4034"):
        diary.history.query("climate", "temperature", HistorySpan.DAY)


def test_a_damaged_file_is_a_numbered_error(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"x" * 5000)
    with pytest.raises(SteleError, match="5125"):
        History(tmp_path / "history.db", lambda: BEGAN)
