"""One disc: what it is, what was done to it, what is wrong with it."""

from enum import StrEnum

import msgspec

SECTOR_BYTES = 2048


class DiscState(StrEnum):
    BLANK = "blank"
    APPENDABLE = "appendable"
    """Something was written and the disc was not closed: a burn under way, or a spoiled one."""
    CLOSED = "closed"


class Scratch(msgspec.Struct, frozen=True):
    """Sectors that no drive can read."""

    first_sector: int
    sectors: int


class Disc(msgspec.Struct):
    """A disc of write-once kind. Its bytes are in the world's `discs/<serial>.img`."""

    serial: str
    place: str
    """Name of a slot, drive, printer or gripper, a position of a magazine that is out
    (`magazines.py`), or one of `places.FLOOR`, `OUTSIDE`."""
    kind: str
    capacity_sectors: int
    state: DiscState = DiscState.BLANK
    written_sectors: int = 0
    burns: int = 0
    """How often writing began: more than one breaks the nature of the medium."""
    damaged: bool = False
    """The track was cut off."""
    scratches: list[Scratch] = []
    weak_burn: bool = False
    """The next burn leaves bytes that differ from those that were sent."""
    write_error_sector: int | None = None
    """The next burn fails when it reaches this sector."""
    calibration_fails: bool = False
    """The drive finds no laser power for this disc."""
