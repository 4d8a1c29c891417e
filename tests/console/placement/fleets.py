"""Small fleets and copies for tests of placement."""

from appliance.contract.states import MediumKind
from console.placement.fleet import Pace, Room, Wanted, Writer

GB = 1_000_000_000
PACE = Pace(10e6, 10e6, 100.0)
"""A full disc of 5 GB takes 1,100 s."""


def writer(
    name: str,
    blanks: int = 10,
    *,
    drives: int = 1,
    size_bytes: int = 5 * GB,
    kind: MediumKind = MediumKind.DISC,
    **more: object,
) -> Writer:
    """An appliance "site/name" with blanks of one size."""
    rooms = (Room(size_bytes, size_bytes),) * blanks
    values = {"pace": PACE, **more}
    return Writer(name, name.partition("/")[0], kind, drives, rooms, **values)  # type: ignore[arg-type]


def copy(name: str, size_bytes: int = 5 * GB, **more: object) -> Wanted:
    """A copy by its name "volume-role"."""
    volume, _, role = name.partition("-")
    return Wanted(name, volume, role or "use", size_bytes, **more)  # type: ignore[arg-type]
