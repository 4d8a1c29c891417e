"""Names of places that every cabinet has, and how a unit's places are called."""

GRIPPER = "gripper"
FLOOR = "floor"
OUTSIDE = "outside"
CROWDED = frozenset((FLOOR, OUTSIDE))
"""Places that can have any number of discs."""


def name_in(unit: str, local: str) -> str:
    """The full name of a unit's place: ``n03.s217``; a cabinet's only unit has no name."""
    return f"{unit}.{local}" if unit else local


def fault_name(fault: str, where: str) -> str:
    """The name of a lasting fault in `State.faults`: ``jam:n03``; plain for an only unit."""
    return f"{fault}:{where}" if where else fault
