"""The hardware of one appliance as the firmware uses it: by name, and everything optional."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from hal.interfaces.changer import Changer
from hal.interfaces.climate_sensor import ClimateSensor
from hal.interfaces.contact import Contact
from hal.interfaces.disc_printer import Camera, DiscPrinter
from hal.interfaces.disk_bay import DiskBay
from hal.interfaces.dust_sensor import DustSensor
from hal.interfaces.fan import Fan
from hal.interfaces.lock import Lock
from hal.interfaces.optical_drive import OpticalDrive
from hal.interfaces.power_meter import PowerMeter
from hal.interfaces.slot_panel import SlotLights, SlotSensors
from hal.interfaces.tag_reader import TagReader
from hal.interfaces.tape import TapeChanger, TapeDrive


@dataclass(frozen=True, slots=True)
class Unit:
    """What one robot serves, or one person who is guided: its slots and its drives.

    The changer knows the slots, and every tray that it reaches, a printer's too.
    """

    name: str
    """The node's; empty where there is one unit only."""
    changer: Changer
    drives: Mapping[str, OpticalDrive]
    printer: DiscPrinter | None = None
    """A printer that this changer serves as it serves a drive."""
    by_hand: bool = False
    """A person carries: a door must be open meanwhile, and nobody can say how long it takes."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """Everything that one appliance's configuration names. What is not there is empty or unset."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    """By name; none where discs are not moved."""
    climate: Mapping[str, ClimateSensor] = field(default_factory=dict)
    dust: Mapping[str, DustSensor] = field(default_factory=dict)
    power: Mapping[str, PowerMeter] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    """``door-front``, ``key-front``, ``smoke``, ``water``, ``mains-lost``."""
    locks: Mapping[str, Lock] = field(default_factory=dict)
    """By door."""
    latches: Mapping[str, Lock] = field(default_factory=dict)
    """By place of a magazine."""
    fans: Mapping[str, Fan] = field(default_factory=dict)
    slot_sensors: Mapping[str, SlotSensors] = field(default_factory=dict)
    """By module."""
    slot_lights: Mapping[str, SlotLights] = field(default_factory=dict)
    """By module."""
    tag_readers: Mapping[str, TagReader] = field(default_factory=dict)
    """By place of a magazine."""
    magazine_slots: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Slots of each place whose tag is read, in the order of their positions in the magazine."""
    bays: Mapping[str, DiskBay] = field(default_factory=dict)
    tape_changer: TapeChanger | None = None
    tape_drives: Mapping[str, TapeDrive] = field(default_factory=dict)
    camera: Camera | None = None
    links: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What the drivers share, or hold open: closed after everything else, the newest first."""

    @property
    def printer(self) -> DiscPrinter | None:
        return next((unit.printer for unit in self.units.values() if unit.printer), None)

    @property
    def doors(self) -> tuple[str, ...]:
        """Names of the doors that have a contact, a lock, or both."""
        watched = (name.removeprefix("door-") for name in self.contacts if name.startswith("door-"))
        return tuple(dict.fromkeys((*watched, *self.locks)))

    async def aclose(self) -> None:
        """Let go of everything. Outputs fall to where they are without power."""
        for unit in self.units.values():
            await unit.changer.aclose()
        for reader in self.tag_readers.values():
            await reader.aclose()
        await self.links.aclose()
