"""What lp and lpstat say, as CUPS 2.4.2 says it, and broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.printer import codec
from hal.drivers.printer.codec import Job, Queue, QueueState

IDLE = """\
printer disc is idle.  enabled since Sun Nov 22 18:04:25 2026
	Form mounted:
	Content types: any
	Printer types: unknown
	Description: disc
	Alerts: none
	Location:
"""
DISABLED = """\
printer bad disabled since Sun Nov 22 18:04:30 2026 -
	out of paper
	Form mounted:
	Alerts: paused media-empty-error
"""
JOBS = """\
disc-12                 root              1024   Sun Nov 22 18:04:26 2026
	Status: The printer may not exist or is unavailable at this time.
	Alerts: job-printing
	queued for disc
disc-13                 root              1024   Sun Nov 22 18:04:26 2026
	Status:
	Alerts: job-hold-until-specified
	queued for disc
"""


def test_the_request_is_read() -> None:
    assert codec.parse_request(["request id is disc-12 (1 file(s))"]) == "disc-12"
    assert codec.parse_request(["lp: Error - The printer or class does not exist."]) is None


def test_a_queue_is_read_with_its_reasons() -> None:
    assert codec.parse_queue(IDLE.splitlines(), "disc") == Queue(QueueState.IDLE)
    assert codec.parse_queue(DISABLED.splitlines(), "bad") == Queue(
        QueueState.DISABLED, frozenset({"paused", "media-empty-error"})
    )
    assert codec.parse_queue(IDLE.splitlines(), "other") is None


def test_jobs_are_read_with_their_own_reasons() -> None:
    first, second = codec.parse_jobs(JOBS.splitlines())
    assert first == Job("disc-12", frozenset({"job-printing"}))
    assert not codec.is_stuck(first)
    assert codec.is_stuck(second)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("media-empty-error", 3260),
        ("media-needed", 3260),
        ("marker-supply-empty-error", 3261),
        ("offline-report", 3262),
        ("cover-open-error", 3262),
        ("media-empty-warning", None),
        ("connecting-to-device", None),
        ("marker-supply-low-warning", None),
    ],
)
def test_reasons_that_stop_a_printer_have_numbers(reason: str, code: int | None) -> None:
    found = codec.classify_reasons(frozenset({reason}))
    assert (found[0] if found else None) == code


def test_a_job_that_failed_is_told_from_one_that_did_not() -> None:
    assert codec.was_aborted(Job("disc-1", frozenset({"aborted-by-system"})))
    assert not codec.was_aborted(Job("disc-1", frozenset({"job-completed-successfully"})))


@given(st.text())
def test_a_title_is_never_an_option_nor_two_lines(text: str) -> None:
    title = codec.title_of(text)
    assert title
    assert not title.startswith("-")
    assert title.isprintable()
    assert len(title) <= 60


LINES = st.lists(st.sampled_from((IDLE + DISABLED + JOBS).splitlines()) | st.text(max_size=60))


@given(LINES)
def test_any_lines_are_read_without_an_exception(lines: list[str]) -> None:
    queue = codec.parse_queue(lines, "disc")
    assert queue is None or isinstance(queue.state, QueueState)
    assert all("-" in job.request for job in codec.parse_jobs(lines))
    request = codec.parse_request(lines)
    assert request is None or request.rpartition("-")[2].isdecimal()
