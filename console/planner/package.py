"""What the planner knows of packages and discs, all in sectors of 2,048 bytes."""

import re
from dataclasses import dataclass

from msgspec import Struct

SECTOR_BYTES = 2_048
FILES_PER_VOLUME_MAX = 1_000_000
"""What a volume is built for; a package with more gets a volume of its own."""


class PackageSize(Struct, frozen=True, gc=False):
    """One package as the planner needs it. `sectors` is an upper bound of what it takes."""

    package_id: str
    fonds: str
    series: str
    dossier: str
    sectors: int
    files: int
    size_bytes: int
    year: int | None = None
    retention: str = ""
    namespace: str = "default"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Sectors of a disc. `fixed_sectors` of each go to the volume itself."""

    usual_sectors: int
    largest_sectors: int
    fixed_sectors: int

    @property
    def usual_room(self) -> int:
        return self.usual_sectors - self.fixed_sectors

    @property
    def largest_room(self) -> int:
        return self.largest_sectors - self.fixed_sectors


_DIGITS = re.compile(r"[0-9]+")


def natural_key(text: str) -> str:
    """Sorts "2" before "10", and digits before words."""
    if not _DIGITS.search(text):
        return text
    return _DIGITS.sub(_number_key, text)


def _number_key(found: "re.Match[str]") -> str:
    """A number sorts by its count of digits, then by them; below every printable character."""
    digits = found[0].lstrip("0")
    return f"\x01{chr(min(len(digits), 0xD7FF))}{digits}\x01"
