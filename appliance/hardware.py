"""The real drivers for what the configuration and the profile name. Opens nothing yet."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.profiles.profile import Place, Profile
from appliance.settings import Config
from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.turntable.geometry import Station, TurntableGeometry
from hal.drivers.xorriso.drive import XorrisoDrive
from hal.interfaces.changer import Changer
from hal.interfaces.optical_drive import OpticalDrive
from hal.transports.block_device import LocalBlockDevice
from hal.transports.command_line import LocalCommandLine
from hal.transports.serial_port import open_serial_port


@dataclass(frozen=True, slots=True)
class Hardware:
    """Everything that moves or burns in one appliance."""

    changer: Changer
    drives: Mapping[str, OpticalDrive]


def turntable_geometry(profile: Profile, drives: tuple[str, ...]) -> TurntableGeometry:
    """The profile's places in the controller's coordinates, where all travel is negative."""
    table, stack = profile.turntable, profile.drive_stack
    trays = profile.drives()
    return TurntableGeometry(
        slots={name: _station(place) for name, place in profile.slots().items()},
        drives={name: _station(trays[name]) for name in drives},
        slot_reach_mm=-table.grip_reach_mm,
        drive_reach_mm=-stack.tray_reach_mm,
        probe_reach_mm=-table.probe_reach_mm,
        reach_mm_per_min=profile.robot.reach_rate_mm_per_min,
    )


def build_hardware(config: Config, profile: Profile) -> Hardware:
    """The drivers over the machine's serial port, block devices and burner command."""
    port = config.changer.port
    return Hardware(
        changer=TurntableChanger(
            GrblController(lambda: open_serial_port(port)),
            turntable_geometry(profile, tuple(drive.name for drive in config.drives)),
        ),
        drives={
            drive.name: XorrisoDrive(
                drive.name,
                drive.device,
                LocalCommandLine(drive.burner),
                LocalBlockDevice(drive.device),
            )
            for drive in config.drives
        },
    )


def _station(place: Place) -> Station:
    return Station(turntable_deg=-place.turn_deg, lift_mm=-place.lift_mm)
