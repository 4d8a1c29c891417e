"""Robots, optical drives and what else handles discs."""

from typing import Annotated

from msgspec import Meta, Struct

from appliance.settings.values import Command, Text


class ChangerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The robot of an appliance that has one."""

    port: Annotated[Text, Meta(description="Serial port of the robot's controller.")]


class UnitChangerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The robot of one node, where there are several; the section is repeated for each node."""

    unit: Annotated[Text, Meta(description="Name of the node in the profile, such as `n01`.")]
    port: Annotated[Text, Meta(description="Serial port of this robot's controller.")]


class DriveSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One optical drive; the section is repeated for each."""

    name: Annotated[Text, Meta(description="Name of the drive in the profile, top one first.")]
    device: Annotated[Text, Meta(description="Block device of the drive.")]
    burner: Annotated[Command, Meta(description="Command that burns, with leading arguments.")] = (
        "xorriso",
    )


class TagReaderSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The RFID reader at one place of a magazine; the section is repeated for each."""

    place: Annotated[Text, Meta(description="Place of the magazine, such as `n01.g1`.")]
    port: Annotated[Text, Meta(description="Serial port of the reader.")]


class PrinterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The disc printer."""

    queue: Annotated[Text, Meta(description="Name of the printer's CUPS queue.")] = "disc"
    lp: Annotated[Command, Meta(description="Command that prints.")] = ("lp",)
    lpstat: Annotated[Command, Meta(description="Command that tells a print job's state.")] = (
        "lpstat",
    )
    tray: Annotated[
        Command, Meta(description="Command that moves the printer's tray: `open` or `close`.")
    ] = ("disc-tray",)
    font: Annotated[
        str, Meta(description="Font file of the labels; empty for the first that is found.")
    ] = ""


class CameraSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The camera that looks at printed discs."""

    device: Annotated[Text, Meta(description="Video device, or a file that holds a picture.")]
