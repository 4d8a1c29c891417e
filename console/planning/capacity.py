"""How much the discs hold that a plan may count on. Pure, from what the fleet last reported."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind
from appliance.volume.sizing import FIXED_SECTORS
from console.planner.package import SECTOR_BYTES, Capacity
from console.rules.policy import Policy


class Blanks(Struct, frozen=True):
    """Blank discs in the fleet: bytes of each whose capacity a drive has reported, and the rest."""

    reported: dict[int, int]
    """Discs by capacity in bytes."""
    unreported: int

    @property
    def count(self) -> int:
        return sum(self.reported.values()) + self.unreported


class CapacityChoice(Struct, frozen=True):
    """The discs a plan is made for, and why."""

    usual_bytes: int
    largest_bytes: int
    source: str

    @property
    def sectors(self) -> Capacity:
        return Capacity(
            self.usual_bytes // SECTOR_BYTES, self.largest_bytes // SECTOR_BYTES, FIXED_SECTORS
        )


def blanks_of(libraries: Iterable[LibraryTelemetry]) -> Blanks:
    """Count the blank discs of all libraries."""
    reported: Counter[int] = Counter()
    unreported = 0
    for library in libraries:
        for slot in library.slots:
            if slot.medium_state is None or not slot.medium_state.may_be_burned:
                continue
            if slot.kind is not MediumKind.DISC:
                continue
            if slot.capacity_bytes:
                reported[slot.capacity_bytes] += 1
            else:
                unreported += 1
    return Blanks(dict(reported), unreported)


def choose_capacity(policy: Policy, blanks: Blanks) -> CapacityChoice:
    """Plan for the commonest blank disc that drives have reported, else for the nominal one.

    A dossier too large for it may go on the largest kind of which there is a disc for every copy.
    """
    if not policy.disc_copies:
        nominal = policy.nominal_capacity_bytes.value
        source = f"no copy is on a disc: a volume has at most {nominal / 1e9:.1f} GB"
        return CapacityChoice(nominal, nominal, source)
    if not blanks.reported:
        nominal = policy.nominal_capacity_bytes.value
        margin = policy.capacity_margin_bytes.value
        source = (
            f"no drive has reported a blank disc yet: {nominal / 1e9:.1f} GB are taken for granted,"
            f" less {margin / 1e9:.1f} GB as a margin"
        )
        return CapacityChoice(nominal - margin, nominal - margin, source)
    usual = max(blanks.reported, key=lambda size: (blanks.reported[size], -size))
    copies = policy.disc_copies
    enough = [size for size, discs in blanks.reported.items() if discs >= copies]
    source = f"drives have reported {blanks.reported[usual]} blank discs of {usual / 1e9:.1f} GB"
    return CapacityChoice(usual, max([usual, *enough]), source)


def wished_capacity(capacity_bytes: int, blanks: Blanks) -> CapacityChoice:
    """Plan for the discs that a person asked for."""
    there = sum(count for size, count in blanks.reported.items() if size >= capacity_bytes)
    size = f"{capacity_bytes / 1e9:.1f} GB"
    source = f"a person asked for discs of {size}, of which drives have reported {there}"
    return CapacityChoice(capacity_bytes, capacity_bytes, source)
