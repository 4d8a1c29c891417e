"""What a slot looks like: one of few kinds, each with its own colour, shape and word. Pure."""

import math
from dataclasses import dataclass

from appliance.contract.messages import SlotView
from appliance.contract.states import MediumState, SlotState

EMPTY = "empty"
UNKNOWN = "unknown"
KINDS = (
    MediumState.VERIFIED.value,
    MediumState.WRITTEN.value,
    MediumState.BURNING.value,
    MediumState.BLANK.value,
    MediumState.UNSEEN.value,
    MediumState.FOREIGN.value,
    MediumState.CONDEMNED.value,
    EMPTY,
    UNKNOWN,
)
"""In the order of the legend."""

POSITIONS_A_TIER = 50
PITCHES = POSITIONS_A_TIER + 1
"""One pitch is the gate, through which the arm reaches the drives."""
OUTER_RADIUS = 350.0
RING_DEPTH = 49.0
RING_GAP = 5.0


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
    faces: list[Face]


def kind_of(view: SlotView) -> str:
    """The kind that a slot shows; a disc that is away keeps its own."""
    if view.state is SlotState.UNKNOWN:
        return UNKNOWN
    if view.medium_id is None and view.state is SlotState.EMPTY:
        return EMPTY
    return (view.medium_state or MediumState.UNSEEN).value


def is_away(view: SlotView) -> bool:
    return view.state is SlotState.EMPTY and view.medium_id is not None


def draw_rings(slots: list[SlotView]) -> list[Ring]:
    """The turntable's tiers, 50 positions each, in the order in which the slots are reported."""
    tiers = [slots[i : i + POSITIONS_A_TIER] for i in range(0, len(slots), POSITIONS_A_TIER)]
    return [_draw_ring(number, tier) for number, tier in enumerate(tiers, 1)]


def _draw_ring(number: int, tier: list[SlotView]) -> Ring:
    outer = OUTER_RADIUS - (number - 1) * (RING_DEPTH + RING_GAP)
    middle = outer - RING_DEPTH / 2
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
    return Ring(number, round(middle, 1), _cell(outer, outer - RING_DEPTH), faces)


def _cell(outer: float, inner: float) -> str:
    """The outline of the cell at angle 0, a little narrower than its pitch, as an SVG path."""

    def at(radius: float, side: int) -> str:
        half = math.pi / PITCHES - 1.1 / radius
        return f"{side * radius * math.sin(half):.1f} {-radius * math.cos(half):.1f}"

    return (
        f"M{at(outer, -1)}A{outer:.0f} {outer:.0f} 0 0 1 {at(outer, 1)}"
        f"L{at(inner, 1)}A{inner:.0f} {inner:.0f} 0 0 0 {at(inner, -1)}Z"
    )
