"""Where a magazine or a medium can be put in, from an appliance's newest picture."""

from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind, SlotState


@dataclass(frozen=True, slots=True)
class Place:
    """`name` is a magazine's place or a slot, empty when none is free; `lights` its slots."""

    appliance: str
    name: str = ""
    lights: tuple[str, ...] = ()


def magazine_place(appliance: str, snapshot: Any, before: str) -> Place | None:
    """A free place for a magazine, the one where it was `before` if that is free.

    None when the appliance takes no magazines.
    """
    picture = _picture(snapshot)
    if picture is None or not picture.magazines:
        return None
    free = [view.place for view in picture.magazines if view.magazine_id is None]
    if not free:
        return Place(appliance)
    name = before if before in free else min(free)
    return Place(appliance, name, tuple(_slots_of(picture, name, free)[:1]))


def _slots_of(picture: LibraryTelemetry, place: str, free: list[str]) -> list[str]:
    """The slots that a magazine would bring to a free place.

    They are away now. Where a unit has several free places, its slots that are away are shared
    among these in the order of their names, as places and slots are named along the cabinet.
    """
    unit = place.rpartition(".")[0]
    prefix = f"{unit}." if unit else ""
    away = sorted(
        view.slot
        for view in picture.slots
        if view.state is SlotState.AWAY
        and (view.slot.startswith(prefix) if prefix else "." not in view.slot)
    )
    mine = sorted(name for name in free if name.rpartition(".")[0] == unit)
    share = len(away) // len(mine)
    first = mine.index(place) * share
    return away[first : first + share]


def medium_place(
    appliance: str, snapshot: Any, before: str | None, kind: MediumKind
) -> Place | None:
    """An empty slot for a single medium, the one where it was `before` if that is empty.

    None when the appliance has no slots for its kind.
    """
    picture = _picture(snapshot)
    if picture is None:
        return None
    slots = [view for view in picture.slots if view.kind is kind]
    if not slots:
        return None
    empty = {v.slot for v in slots if v.state is SlotState.EMPTY and v.medium_id is None}
    if not empty:
        return Place(appliance)
    name = before if before in empty else min(empty)
    return Place(appliance, name, (name,))


def _picture(snapshot: Any) -> LibraryTelemetry | None:
    return msgspec.convert(snapshot, LibraryTelemetry) if snapshot is not None else None
