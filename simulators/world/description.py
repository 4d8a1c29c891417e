"""What a simulated cabinet is made of, read from `cabinets/<profile>.toml`."""

from pathlib import Path

import msgspec

CABINETS = Path(__file__).parent / "cabinets"
Triple = tuple[float, float, float]


class Extent(msgspec.Struct, frozen=True):
    """How much of a profile one cabinet has; unset is the profile's own default."""

    units: int | None = None
    """Nodes or modules."""
    disks: int | None = None
    """Disks in the first bays."""
    tapes: int | None = None
    """Cartridges in the first tape slots."""
    spread: bool = False
    """The discs of a new world stand in the first slots of every unit, not of the first."""


class Turntable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Geometry of slots, gate, drives and arm, in mm and degrees; meanings in the TOML file.

    A cabinet without a robot has one without tiers.
    """

    tiers: int = 0
    positions: int = 0
    places: int = 0
    slot_top_mm: float = 0.0
    slot_tier_mm: float = 0.0
    slot_reach_mm: float = 0.0
    drive_top_mm: float = 0.0
    drive_tier_mm: float = 0.0
    drive_reach_mm: float = 0.0
    touch_before_mm: float = 0.0
    retracted_mm: float = 0.0
    clearance_mm: float = 0.0
    wall_reach_mm: float = 0.0
    front_reach_mm: float = 0.0
    angle_tolerance_deg: float = 0.0
    height_tolerance_mm: float = 0.0
    grip_tolerance_mm: float = 0.0
    jaws_s: float = 0.0

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(f"s{number:03d}" for number in range(1, self.tiers * self.positions + 1))

    def slot_axes(self, slot: str) -> tuple[float, float]:
        """Turntable angle (degrees) and lift height (mm) of a slot, in machine coordinates."""
        tier, place = divmod(int(slot[1:]) - 1, self.positions)
        return -(place + 1) * 360.0 / self.places, -(self.slot_top_mm + self.slot_tier_mm * tier)

    def drive_axes(self, index: int) -> tuple[float, float]:
        """The same of a station behind the gate: the drives, then the printer."""
        return 0.0, -(self.drive_top_mm + self.drive_tier_mm * index)


class Controller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    travel_mm: Triple = (1.0, 1.0, 1.0)
    rate_mm_min: Triple = (1.0, 1.0, 1.0)
    acceleration_mm_s2: Triple = (1.0, 1.0, 1.0)


class Units(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nodes or modules of one cabinet: ``n00``, ``n01``… or ``m1``, ``m2``…"""

    prefix: str
    first: int
    digits: int
    default: int
    most: int
    own_drives: bool
    """Each has the cabinet's drives; else they stand outside, at the desk."""
    own_door: bool
    """Each has a door of its own, called like the unit."""

    def names(self, count: int | None) -> tuple[str, ...]:
        """Raises ValueError: more than there can be, or none."""
        count = self.default if count is None else count
        if not 1 <= count <= self.most:
            raise ValueError(f"the cabinet has 1 to {self.most} units, not {count}")
        numbers = range(self.first, self.first + count)
        return tuple(f"{self.prefix}{number:0{self.digits}d}" for number in numbers)


class Shelf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Slots that no robot reaches: a person's hand does. Each has a light and a sensor."""

    slots: int
    expanders_first_mux: int
    """Address of the first multiplexer on the module's own bus."""


class Drives(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The drives, all of one model. Speeds are bytes a second and multiples of `base_speed`.

    `names` are a unit's; those of the whole cabinet are in `Layout.drives`.
    """

    names: tuple[str, ...] = ()
    vendor: str = ""
    product: str = ""
    revision: str = ""
    base_speed: float = 1.0
    top_speed: float = 1.0
    tray_s: float = 1.0
    spin_up_s: float = 1.0
    close_session_s: float = 1.0


class Discs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fresh disc of this cabinet is, and how many there are (unset: every slot)."""

    kind: str = "BD-R"
    capacity_sectors: int = 12_219_392
    count: int | None = None


class MagazinePlaces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Places of magazines in each unit, the slots of one, and its reader's model."""

    names: tuple[str, ...]
    slots: int
    readers: tuple[str, ...]
    first_tag: str


class Printer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The print unit."""

    name: str
    at_gate: bool
    """The robot reaches it, as the station after the last drive; else a person does."""
    print_s: float
    tray_s: float


class BayPlaces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bays for hard disks, and the disks of a new world."""

    count: int
    disks: int
    model: str
    capacity_bytes: int
    spin_up_s: float


class TapeUnit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Slots for cartridges, drives, and the cartridges of a new world."""

    slots: int
    drives: tuple[str, ...]
    tapes: int
    kind: str
    density: str
    """Density code as `mt status` shows it."""
    capacity_bytes: int
    """Bytes of user data on one cartridge."""
    speed: float
    """Bytes a second."""
    load_s: float
    move_s: float


class DoorLines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A door and its GPIO lines (BCM); a module's own door hangs on an expander instead."""

    name: str
    contact: int
    key: int
    bolt: int
    lock: int


class FanLines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    output: int
    tachometer: int


class Chip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sensor on the bus `main`."""

    name: str
    model: str
    address: int


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of cabinet. What is unset it does not have."""

    profile: str
    discs: Discs = Discs()
    drives: Drives = Drives()
    units: Units | None = None
    turntable: Turntable = Turntable()
    controller: Controller = Controller()
    shelf: Shelf | None = None
    magazines: MagazinePlaces | None = None
    printer: Printer | None = None
    camera: bool = False
    bays: BayPlaces | None = None
    tape: TapeUnit | None = None
    doors: tuple[DoorLines, ...] = ()
    fans: tuple[FanLines, ...] = ()
    chips: tuple[Chip, ...] = ()
    hazards: dict[str, int] = {}
    """GPIO lines (BCM) of the inputs ``smoke``, ``water``, ``mains``."""


def load_description(profile: str) -> Description:
    """Read the description of a profile.

    Raises:
        ValueError: no such profile, or a file that does not fit.
    """
    path = CABINETS / f"{profile}.toml"
    if not path.is_file():
        known = ", ".join(sorted(entry.stem for entry in CABINETS.glob("*.toml")))
        raise ValueError(f"no cabinet is described for profile {profile!r}; there is: {known}")
    return msgspec.toml.decode(path.read_bytes(), type=Description)
