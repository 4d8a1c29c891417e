"""The MQTT topics of one appliance: ``stele/<schema>/<site>/<appliance>/<leaf>``.

The schema version is part of every topic, so that a console can serve appliances of two
generations at once. Only features of MQTT 3.1.1 are used.
"""

import re
from dataclasses import dataclass

SCHEMA = 1
ROOT = f"stele/{SCHEMA}"

_LEVEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def check_level(name: str, what: str) -> str:
    """Return `name` if it may stand as one topic level.

    Raises:
        ValueError: the name is empty, longer than 64 characters or has a character other than
            ``a-z 0-9 . _ -``.
    """
    if not _LEVEL.fullmatch(name):
        raise ValueError(
            f"{what} {name[:80]!r} may hold only a-z, 0-9, '.', '_' and '-', at most 64 characters"
        )
    return name


@dataclass(frozen=True, slots=True)
class Topics:
    """Every topic of one appliance."""

    site: str
    appliance: str

    def __post_init__(self) -> None:
        check_level(self.site, "site")
        check_level(self.appliance, "appliance")

    @property
    def base(self) -> str:
        return f"{ROOT}/{self.site}/{self.appliance}"

    @property
    def status(self) -> str:
        """Retained, QoS 1; also the last will."""
        return f"{self.base}/status"

    def telemetry(self, group: str) -> str:
        """QoS 0; the newest value wins and a lost one is not missed."""
        return f"{self.base}/telemetry/{check_level(group, 'telemetry group')}"

    @property
    def event(self) -> str:
        """QoS 1, numbered without gaps within an epoch."""
        return f"{self.base}/event"

    @property
    def command(self) -> str:
        """QoS 1, console to appliance, idempotent by id."""
        return f"{self.base}/command"

    @property
    def reply(self) -> str:
        """QoS 1, one or more for each command."""
        return f"{self.base}/reply"


def parse_topic(topic: str) -> tuple[str, str, str]:
    """Split a topic of this schema into site, appliance and leaf (``telemetry/jobs`` is one leaf).

    Raises:
        ValueError: the topic is not one of this schema.
    """
    parts = topic.split("/", 4)
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT:
        raise ValueError(f"not a topic of {ROOT}: {topic[:120]!r}")
    return check_level(parts[2], "site"), check_level(parts[3], "appliance"), parts[4]


ALL_STATUS = f"{ROOT}/+/+/status"
ALL_TELEMETRY = f"{ROOT}/+/+/telemetry/+"
ALL_EVENTS = f"{ROOT}/+/+/event"
ALL_REPLIES = f"{ROOT}/+/+/reply"
