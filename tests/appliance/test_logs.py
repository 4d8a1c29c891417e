"""Log lines: one an event, whatever it says."""

import logging
import sys

from appliance.logs import OneLineFormatter


def test_a_traceback_stays_on_one_line() -> None:
    try:
        raise ZeroDivisionError("two\nlines")
    except ZeroDivisionError:
        record = logging.LogRecord(
            "appliance.x", logging.ERROR, "f", 1, "it %s\r\n", ("broke",), sys.exc_info()
        )
    line = OneLineFormatter().format(record)
    assert "\n" not in line
    assert "\r" not in line
    assert " ERROR appliance.x: it broke" in line
    assert "Traceback" in line
    assert "two | lines" in line


def test_times_are_utc() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "m", (), None)
    record.created = 0.0
    assert OneLineFormatter().format(record) == "1970-01-01T00:00:00Z INFO x: m"
