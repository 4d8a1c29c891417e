"""What lp and lpstat say, as values. Pure; every input is untrusted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_REQUEST = re.compile(r"^request id is (\S{1,200}-\d{1,10}) \(\d+ file\(s\)\)$")
_JOB = re.compile(r"^(\S{1,200}-\d{1,10})\s")
_PRINTER = re.compile(r"^printer (\S+) (is idle|now printing|disabled)")
_UNKNOWN = ("does not exist", "invalid destination", "unknown destination", "no such file")
_NO_SCHEDULER = ("unable to connect", "scheduler is not running", "bad file descriptor")


class QueueState(Enum):
    IDLE = "is idle"
    PRINTING = "now printing"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Queue:
    """How a queue stands: its state and the keywords that tell why (RFC 8011, 5.4.12)."""

    state: QueueState
    reasons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Job:
    """One job as ``lpstat -l -o`` shows it."""

    request: str
    reasons: frozenset[str] = frozenset()


def print_argv(queue: str, title: str, image: str) -> tuple[str, ...]:
    return ("-d", queue, "-t", title, "-n", "1", "--", image)


def hold_argv(request: str) -> tuple[str, ...]:
    """Keep a job that failed from being printed later, on whatever disc lies in the tray then."""
    return ("-i", request, "-H", "hold")


def queue_argv(queue: str) -> tuple[str, ...]:
    return ("-l", "-p", queue)


def jobs_argv(queue: str, which: str) -> tuple[str, ...]:
    """`which`: ``not-completed`` or ``completed``."""
    return ("-l", "-W", which, "-o", queue)


def title_of(text: str, limit: int = 60) -> str:
    """A job's title that no program takes for an option or a second line."""
    kept = "".join(c if c.isprintable() else " " for c in text).strip().lstrip("-")
    return kept[:limit] or "label"


def parse_request(lines: Sequence[str]) -> str | None:
    """The id of the job that lp made."""
    for line in lines:
        if found := _REQUEST.match(line.strip()):
            return found[1]
    return None


def parse_queue(lines: Sequence[str], queue: str) -> Queue | None:
    """How the queue stands; `None` when the lines do not tell."""
    for number, line in enumerate(lines):
        found = _PRINTER.match(line)
        if found and found[1] == queue:
            return Queue(QueueState(found[2]), _alerts(lines[number + 1 :], _PRINTER))
    return None


def parse_jobs(lines: Sequence[str]) -> tuple[Job, ...]:
    """The jobs with their reasons; lines that belong to no job are passed over."""
    jobs = []
    for number, line in enumerate(lines):
        if found := _JOB.match(line):
            jobs.append(Job(found[1], _alerts(lines[number + 1 :], _JOB)))
    return tuple(jobs)


def _alerts(lines: Sequence[str], next_one: re.Pattern[str]) -> frozenset[str]:
    for line in lines:
        if next_one.match(line):
            break
        name, _, value = line.strip().partition(":")
        if name == "Alerts":
            return frozenset(word for word in value.split() if word != "none")
    return frozenset()


def was_aborted(job: Job) -> bool:
    """Whether a job that has left the queue says that it failed. CUPS 2.4 does not always say."""
    return any(
        reason.startswith(("aborted-", "job-canceled-", "job-completed-with-errors"))
        or reason in ("document-unprintable-error", "document-format-error")
        for reason in job.reasons
    )


def is_stuck(job: Job) -> bool:
    """Whether a job in the queue will not be printed unless somebody does something."""
    return any(r.startswith(("job-hold", "printer-stopped", "job-stopped")) for r in job.reasons)


def classify_reasons(reasons: frozenset[str]) -> tuple[int, str] | None:
    """What a printer's reasons mean that stop it; `None` when none of them does."""
    for prefixes, code, reason in (
        (("media-empty", "media-needed", "input-tray-missing"), 3260, "there is no disc in it"),
        (("marker-supply-empty", "toner-empty"), 3261, "it is out of ink"),
        (("offline", "shutdown", "timed-out"), 3262, "it is offline"),
        (("stopped", "cover-open", "door-open", "media-jam"), 3262, "it has stopped"),
    ):
        if any(r.startswith(prefixes) and not r.endswith("-warning") for r in reasons):
            return code, reason
    return None


def is_unknown_queue(lines: Sequence[str]) -> bool:
    text = " ".join(lines).lower()
    return any(words in text for words in _UNKNOWN)


def has_no_scheduler(lines: Sequence[str]) -> bool:
    text = " ".join(lines).lower()
    return any(words in text for words in _NO_SCHEDULER)
