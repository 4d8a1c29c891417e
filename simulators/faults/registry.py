"""What can go wrong, by name. The faults of a device live beside the device.

A module called `faults` in a package below `simulators.devices` or `simulators.links` says what
can befall that device, by calling `register` or `register_lasting` when it is imported; the
cabinet's own are in `simulators.faults`. `simulators.faults.fault` finds them all.

`where` names a place or part ("d1", "s001", "n03", "front") or a disc by its serial. A fault
lasts until it is lifted with `lift = true`, or for good where that is its nature.
"""

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from simulators.world.places import fault_name

if TYPE_CHECKING:
    from simulators.cabinet import Cabinet


class FaultError(Exception):
    """A fault that makes no sense here; the text says why."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault. `sector` and `sectors` say where on a disc; `value` how much, in its own unit."""

    what: str
    where: str = ""
    sector: int | None = None
    sectors: int = 16
    lift: bool = False
    value: float | None = None


Act = Callable[["Cabinet", Fault], str]
"""Brings a fault about, or lifts it; one line that says what was done. Raises FaultError."""
Places = Callable[["Cabinet"], Collection[str]]


@dataclass(frozen=True)
class Known:
    act: Act
    help: str
    """What it does, and what `where` and `value` are."""


MOST_NAMED = 100
"""Words that a question for the right one lists."""

FAULTS: dict[str, Known] = {}
"""All faults by name."""


def register(what: str, act: Act, help: str) -> None:  # noqa: A002  # as argparse and click call it
    """Make a fault known. Raises ValueError: the name is taken."""
    if what in FAULTS:
        raise ValueError(f"fault {what!r} is known already")
    FAULTS[what] = Known(act, help)


def register_lasting(what: str, places: Places | None, help: str) -> None:  # noqa: A002
    """Make a fault known that is a name in `State.faults` while it lasts.

    The name is `what`, or `what:where` for a fault that befalls one of several `places`.
    """
    register(what, lambda cabinet, fault: mark(cabinet, fault, places), help)


def mark(cabinet: "Cabinet", fault: Fault, places: Places | None = None) -> str:
    """Let a lasting fault begin or end."""
    if places is not None:
        require_place(fault, places(cabinet))
    name = fault_name(fault.what, fault.where if places else "")
    if fault.lift:
        cabinet.world.state.faults.pop(name, None)
        return f"{name} is lifted"
    cabinet.world.state.faults[name] = {}
    return f"{name} begins"


def require_place(fault: Fault, places: Collection[str]) -> None:
    """Raises FaultError: `where` is none of these; it names the nearest."""
    if list(places) == [""] and fault.where:
        raise FaultError(
            f"{fault.what} needs no place: there is one such part, not {fault.where!r}"
        )
    if fault.where not in places:
        raise FaultError(f"{fault.what} needs a place: {nearest(fault.where, places)}")


def find(what: str) -> Known:
    """Raises FaultError: there is no such fault; it names the nearest."""
    if what not in FAULTS:
        raise FaultError(f"no fault {what!r}; {nearest(what, FAULTS)}")
    return FAULTS[what]


def nearest(word: str, words: Iterable[str]) -> str:
    """A question for the nearest of these words, and what there is."""
    known = sorted(words)
    close = difflib.get_close_matches(word, known, 1)
    told = f"there are {len(known)}"
    if len(known) <= MOST_NAMED:
        told = f"there are: {', '.join(known)}"
    return f"did you mean {close[0]!r}? {told}" if close else told
