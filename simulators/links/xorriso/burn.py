"""Burning standard input: at the drive's speed, once a disc, with the disc's flaws."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from simulators.devices.drive.surface import (
    CLUSTER_SECTORS,
    WEAK_LASER,
    scratched_sectors,
    spoil_sectors,
    weak_sectors,
)
from simulators.links.drive import DriveWire
from simulators.links.xorriso import report
from simulators.links.xorriso.words import Request
from simulators.world.disc import SECTOR_BYTES, Disc, DiscState

CHUNK_BYTES = 1024 * 1024
UPDATE_EVERY_S = 1.0
PAD_SECTORS = 150
CLUSTER_BYTES = CLUSTER_SECTORS * SECTOR_BYTES


class BurnHost(Protocol):
    def say(self, text: str) -> None: ...
    async def copy_input(self, path: Path, offset: int, limit: int) -> int: ...


@dataclass
class BurnError(Exception):
    """A burn that ended badly: what xorriso says, and how severe it calls it."""

    lines: tuple[str, ...]
    severity: str = "FAILURE"
    writing: bool = True

    def text(self) -> str:
        lines = [*self.lines]
        if self.writing:
            lines += [
                f"xorriso : {self.severity} : -abort_on 'FAILURE' encountered"
                f" '{self.severity}' during image writing",
                "xorriso : NOTE : libburn has now been urged to cancel its operation",
                "xorriso : FAILURE : libburn indicates failure with writing.",
            ]
        return "".join(f"{line}\n" for line in (*lines, "xorriso : NOTE : Gave up -outdev ''"))


def _fatal(*lines: str) -> BurnError:
    return BurnError((*lines, "libburn : FATAL : Burn run failed"), "FATAL")


def _sense(sector: int, sense: str) -> str:
    return f"libburn : FATAL : SCSI error on write({sector},{CLUSTER_SECTORS}): {sense}"


def _unsuitable(reason: str) -> BurnError:
    lines = ("xorriso : FAILURE : Failed to find a suitable write type:", reason)
    return BurnError(lines, writing=False)


async def burn(request: Request, drive: DriveWire, host: BurnHost) -> None:
    """Write standard input to the blank disc in the drive and close the disc.

    Raises:
        BurnError: nothing written, or the disc is spoiled.
    """
    disc = _require_blank(drive, request)
    host.say("Beginning to write data track.\n")
    if disc.calibration_fails:
        raise _fatal(_sense(0, "[3 73 03] Medium error. Power calibration area error."))
    with drive.writing():
        await _Burn(request, drive, disc, host).run()
    host.say(
        f"Writing to '{request.device}' completed successfully.\n\n"
        f"xorriso : NOTE : Re-assessing -outdev '{request.device}'\n"
    )
    host.say(report.short_report(request.device, disc))


def _require_blank(drive: DriveWire, request: Request) -> Disc:
    disc = drive.disc
    if disc is None:
        raise _unsuitable("MEDIA: no writeable media detected")
    if disc.state is DiscState.CLOSED:
        raise _unsuitable("MEDIA: closed or not recordable,")
    if disc.state is DiscState.APPENDABLE:
        sense = "[5 30 05] Illegal request. Cannot write medium, incompatible format."
        raise _fatal(_sense(disc.written_sectors, sense))
    sectors = _track_bytes(request, request.size_bytes or 0) // SECTOR_BYTES
    if sectors > disc.capacity_sectors:
        raise BurnError(
            (
                f"xorriso : FAILURE : Image size {sectors}s exceeds free space on media"
                f" {disc.capacity_sectors}s",
            ),
            writing=False,
        )
    return disc


def _track_bytes(request: Request, size_bytes: int) -> int:
    """What a burn of that size fills: with padding, in whole clusters."""
    padded = size_bytes + (PAD_SECTORS * SECTOR_BYTES if request.pad else 0)
    return -(-padded // CLUSTER_BYTES) * CLUSTER_BYTES


@dataclass
class _Burn:
    """A burn under way."""

    request: Request
    drive: DriveWire
    disc: Disc
    host: BurnHost
    written: int = 0
    _told: int = 0
    _told_s: float = 0.0
    _began_s: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    async def run(self) -> None:
        path = self.drive.world.image_path(self.disc)
        path.touch()
        self._mark(DiscState.APPENDABLE)
        self.disc.burns += 1
        self.host.say("xorriso : UPDATE : Thank you for being patient. Working since 0 seconds.\n")
        self._told_s = self._began_s
        try:
            await self._write(path)
            os.truncate(path, _track_bytes(self.request, self.written))
            waited_s = asyncio.get_running_loop().time() - self._began_s
            self.host.say(
                f"xorriso : UPDATE : Closing track/session. Working since {waited_s:.0f} seconds\n"
            )
            await asyncio.sleep(self.drive.world.description.drives.close_session_s)
            self._mark(DiscState.CLOSED)
        finally:
            if not self.drive.world.closed:
                self._mark(self.disc.state)
                self._apply_flaws(path)

    def _mark(self, state: DiscState) -> None:
        """Put on record what the disc has become; not closed means cut off."""
        path = self.drive.world.image_path(self.disc)
        self.disc.state = state
        self.disc.damaged = state is DiscState.APPENDABLE
        self.disc.written_sectors = path.stat().st_size // SECTOR_BYTES
        self.drive.world.save()

    def _apply_flaws(self, path: Path) -> None:
        weak_drive = f"{WEAK_LASER}:{self.drive.name}" in self.drive.world.state.faults
        if self.disc.weak_burn or weak_drive:
            spoil_sectors(path, weak_sectors(self.disc))
        spoil_sectors(path, scratched_sectors(self.disc))

    @property
    def _rate(self) -> float:
        """Bytes a second that the drive writes."""
        model = self.drive.world.description.drives
        return min(self.request.speed or model.top_speed, model.top_speed) * model.base_speed

    async def _write(self, path: Path) -> None:
        total = self.request.size_bytes
        while total is None or self.written < total:
            limit = self._room(CHUNK_BYTES if total is None else total - self.written)
            copied = await self.host.copy_input(path, self.written, limit)
            self.written += copied
            self.drive.note_written(self.written)
            if copied < limit:
                if total is None:
                    return
                missing = _track_bytes(self.request, total) - self.written
                raise BurnError(
                    (
                        "libburn : FAILURE : Premature end of input encountered."
                        f" Missing: {missing} bytes",
                    )
                )
            await self._keep_pace()
        await self._fill_track(path)

    async def _fill_track(self, path: Path) -> None:
        """Fill the last cluster from what still comes in; xorriso waits for the input to end."""
        rest = _track_bytes(self.request, self.written) - self.written
        if rest:
            await self.host.copy_input(path, self.written, rest)

    def _room(self, wanted: int) -> int:
        """How much the disc and the drive take next."""
        limit = min(CHUNK_BYTES, wanted)
        error_sector = self.disc.write_error_sector
        if error_sector is not None:
            limit = min(limit, error_sector * SECTOR_BYTES - self.written)
            if limit <= 0:
                raise _fatal(_sense(error_sector, "[3 0C 00] Medium error. Write error."))
        end_sector = self.disc.capacity_sectors
        limit = min(limit, end_sector * SECTOR_BYTES - self.written)
        if limit <= 0:
            sense = "[5 63 00] Illegal request. End of user area encountered on this track."
            raise _fatal(_sense(end_sector, sense))
        return limit

    async def _keep_pace(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._began_s + self.written / self._rate - loop.time())
        if self.drive.gone:
            raise _fatal("libburn : FATAL : Lost connection to drive")
        passed_s = loop.time() - self._told_s
        if passed_s >= UPDATE_EVERY_S:
            base = self.drive.world.description.drives.base_speed
            factor = (self.written - self._told) / passed_s / base
            total = self.request.size_bytes or self.written
            self.host.say(report.update_line(self.written, total, 99, 50, factor))
            self._told, self._told_s = self.written, loop.time()
