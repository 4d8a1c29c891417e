"""What the rules of a policy may say, value by value."""

import re
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

T = TypeVar("T")

_END = r"$(?!\n)"
"""Python's `$` lets a line end pass."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
Name = Annotated[str, Meta(pattern=rf"^{NAME.pattern}{_END}")]
"""Of a policy, a pool or a namespace."""
Role = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9-]{{0,31}}{_END}")]
Digests = Annotated[list[Literal["sha256", "sm3"]], Meta(min_length=1, max_length=2)]
Days = Annotated[int, Meta(ge=0, le=365_250)]
RetentionWord = Annotated[str, Meta(min_length=1, max_length=32)]
Quantity = Literal["temperature", "humidity", "dust_pm1", "dust_pm2_5", "dust_pm4", "dust_pm10"]
"""What is measured around an appliance, in the words and units of its telemetry."""


class Rule(Struct, Generic[T], frozen=True, forbid_unknown_fields=True):
    """One value, and where it comes from: a clause, a page, or the word unconfirmed."""

    value: T
    source: Annotated[str, Meta(min_length=1, max_length=1_000)]


def by_itself(value: T) -> Rule[T]:
    """The rule where a policy says nothing."""
    return Rule(value, "not in the policy: what Stele does by itself")


class Protection(Struct, frozen=True, forbid_unknown_fields=True):
    """Volumes of a protection set: any `data` of them give back the others."""

    data: Annotated[int, Meta(ge=1, le=255)]
    parity: Annotated[int, Meta(ge=0, le=255)]


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How long packages are kept, by the word that each bears."""

    periods: dict[RetentionWord, Annotated[int, Meta(ge=0, le=10_000)]] = {}
    """Years for each word that a package may bear, 0 for ever; any word may stand if empty."""
    usual: RetentionWord = "permanent"
    """Of a package of which nobody said it."""


class Inspection(Struct, frozen=True, forbid_unknown_fields=True):
    """How often media of one kind are looked at, and how many of them each time."""

    every_days: Annotated[int, Meta(ge=1, le=36_525)]
    share: Annotated[float, Meta(gt=0, le=1)]


class Approval(Struct, frozen=True, forbid_unknown_fields=True):
    """Who lets a plan begin. By itself: if it takes no more than `discs_max` media of any kind."""

    by: Literal["person", "itself"] = "person"
    discs_max: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of one quantity, both inside; in the unit of its telemetry."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Tiers(Struct, frozen=True, forbid_unknown_fields=True):
    """How long packages stay on the fast tier (landing zone), and when copies go offline."""

    keep_days_after_archiving: Rule[Days] = by_itself(0)
    keep_days_after_use: Rule[Days] = by_itself(0)
    fetch_whole_after_uses: Rule[Annotated[int, Meta(ge=0, le=1_000_000)]] = by_itself(0)
    """Uses after which the whole package comes back to the fast tier; 0 for never."""
    offline_after_days: Rule[Days] = by_itself(0)
    """Days without use after which copies go to tier 3; 0 for never."""
    offline_roles: Rule[Annotated[list[Role], Meta(max_length=10)]] = by_itself(
        msgspec.convert([], list[str])
    )
    """Whose copies do; those of the others stay on tier 2."""
