"""Hard disk bays, the tape unit, printer and camera."""

from pathlib import Path

from appliance.building.chips import PORT_A, PORT_B, Chips
from appliance.building.wires import Wires
from appliance.profiles.profile import Profile
from appliance.settings import Config
from hal.drivers.camera.driver import ProcessCamera
from hal.drivers.diskbay.driver import LineDiskBay
from hal.drivers.diskbay.lines import BayLines, DiskPrograms
from hal.drivers.printer.driver import CupsPrinter
from hal.drivers.tape.changer import MtxChanger
from hal.drivers.tape.drive import MtTapeDrive
from hal.interfaces.disc_printer import Camera, DiscPrinter
from hal.interfaces.disk_bay import DiskBay
from hal.interfaces.tape import TapeChanger, TapeDrive


def build_bays(config: Config, profile: Profile, chips: Chips, wires: Wires) -> dict[str, DiskBay]:
    """The bays that the configuration names."""
    if profile.bays is None:
        return {}
    disks = config.disks
    programs = DiskPrograms(
        *(
            wires.command(argv)
            for argv in (disks.smartctl, disks.mount, disks.umount, disks.mkfs, disks.df)
        )
    )
    mounts = disks.mounts or config.appliance.state_dir / "disks"
    return {
        bay.name: LineDiskBay(
            bay.name,
            Path(bay.device),
            _bay_lines(profile, chips, bay.name),
            programs,
            mounts / bay.name,
        )
        for bay in config.bays
    }


def _bay_lines(profile: Profile, chips: Chips, name: str) -> BayLines:
    """Presence (A) and latch feedback (B) on a group's first expander, both low when true; power
    (A) and release (B) on its second."""
    assert profile.bays is not None  # noqa: S101 - the caller has looked
    group, number = divmod(profile.bays.names.index(name), profile.bays.group)
    row = profile.bays.expanders
    feeling = chips.expander(row.place(2 * group), outputs=0, name=f"presence of group {group}")
    acting = chips.expander(
        row.place(2 * group + 1), outputs=PORT_A | PORT_B, name=f"power of group {group}"
    )
    return BayLines(
        present=feeling.pin(number, active_high=False),
        latched=feeling.pin(8 + number, active_high=False),
        power=acting.pin(number, active_high=True),
        release=acting.pin(8 + number, active_high=True),
    )


def build_tape(
    config: Config, profile: Profile, wires: Wires
) -> tuple[TapeChanger | None, dict[str, TapeDrive]]:
    """The tape changer and those of its drives that the configuration names."""
    if config.tape is None or profile.tape is None:
        return None, {}
    unit = profile.tape
    changer = MtxChanger(
        config.tape.changer, wires.command(config.tape.mtx), unit.drives, unit.slots
    )
    drives: dict[str, TapeDrive] = {}
    for drive in config.tape_drives:
        dd = wires.command(drive.dd)
        drives[drive.name] = MtTapeDrive(drive.name, drive.device, wires.command(drive.mt), dd, dd)
    return changer, drives


def build_printer(config: Config, profile: Profile, wires: Wires) -> DiscPrinter | None:
    """The disc printer, if the configuration and the profile have one."""
    if config.printer is None or profile.printer is None:
        return None
    settings = config.printer
    return CupsPrinter(
        profile.printer,
        settings.queue,
        wires.command(settings.lp),
        wires.command(settings.lpstat),
        wires.command(settings.tray),
    )


def build_camera(config: Config) -> Camera | None:
    return ProcessCamera("camera", config.camera.device) if config.camera else None
