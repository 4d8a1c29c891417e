"""The limits of the environment: a versioned file in which every number names its source."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.spelling import nearest

UNUSABLE = 5120

QUANTITIES = {
    "temperature": "°C",
    "humidity": "%RH",
    "dust_pm1": "µg/m³",
    "dust_pm2_5": "µg/m³",
    "dust_pm4": "µg/m³",
    "dust_pm10": "µg/m³",
    "voltage": "V",
    "current": "A",
    "power": "W",
}
"""Every measured quantity, and its unit."""


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """One number and where it comes from: a clause, a page, or who decided it."""

    value: float
    source: Annotated[str, Meta(min_length=1, max_length=300)]


class Positive(Struct, frozen=True, forbid_unknown_fields=True):
    """A number that is not negative, and where it comes from."""

    value: Annotated[float, Meta(ge=0, le=1e9)]
    source: Annotated[str, Meta(min_length=1, max_length=300)]


_NONE = Positive(0.0, "not set")


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of one quantity. What is not there is not checked."""

    unit: str = ""
    low: Number | None = None
    high: Number | None = None
    change_per_day: Positive | None = None
    hysteresis: Positive = _NONE
    hold_s: Positive = _NONE
    return_s: Positive = _NONE
    silent_s: Positive = Positive(30.0, "project default")
    stuck_s: Positive | None = None
    scatter: Positive | None = None
    scatter_part: Positive | None = None
    pauses_burning: bool = False

    def describe(self, unit: str) -> str:
        """The range in words; empty when there is none."""
        if self.low and self.high:
            return f"{self.low.value:g} to {self.high.value:g} {unit}"
        if self.high:
            return f"up to {self.high.value:g} {unit}"
        return f"from {self.low.value:g} {unit}" if self.low else ""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """All limits, under one version."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    title: Annotated[str, Meta(max_length=200)] = ""
    quantities: dict[str, Limits] = {}

    def limits(self, quantity: str) -> Limits:
        return self.quantities.get(quantity, Limits())

    def describe(self) -> str:
        """The limits in a sentence, for a person who checks a configuration."""
        ranges = [
            f"{name.replace('_', ' ')} {words}"
            for name, limits in self.quantities.items()
            if (words := limits.describe(QUANTITIES[name]))
        ]
        pausing = [name for name, limits in self.quantities.items() if limits.pauses_burning]
        title = f" ({self.title})" if self.title else ""
        return (
            f"Its air is judged by policy version {self.version}{title}: "
            f"{', '.join(ranges) or 'no limits'}; no burn begins outside the limits of "
            f"{', '.join(pausing) or 'nothing'}."
        )


def load_policy(file: Path | None) -> Policy:
    """Read and check a policy; without a file the one that comes with the firmware.

    Raises:
        SteleError: 5120 the file cannot be read, is no policy, or contradicts itself; the message
            names the file, what is wrong and the nearest valid key.
    """
    try:
        if file is None:
            text = files(__package__ or "").joinpath("standard.toml").read_text("utf-8")
        else:
            text = file.read_text("utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SteleError(
            UNUSABLE, f"the environment policy {file} cannot be read: {error}"
        ) from error
    return parse_policy(raw, str(file))


def parse_policy(raw: dict[str, object], name: str) -> Policy:
    """A checked policy. Raises as `load_policy` does."""
    if unknown := _unknown(raw):
        raise SteleError(UNUSABLE, f"{name}: {'; '.join(unknown)}")
    try:
        policy = msgspec.convert(raw, Policy)
    except msgspec.ValidationError as error:
        raise SteleError(UNUSABLE, f"{name}: {error}") from error
    if faults := _faults(policy):
        raise SteleError(UNUSABLE, f"{name}: {'; '.join(faults)}")
    return policy


def _unknown(raw: dict[str, object]) -> list[str]:
    """A clause for every mistyped key."""
    top = [field.name for field in msgspec.structs.fields(Policy)]
    known = [field.name for field in msgspec.structs.fields(Limits)]
    clauses = [f"unknown key {key!r}{nearest(key, top)}" for key in raw if key not in top]
    quantities = raw.get("quantities")
    for quantity, limits in quantities.items() if isinstance(quantities, dict) else ():
        if quantity not in QUANTITIES:
            clauses.append(f"unknown quantity {quantity!r}{nearest(quantity, QUANTITIES)}")
        for key in limits if isinstance(limits, dict) else ():
            if key not in known:
                clauses.append(
                    f"unknown key {key!r} in [quantities.{quantity}]{nearest(key, known)}"
                )
    return clauses


def _faults(policy: Policy) -> list[str]:
    faults = []
    for name, limits in policy.quantities.items():
        if limits.unit not in ("", QUANTITIES[name]):
            faults.append(f"[quantities.{name}] unit is {QUANTITIES[name]!r}, not {limits.unit!r}")
        if limits.low and limits.high:
            room = limits.high.value - limits.low.value
            if room <= 2 * limits.hysteresis.value:
                faults.append(f"[quantities.{name}] low and high leave no room for the hysteresis")
    return faults
