"""The places of one cabinet by name: what its profile and its extent make of each other."""

from dataclasses import dataclass, field

from simulators.world.description import Description, Extent
from simulators.world.places import CROWDED, GRIPPER, name_in

FRONT = "front"


@dataclass(frozen=True)
class Unit:
    """One node or module, or the whole of a cabinet that has no such parts."""

    name: str
    """Empty for a cabinet's only unit."""
    slots: tuple[str, ...]
    """Full names, in order."""
    stations: tuple[str, ...] = ()
    """What the robot reaches through the gate, from the top: drives, then the printer."""
    magazines: tuple[str, ...] = ()
    """Full names of the places of magazines."""
    has_robot: bool = False

    @property
    def gripper(self) -> str:
        return name_in(self.name, GRIPPER)


@dataclass(frozen=True)
class Layout:
    """All places of a cabinet."""

    units: dict[str, Unit]
    drives: tuple[str, ...]
    printers: tuple[str, ...]
    doors: tuple[str, ...]
    bays: tuple[str, ...]
    tape_slots: tuple[str, ...]
    tape_drives: tuple[str, ...]
    _unit_of: dict[str, str] = field(default_factory=dict)
    """Slot, gripper, station or magazine's place to its unit's name."""

    def __post_init__(self) -> None:
        for unit in self.units.values():
            for place in (*unit.slots, *unit.stations, *unit.magazines, unit.gripper):
                self._unit_of[place] = unit.name

    @property
    def slots(self) -> list[str]:
        """Of all units, in order."""
        return [slot for unit in self.units.values() for slot in unit.slots]

    @property
    def robots(self) -> tuple[str, ...]:
        """Names of the units that have one."""
        return tuple(name for name, unit in self.units.items() if unit.has_robot)

    @property
    def places(self) -> set[str]:
        """Where a single disc can be, but for positions in a magazine that is out."""
        grippers = (unit.gripper for unit in self.units.values() if unit.has_robot)
        return {*self.slots, *self.drives, *self.printers, *grippers}

    def unit_of(self, place: str) -> Unit | None:
        """The unit that a slot, station, gripper or magazine's place belongs to."""
        name = self._unit_of.get(place)
        return None if name is None else self.units[name]

    def is_slot(self, place: str) -> bool:
        """Whether it is a slot of the cabinet."""
        unit = self.unit_of(place)
        return unit is not None and place.rpartition(".")[2][:1] == "s" and place not in CROWDED

    def magazine_slots(self, place: str, count: int) -> tuple[str, ...]:
        """The slots that a magazine fills at a place such as ``n01.g2``, in order."""
        unit = self.units[self._unit_of[place]]
        first = unit.magazines.index(place) * count
        return unit.slots[first : first + count]


def lay_out(description: Description, extent: Extent) -> Layout:
    """Name all places.

    Raises:
        ValueError: the profile does not allow that much.
    """
    many = description.units
    if many is None and extent.units not in (None, 1):
        raise ValueError(f"a cabinet of profile {description.profile} has no units")
    names = many.names(extent.units) if many else ("",)
    units = {name: _make_unit(description, name) for name in names}
    own_drives = many is not None and many.own_drives
    drives = [
        name_in(unit, drive)
        for unit in (names if own_drives else ("",))
        for drive in description.drives.names
    ]
    doors = tuple(door.name for door in description.doors)
    if many and many.own_door:
        doors += names
    tape = description.tape
    bays = description.bays.count if description.bays else 0
    return Layout(
        units,
        tuple(drives),
        (description.printer.name,) if description.printer else (),
        doors,
        tuple(f"b{number:02d}" for number in range(1, bays + 1)),
        tuple(f"t{number:02d}" for number in range(1, tape.slots + 1)) if tape else (),
        tape.drives if tape else (),
    )


def _make_unit(description: Description, name: str) -> Unit:
    table, shelf = description.turntable, description.shelf
    local = table.slots
    if shelf:
        local = tuple(f"s{number:03d}" for number in range(1, shelf.slots + 1))
    slots = tuple(name_in(name, slot) for slot in local)
    magazines = description.magazines
    places = tuple(name_in(name, place) for place in (magazines.names if magazines else ()))
    if not table.tiers:
        return Unit(name, slots, magazines=places)
    stations = [name_in(name, drive) for drive in description.drives.names]
    if description.printer and description.printer.at_gate:
        stations.append(description.printer.name)
    return Unit(name, slots, tuple(stations), places, has_robot=True)
