"""What stands between a policy and a fleet, and what would help. Pure."""

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    BLOCKS = "blocks"
    """The copies cannot be made until something is changed."""
    WAITS = "waits"
    """They can be made as soon as what is there works again."""
    WARNS = "warns"
    """They can be made, but not all is as it was asked for."""


class Problem(Struct, frozen=True):
    """One thing that is wrong, by its number in docs/errors.md.

    `missing` counts media (bytes where `medium_kind` takes many volumes), and is 0 where that
    is not what is wrong.
    """

    code: int
    severity: Severity
    policy_id: str
    roles: tuple[str, ...]
    message: str
    advice: str
    site: str = ""
    pool: str = ""
    medium_kind: str = ""
    missing: int = 0


def listed(names: "list[str] | tuple[str, ...]", most: int = 4) -> str:
    """Some names in a sentence: "a, b and 7 more"."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
