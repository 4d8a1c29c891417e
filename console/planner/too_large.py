"""A dossier that no disc can hold whole: how much too large it is, and what would help. Pure."""

from msgspec import Struct

from console.planner.package import SECTOR_BYTES, Capacity, PackageSize

DISC_KINDS = (
    ("BD-R, 25 GB", 25_025_314_816),
    ("BD-R DL, 50 GB", 50_050_629_632),
    ("BD-R XL, 100 GB", 100_103_356_416),
    ("BD-R XL, 128 GB", 128_001_769_472),
)
"""Blank discs that can be bought, and the bytes that they hold unformatted; all but the first are
unconfirmed."""


class TooLargeAdvice(Struct, frozen=True):
    """What is wrong, and every way out that there is."""

    needs_bytes: int
    room_bytes: int
    message: str
    helps: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"{self.message}; {', or '.join(self.helps)}"


def advise(package: PackageSize, capacity: Capacity, largest_file_bytes: int) -> TooLargeAdvice:
    """Ways to keep a package that is larger than the largest disc."""
    room_bytes = capacity.largest_room * SECTOR_BYTES
    needs_bytes = package.sectors * SECTOR_BYTES
    disc_bytes = needs_bytes + capacity.fixed_sectors * SECTOR_BYTES
    message = (
        f"dossier {package.dossier!r} of {package.fonds} / {package.series} needs {needs_bytes} "
        f"bytes, and the largest disc has room for {room_bytes}"
    )
    helps = []
    if largest_file_bytes < room_bytes:
        parts = max(2, -(-needs_bytes // room_bytes))
        helps.append(f"split it into at least {parts} dossiers")
    else:
        message += f"; its largest file has {largest_file_bytes} bytes"
    helps.append(f"provide a blank disc of at least {disc_bytes} bytes{_bought(disc_bytes)}")
    helps.append("file it under a policy whose [media] are disks and tapes")
    return TooLargeAdvice(needs_bytes, room_bytes, message, tuple(helps))


def _bought(disc_bytes: int) -> str:
    for name, holds in DISC_KINDS:
        if holds >= disc_bytes:
            return f" ({name})"
    return " (no Blu-ray disc holds so much)"
