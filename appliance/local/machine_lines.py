"""The machine and its jobs in a few lines of text: what is alike shares a line."""

from collections.abc import Iterable, Iterator, Sequence

from appliance.contract.messages import (
    ErrorInfo,
    JobView,
    LibraryTelemetry,
    MagazineView,
    SlotView,
)


def machine_lines(picture: LibraryTelemetry) -> list[str]:
    """A line for each thing that does or lacks something; the names of the others together."""
    robots = (
        (f"robot {view.unit}".strip(), f"{view.state}{_doing(_deed(view.doing))}", view.error)
        for view in picture.robots
    )
    drives = (
        (
            f"{'printer' if view.prints else 'drive'} {view.drive}",
            f"{view.state}{_doing(view.medium_id)}",
            view.error,
        )
        for view in picture.drives
    )
    bays = (
        (f"bay {view.bay}", f"{view.state}{_doing(view.job_id)}", view.error)
        for view in picture.bays
    )
    return [
        *_lines(robots),
        *_lines(drives),
        *_lines(bays),
        *map(_magazine_line, picture.magazines),
        *_slot_lines(picture.slots),
    ]


def job_line(view: JobView) -> str:
    """One job, what it waits for, and why it failed."""
    waits = f", waits for {view.waiting_for}" if view.waiting_for else ""
    done = "" if view.fraction is None else f" {view.fraction:.0%}"
    return (
        f"job {view.job_id}: {view.verb} {view.state} {view.stage}{done}{waits}{_why(view.error)}"
    )


def _magazine_line(view: MagazineView) -> str:
    inside = f"{view.magazine_id}, {view.discs} discs" if view.magazine_id else "none"
    released = ", released" if view.released else ""
    return f"magazine at {view.place}: {inside}{released}{_why(view.error)}"


def _slot_lines(slots: Sequence[SlotView]) -> Iterator[str]:
    """How many slots there are of each kind, and how many are in use."""
    for kind in dict.fromkeys(view.kind for view in slots):
        of_kind = [view for view in slots if view.kind is kind]
        used = sum(view.medium_id is not None for view in of_kind)
        yield f"slots for a {kind}: {used} of {len(of_kind)} in use"


def _lines(things: Iterable[tuple[str, str, ErrorInfo | None]]) -> Iterator[str]:
    """`things` are name, state and fault of all of one kind."""
    alike: dict[tuple[str, str], list[str]] = {}
    for thing, state, error in things:
        kind, _, name = thing.partition(" ")
        alike.setdefault((kind, f"{state}{_why(error)}"), []).append(name)
    for (kind, state), names in alike.items():
        yield f"{f'{kind} {_listed(names)}'.strip()}: {state}"


def _listed(names: list[str]) -> str:
    return (
        ", ".join(names) if len(names) <= _NAMED_MAX else f"{names[0]} … {names[-1]} ({len(names)})"
    )


def _doing(what: str | None) -> str:
    return f", {what}" if what else ""


def _deed(doing: str) -> str:
    """What a robot does; the firmware's ``? s074`` is a look into a slot."""
    return f"looks into {doing[2:]}" if doing.startswith("? ") else doing


def _why(error: ErrorInfo | None) -> str:
    if error is None:
        return ""
    more = f" ({error.detail})" if error.detail else ""
    return f"  [{error.code}] {error.message}{more}"


_NAMED_MAX = 8
