"""The words in which a placement is explained. Pure."""

from collections import Counter
from collections.abc import Iterable

from appliance.contract.states import MediumKind

WANTS = {
    MediumKind.DISC: "blank disc",
    MediumKind.DISK: "hard disk with room",
    MediumKind.TAPE: "tape with room",
}

_NAMED = 2
"""Appliances that are named with a reason; more are counted."""


def hours(seconds: float) -> str:
    """A span as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def grouped(reasons: Iterable[tuple[str, str]]) -> str:
    """(appliance, reason) pairs in one line: by reason, the commonest first."""
    pairs = list(reasons)
    counts = Counter(reason for _, reason in pairs)
    names: dict[str, list[str]] = {}
    for name, reason in pairs:
        names.setdefault(reason, []).append(name)
    parts = []
    for reason, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        who = ", ".join(names[reason]) if count <= _NAMED else f"{count} appliances"
        parts.append(f"{who}: {reason}")
    return "; ".join(parts)
