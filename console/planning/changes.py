"""What a person may ask to be different in a plan, and what was asked of it so far."""

from typing import Annotated

from msgspec import Meta, Struct

from appliance.contract.errors import SteleError

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Bytes = Annotated[int, Meta(ge=1 << 23, le=1 << 50)]
"""A disc's capacity: what a volume needs for itself is far less than the least."""


class CopyName(Struct, frozen=True, forbid_unknown_fields=True):
    """A copy of a plan: its volume, by id or label, and its role."""

    volume: Annotated[str, Meta(min_length=1, max_length=256)]
    role: Annotated[str, Meta(min_length=1, max_length=32)]


class Move(CopyName, frozen=True, forbid_unknown_fields=True):
    """A copy that is to go to an appliance ("site/name") and stay meant for it."""

    appliance: Id


class PlanChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different. What is not named stays as it is, if the rest allows it."""

    move: Annotated[list[Move], Meta(max_length=10_000)] = []
    pin: Annotated[list[CopyName], Meta(max_length=10_000)] = []
    """Copies that stay where they are meant to go, whatever else changes."""
    unpin: Annotated[list[CopyName], Meta(max_length=10_000)] = []
    leave_out: Annotated[list[Id], Meta(max_length=100_000)] = []
    """Dossiers (package ids) that wait for another plan."""
    take_in: Annotated[list[Id], Meta(max_length=100_000)] = []
    """Dossiers that were left out, or have landed since."""
    capacity_bytes: Bytes | None = None
    """Plan for discs of this capacity."""
    usual_capacity: bool = False
    """Plan for the discs that are there again."""

    def check(self) -> None:
        """Raises SteleError 5236 it asks for nothing, or for a thing and its contrary."""
        if self == PlanChange():
            raise SteleError(5236, "the change names nothing that is to be different")
        if self.capacity_bytes is not None and self.usual_capacity:
            raise SteleError(5236, "a capacity and the usual one cannot both be planned for")
        if both := set(self.leave_out) & set(self.take_in):
            raise SteleError(5236, f"dossier {min(both)} is to be left out and taken in")


class Pin(Struct, frozen=True):
    """A copy that a person put into an appliance."""

    volume_id: str
    role: str
    appliance: str


class Changes(Struct, frozen=True):
    """Everything that was asked of a plan: kept with it, and kept to when it is planned again."""

    pins: list[Pin] = []
    left_out: list[str] = []
    capacity_bytes: int | None = None

    def pinned(self) -> dict[tuple[str, str], str]:
        return {(pin.volume_id, pin.role): pin.appliance for pin in self.pins}
