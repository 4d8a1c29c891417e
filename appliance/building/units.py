"""Robots and optical drives: the units of a library."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from appliance.building.chips import Chips
from appliance.building.wires import Wires
from appliance.hardware import Unit
from appliance.profiles.geometry import Place
from appliance.profiles.profile import ONLY_UNIT, Profile
from appliance.settings import Config
from hal.drivers.grbl.driver import GrblController
from hal.drivers.guided.desk import Desk
from hal.drivers.guided.driver import GuidedChanger
from hal.drivers.guided.layers import LayeredLights
from hal.drivers.guided.memory import HandMemory
from hal.drivers.guided.slots import WatchedSlots
from hal.drivers.slot_panel.driver import SlotPanel
from hal.drivers.slot_panel.wiring import expander_places
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import Station, TurntableGeometry
from hal.drivers.xorriso.drive import XorrisoDrive
from hal.interfaces.disc_printer import DiscPrinter
from hal.interfaces.optical_drive import OpticalDrive

GRBL_BAUD = 115_200
HAND_FILE = "hand.json"


def robot_ports(config: Config) -> dict[str, str]:
    """Serial port of each unit's robot, by the unit's name."""
    ports = {changer.unit: changer.port for changer in config.changers}
    return {ONLY_UNIT: config.changer.port} if config.changer else ports


@dataclass(frozen=True, slots=True)
class Panel:
    """A module's sensors and lights; the guide and others light them without darkening each
    other's."""

    sensors: SlotPanel
    lights: LayeredLights


def build_panels(config: Config, profile: Profile, chips: Chips) -> dict[str, Panel]:
    """Sensors and lights of each module that the configuration names."""
    if profile.modules is None:
        return {}
    panel = profile.modules.panel
    places = expander_places(
        panel.slots, first_multiplexer=panel.first_mux, first_address=panel.first_address
    )
    panels = {
        module.name: SlotPanel(
            chips.multiplexers(module.name),
            profile.module_slots(module.name),
            places,
            name=f"module {module.name}",
        )
        for module in config.modules
    }
    return {name: Panel(panel, LayeredLights(panel)) for name, panel in panels.items()}


def build_units(
    config: Config,
    profile: Profile,
    wires: Wires,
    panels: Mapping[str, Panel],
    printer: DiscPrinter | None,
) -> dict[str, Unit]:
    """Every unit whose robot the configuration names, with those of its drives that it names; or
    the desk to which a person carries."""
    if panels:
        return {ONLY_UNIT: _desk_unit(config, profile, wires, panels, printer)}
    return {
        unit: _turntable_unit(config, profile, wires, unit, port=port, printer=printer)
        for unit, port in robot_ports(config).items()
    }


def turntable_geometry(
    profile: Profile, stations: Iterable[str], unit: str = ONLY_UNIT
) -> TurntableGeometry:
    """The places of a unit in its controller's coordinates, where all travel is negative.

    `stations` are the drives, and the printer, that are there.
    """
    table, stack, robot = profile.turntable, profile.drive_stack, profile.robot
    if table is None or stack is None or robot is None:
        raise ValueError(f"profile {profile.name} has no robot")
    trays = profile.stations(unit)
    return TurntableGeometry(
        slots={name: _station(place) for name, place in profile.slots(unit).items()},
        drives={name: _station(trays[name]) for name in stations},
        slot_reach_mm=-table.grip_reach_mm,
        drive_reach_mm=-stack.tray_reach_mm,
        probe_reach_mm=-table.probe_reach_mm,
        reach_mm_per_min=robot.reach_rate_mm_per_min,
    )


def _build_drives(config: Config, wires: Wires, names: Collection[str]) -> dict[str, OpticalDrive]:
    return {
        drive.name: XorrisoDrive(
            drive.name,
            drive.device,
            wires.command(drive.burner),
            wires.block_device(drive.device),
        )
        for drive in config.drives
        if drive.name in names
    }


def _turntable_unit(
    config: Config,
    profile: Profile,
    wires: Wires,
    unit: str,
    *,
    port: str,
    printer: DiscPrinter | None,
) -> Unit:
    drives = _build_drives(config, wires, profile.drives(unit))
    stations = list(drives)
    if printer is not None and printer.name in profile.stations(unit):
        stations.append(printer.name)
    else:
        printer = None
    changer = TurntableChanger(
        GrblController(wires.serial(port, GRBL_BAUD)),
        turntable_geometry(profile, stations, unit),
    )
    return Unit(unit, changer, drives, printer)


def _desk_unit(
    config: Config,
    profile: Profile,
    wires: Wires,
    panels: Mapping[str, Panel],
    printer: DiscPrinter | None,
) -> Unit:
    """All modules and the desk: one person carries, one disc at a time."""
    drives = _build_drives(config, wires, profile.drives())
    changer = GuidedChanger(
        WatchedSlots(
            [panel.sensors for panel in panels.values()],
            [panel.lights.layer("guide") for panel in panels.values()],
        ),
        Desk(drives, {printer.name: printer} if printer else {}),
        HandMemory(config.appliance.state_dir / HAND_FILE),
    )
    return Unit(ONLY_UNIT, changer, drives, printer, by_hand=True)


def _station(place: Place) -> Station:
    return Station(turntable_deg=-place.turn_deg, lift_mm=-place.lift_mm)
