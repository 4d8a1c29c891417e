"""What xorriso says about drive, disc and progress, line by line."""

from simulators.world.description import Drives
from simulators.world.disc import SECTOR_BYTES, Disc, DiscState

MIB = 1024 * 1024
BANNER = "xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.\n\n"
UNSUITABLE = "xorriso : NOTE : Disc status unsuitable for writing\n"
PROFILES = {"BD-R": "BD-R sequential recording"}


def scaled(size_bytes: int, width: int = 5) -> str:
    """A size in xorriso's short form, such as ` 9.8m` or `2002k`."""
    value, letter = float(size_bytes), ""
    for next_letter in "kmgt":
        if value < 10_000:
            break
        value, letter = value / 1024, next_letter
    exact = f"{value:.1f}{letter}"
    return (exact if letter and len(exact) <= width else f"{value:.0f}{letter}").rjust(width)


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def drive_lines(device: str, model: Drives) -> str:
    return (
        f"Drive current: -outdev '{device}'\n"
        "Drive access : exclusive:unrestricted\n"
        f"Drive type   : vendor '{model.vendor}' product '{model.product}'"
        f" revision '{model.revision}'\n"
    )


def media_kind(disc: Disc | None) -> str:
    if disc is None:
        return "Media current: is not recognizable\n"
    return f"Media current: {PROFILES.get(disc.kind, disc.kind)}\n"


def media_status(disc: Disc | None) -> str:
    if disc is None:
        return "Media status : is not present\n"
    words = {
        DiscState.BLANK: "is blank",
        DiscState.APPENDABLE: "is written , is appendable",
        DiscState.CLOSED: "is written , is closed",
    }
    damage = " , but next track is damaged" if disc.damaged else ""
    return f"Media status : {words[disc.state]}{damage}\n"


def free_sectors(disc: Disc) -> int:
    if disc.state is DiscState.CLOSED:
        return 0
    return disc.capacity_sectors - disc.written_sectors


def media_summary(disc: Disc | None) -> str:
    if disc is None:
        return ""
    free = scaled(free_sectors(disc) * SECTOR_BYTES)
    if disc.state is DiscState.BLANK:
        return f"Media summary: 0 sessions, 0 data blocks, 0 data, {free} free\n"
    sectors = disc.written_sectors
    return (
        f"Media summary: 1 session, {plural(sectors, 'data block')},"
        f" {scaled(sectors * SECTOR_BYTES)} data, {free} free\n"
    )


def full_report(device: str, model: Drives, disc: Disc | None) -> str:
    """What `-toc` writes to standard output."""
    text = drive_lines(device, model) + media_kind(disc) + media_status(disc)
    if disc is None:
        return text
    written, free = disc.written_sectors, free_sectors(disc)
    overall = written if disc.state is DiscState.CLOSED else disc.capacity_sectors
    text += f"Media blocks : {written} readable , {free} writable , {overall} overall\n"
    if disc.state is not DiscState.BLANK:
        text += "TOC layout   : Idx ,  sbsector ,       Size , Volume Id\n"
        text += f"Other session:   1 , {0:9d} , {written:9d}s , \n"
    return text + media_summary(disc)


def short_report(device: str, disc: Disc | None) -> str:
    """What xorriso writes to standard error whenever it has acquired a drive."""
    unsuitable = disc is None or disc.state is DiscState.CLOSED
    head = UNSUITABLE if unsuitable else ""
    return (
        f"{head}Drive current: -outdev '{device}'\n"
        + media_kind(disc)
        + media_status(disc)
        + media_summary(disc)
    )


def update_line(written: int, total: int, fifo_pct: int, buffer_pct: int, factor: float) -> str:
    """Progress of a burn; sizes in bytes, `factor` in multiples of the base speed."""
    return (
        f"xorriso : UPDATE : {written // MIB:4d} of {total // MIB:4d} MB written"
        f" (fifo {fifo_pct:2d}%) [buf {buffer_pct:3d}%] {factor:5.1f}x.\n"
    )
