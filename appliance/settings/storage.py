"""Hard disks and tapes."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from appliance.settings.values import Command, Text, Timeout


class BaySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One hard disk bay; the section is repeated for each."""

    name: Annotated[Text, Meta(description="Name of the bay in the profile, such as `b01`.")]
    device: Annotated[Text, Meta(description="Block device of whatever disk is in the bay.")]


class DiskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How all hard disks are handled."""

    mounts: Annotated[Path | None, Meta(description="Folder for the disks' mount points.")] = None
    smartctl: Annotated[Command, Meta(description="Command that asks a disk for its health.")] = (
        "smartctl",
    )
    mount: Annotated[Command, Meta(description="Command that mounts a file system.")] = ("mount",)
    umount: Annotated[Command, Meta(description="Command that unmounts one.")] = ("umount",)
    mkfs: Annotated[Command, Meta(description="Command that makes a file system.")] = ("mkfs.ext4",)
    df: Annotated[Command, Meta(description="Command that tells the room on a file system.")] = (
        "df",
    )
    idle_off_s: Annotated[
        float, Meta(gt=0, le=86_400, description="A disk idle for so long is switched off.")
    ] = 600.0
    start_every_s: Annotated[
        Timeout, Meta(description="Pause between the starts of two disks, for the power supply.")
    ] = 5.0


class TapeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The tape unit's changer."""

    changer: Annotated[Text, Meta(description="SCSI device of the tape changer.")]
    mtx: Annotated[Command, Meta(description="Command that moves cartridges.")] = ("mtx",)


class TapeDriveSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One tape drive; the section is repeated for each."""

    name: Annotated[Text, Meta(description="Name of the tape drive in the profile.")]
    device: Annotated[Text, Meta(description="Tape device that does not rewind when closed.")]
    mt: Annotated[Command, Meta(description="Command that positions the tape.")] = ("mt",)
    dd: Annotated[Command, Meta(description="Command that reads and writes the tape.")] = ("dd",)
