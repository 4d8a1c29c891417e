"""The forms in which one plan's bag can be written, and the name of its folder where it has one."""

from enum import StrEnum


class Form(StrEnum):
    """How a volume lies on its medium."""

    DISC = "disc"
    """The image of a whole disc: `appliance.volume.image`."""
    FOLDER = "folder"
    """A folder on a hard disk: `appliance.volume.bag_folder`."""
    ARCHIVE = "archive"
    """A pax archive, which is one file of a tape: `appliance.volume.archive`."""


def folder_name(volume_id: str) -> str:
    """The name of a volume's folder on a disk, and of the top folder in its archive.

    Two volumes never share one: an id holds no `~`, which stands for `:` because some systems
    have no `:` in names.
    """
    return volume_id.replace(":", "~")
