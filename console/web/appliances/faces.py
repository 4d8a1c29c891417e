"""What a slot looks like: one of few kinds, each with its own colour, shape and word. Pure."""

import math
from dataclasses import dataclass

from appliance.contract.messages import SlotView
from appliance.contract.states import MediumState, SlotState

EMPTY = "empty"
UNKNOWN = "unknown"
OFFLINE = "offline"
"""Its magazine has been taken out."""
KINDS = (
    MediumState.VERIFIED.value,
    MediumState.WRITTEN.value,
    MediumState.BURNING.value,
    MediumState.BLANK.value,
    MediumState.UNSEEN.value,
    MediumState.FOREIGN.value,
    MediumState.CONDEMNED.value,
    OFFLINE,
    EMPTY,
    UNKNOWN,
)
"""In the order of the legend."""

POSITIONS_A_TIER = 50
PITCHES = POSITIONS_A_TIER + 1
"""One pitch is the gate, through which the arm reaches the drives."""
OUTER_RADIUS = 350.0
RING_PITCH = 54.0
RING_GAP = 5.0
HUB_RADIUS = 126.0
"""The middle stays free for the robot."""
TIERS_MAX = 12
"""More tiers than that are drawn as a wall of slots."""


@dataclass(frozen=True, slots=True)
class Face:
    """One slot, ready to draw: `x` and `y` are the middle of its cell, the gate is up."""

    slot: str
    position: int
    kind: str
    away: bool
    """Its disc is in a drive or in the gripper."""
    label: str
    angle_deg: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Ring:
    """One tier of the turntable, seen from above; the first is drawn outermost."""

    number: int
    radius: float
    cell: str
    mark: float
    """Width of the mark in a cell."""
    faces: list[Face]


@dataclass(frozen=True, slots=True)
class WallSlot:
    """One slot of a wall."""

    view: SlotView
    kind: str
    away: bool


def draw_wall(slots: list[SlotView]) -> list[WallSlot]:
    """The slots of a module as they are numbered; nothing for a turntable."""
    if is_turntable(slots):
        return []
    return [WallSlot(view, kind_of(view), is_away(view)) for view in slots]


def kind_of(view: SlotView) -> str:
    """The kind that a slot shows; a disc that is away keeps its own."""
    if view.state is SlotState.UNKNOWN:
        return UNKNOWN
    if view.state is SlotState.AWAY:
        return OFFLINE
    if view.medium_id is None and view.state is SlotState.EMPTY:
        return EMPTY
    return (view.medium_state or MediumState.UNSEEN).value


def is_away(view: SlotView) -> bool:
    return view.state is SlotState.EMPTY and view.medium_id is not None


def draw_rings(slots: list[SlotView]) -> list[Ring]:
    """The turntable's tiers, 50 positions each, in the order in which the slots are reported.

    Nothing for what is no turntable: see `is_turntable`.
    """
    if not is_turntable(slots):
        return []
    tiers = [slots[i : i + POSITIONS_A_TIER] for i in range(0, len(slots), POSITIONS_A_TIER)]
    pitch = min(RING_PITCH, (OUTER_RADIUS - HUB_RADIUS) / len(tiers))
    return [_draw_ring(number, tier, pitch) for number, tier in enumerate(tiers, 1)]


def is_turntable(slots: list[SlotView]) -> bool:
    """Whether the slots are drawn as rings, and not as a wall."""
    return 0 < len(slots) <= TIERS_MAX * POSITIONS_A_TIER


def _draw_ring(number: int, tier: list[SlotView], pitch: float) -> Ring:
    outer = OUTER_RADIUS - (number - 1) * pitch
    inner = outer - pitch + RING_GAP
    middle = (outer + inner) / 2
    faces = []
    for position, view in enumerate(tier, 1):
        angle = 2 * math.pi * position / PITCHES
        faces.append(
            Face(
                slot=view.slot,
                position=position,
                kind=kind_of(view),
                away=is_away(view),
                label=view.label or view.volume_id or "",
                angle_deg=round(math.degrees(angle), 2),
                x=round(middle * math.sin(angle), 1),
                y=round(-middle * math.cos(angle), 1),
            )
        )
    mark = round(min(17.0, (outer - inner) * 0.7), 1)
    return Ring(number, round(middle, 1), _cell(outer, inner), mark, faces)


def _cell(outer: float, inner: float) -> str:
    """The outline of the cell at angle 0, a little narrower than its pitch, as an SVG path."""

    def at(radius: float, side: int) -> str:
        half = math.pi / PITCHES - 1.1 / radius
        return f"{side * radius * math.sin(half):.1f} {-radius * math.cos(half):.1f}"

    return (
        f"M{at(outer, -1)}A{outer:.0f} {outer:.0f} 0 0 1 {at(outer, 1)}"
        f"L{at(inner, 1)}A{inner:.0f} {inner:.0f} 0 0 0 {at(inner, -1)}Z"
    )
