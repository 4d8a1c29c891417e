"""A volume as one file of a tape: written, read back, and files out of it."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from appliance.contract.errors import SteleError
from appliance.services.byte_streams import in_steps, stream_bytes
from appliance.services.shelf import Advance, in_thread
from appliance.volume.archive import Archive
from appliance.volume.archive_stream import ArchiveStream, ArchiveVerifier
from hal.interfaces.tape import TapeDrive

DIFFERS = 3326


class TapeArchive(Archive):
    """The archive of a plan, and what it takes of a tape."""

    @property
    def footprint_bytes(self) -> int:
        """With the last block filled up, and a file mark."""
        return self.size_bytes + (1 << 21)


async def write_archive(
    drive: TapeDrive, archive: Archive, payload: AsyncIterator[bytes], advance: Advance
) -> int:
    """Write the archive behind the last file of the tape; the number of its own.

    Raises:
        HalError: 32xx as `TapeDrive.append`; what `payload` raises.
    """

    async def counted() -> AsyncGenerator[bytes, None]:
        done = 0
        async with aclosing(stream_bytes(ArchiveStream(archive), payload)) as pieces:
            async for piece in pieces:
                yield piece
                done += len(piece)
                advance(done)

    async with aclosing(counted()) as chunks:
        return await drive.append(chunks)


async def verify_archive(
    drive: TapeDrive, tape_file: int, archive: Archive, advance: Advance
) -> int:
    """Read the whole tape file and compare every byte; the number of bytes read.

    Raises:
        SteleError: 3326 it differs from its plan.
        HalError: 3254, 3255 it cannot be read.
    """
    verifier = ArchiveVerifier(archive)
    async for piece in in_steps(drive.read(tape_file)):
        await in_thread(verifier.feed, piece)
        advance(min(verifier.offset, archive.size_bytes))
    report = await in_thread(verifier.finish)
    if not report.ok:
        paths = [archive.plan.files[index].path for index in report.bad_files[:5]]
        raise SteleError(
            DIFFERS,
            f"tape file {tape_file} differs from the plan of volume "
            f"{archive.plan.identity.volume_id}: {report.bad_file_count} files, "
            f"{report.bad_sector_count} other blocks",
            f"files {paths}, {report.bytes_seen} of {report.bytes_expected} bytes",
        )
    return report.bytes_seen


class TapeFiles:
    """`FileReader` of a tape file. A tape runs forward: files in the archive's order are read in
    one pass, one that lies before the last is found by beginning anew.
    """

    def __init__(self, drive: TapeDrive, tape_file: int, archive: Archive) -> None:
        self._drive = drive
        self._tape_file = tape_file
        self._archive = archive
        self._pieces: AsyncIterator[bytes] | None = None
        self._held = b""
        self._at = 0

    async def read(self, index: int) -> AsyncIterator[bytes]:
        """The content of one file of the plan; fewer bytes when the tape file ends before."""
        offset, left = self._archive.extent(index)
        if self._pieces is None or offset < self._at:
            await self.aclose()
            self._pieces = in_steps(self._drive.read(self._tape_file))
        while left:
            piece = await self._next(offset, left)
            if not piece:
                return
            offset += len(piece)
            left -= len(piece)
            yield piece

    async def aclose(self) -> None:
        pieces, self._pieces = self._pieces, None
        self._held, self._at = b"", 0
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()

    async def _next(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`, out of the piece that holds them."""
        while self._at + len(self._held) <= offset:
            self._at += len(self._held)
            self._held = b""
            if self._pieces is None or not (piece := await anext(self._pieces, b"")):
                return b""
            self._held = piece
        skip = offset - self._at
        return self._held[skip : skip + length]
