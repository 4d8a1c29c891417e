"""Robots and optical drives: the units of a library."""

from collections.abc import Iterable

from appliance.hardware import Unit
from appliance.profiles.geometry import Place
from appliance.profiles.profile import ONLY_UNIT, Profile
from appliance.settings import Config
from appliance.settings.robots import DriveSettings
from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import Station, TurntableGeometry
from hal.drivers.xorriso.drive import XorrisoDrive
from hal.transports.block_device import LocalBlockDevice
from hal.transports.command_line import LocalCommandLine
from hal.transports.serial_port import open_serial_port


def robot_ports(config: Config) -> dict[str, str]:
    """Serial port of each unit's robot, by the unit's name."""
    ports = {changer.unit: changer.port for changer in config.changers}
    return {ONLY_UNIT: config.changer.port} if config.changer else ports


def build_units(config: Config, profile: Profile) -> dict[str, Unit]:
    """Every unit whose robot the configuration names, with those of its drives that it names."""
    return {
        unit: _turntable_unit(config, profile, unit, port)
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


def build_drive(drive: DriveSettings) -> XorrisoDrive:
    return XorrisoDrive(
        drive.name, drive.device, LocalCommandLine(drive.burner), LocalBlockDevice(drive.device)
    )


def _turntable_unit(config: Config, profile: Profile, unit: str, port: str) -> Unit:
    names = profile.drives(unit)
    drives = {d.name: build_drive(d) for d in config.drives if d.name in names}
    stations = list(drives)
    if config.printer is not None and profile.printer in profile.stations(unit):
        stations.append(profile.printer)
    return Unit(
        unit,
        TurntableChanger(
            GrblController(lambda: open_serial_port(port)),
            turntable_geometry(profile, stations, unit),
        ),
        drives,
    )


def _station(place: Place) -> Station:
    return Station(turntable_deg=-place.turn_deg, lift_mm=-place.lift_mm)
