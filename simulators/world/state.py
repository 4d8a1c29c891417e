"""All that is kept of a world: plain structs, one subject a file beside this one.

Every field is either small or a dict by name, because a save writes only the entries that
have changed (`store.py`).
"""

import msgspec

from simulators.world.air import Air
from simulators.world.description import Extent
from simulators.world.disc import Disc
from simulators.world.disks import Bay, Disk
from simulators.world.doors import Door
from simulators.world.fans import Fan
from simulators.world.hazards import Hazards
from simulators.world.magazines import Magazine
from simulators.world.printer import Print, PrinterState
from simulators.world.tapes import Tape, TapeDriveState


class Arm(msgspec.Struct):
    """A robot as it really stands, in machine coordinates; a spring closes the jaws."""

    position_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    jaws_open: bool = False


class State(msgspec.Struct, forbid_unknown_fields=True):
    """All that is kept of a world."""

    profile: str
    extent: Extent = Extent()
    """How much of what the profile allows this cabinet has."""
    discs: dict[str, Disc] = {}
    """By serial."""
    magazines: dict[str, Magazine] = {}
    """By tag."""
    released: set[str] = set()
    """Places of magazines whose latch is drawn."""
    taken: list[str] = []
    """Serials of the discs that a person took, last taken last."""
    open_trays: set[str] = set()
    """Drives and printers whose tray is fully out."""
    arms: dict[str, Arm] = {}
    """By unit; a cabinet's only unit is called ``""``."""
    eeproms: dict[str, dict[str, float]] = {}
    """By unit: all settings of the motion controller by their number, once it has run."""
    doors: dict[str, Door] = {}
    air: Air = msgspec.field(default_factory=Air)
    hazards: Hazards = msgspec.field(default_factory=Hazards)
    fans: dict[str, Fan] = {}
    lights: set[str] = set()
    """Slots whose light is lit."""
    bays: dict[str, Bay] = {}
    disks: dict[str, Disk] = {}
    """By serial."""
    tapes: dict[str, Tape] = {}
    """By barcode."""
    tape_drives: dict[str, TapeDriveState] = {}
    printers: dict[str, PrinterState] = {}
    prints: dict[str, Print] = {}
    """By the disc's serial."""
    faults: dict[str, dict[str, str]] = {}
    """Faults that last, by name: `simulators.faults` gives them their meaning."""

    @property
    def arm(self) -> Arm:
        """The only robot's."""
        return self.arms[""]
