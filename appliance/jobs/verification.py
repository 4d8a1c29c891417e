"""Reading a disc back: every sector, counted, compared with what the plan says."""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.services.mover import Mover
from appliance.volume.image import Image
from appliance.volume.verifier import ImageVerifier, VerifyReport
from hal.interfaces.optical_drive import OpticalDrive

READ_BYTES = 1 << 20
DISC_SHORT = 3306
CONTENT_DIFFERS = 3307


class Reading(Struct, frozen=True):
    """A verification that found nothing wrong."""

    bytes_read: int
    seconds: float


async def verify_disc(
    drive: OpticalDrive, mover: Mover, image: Image, on_progress: Callable[[int], None]
) -> Reading:
    """Read the whole image from the disc in the drive and compare every sector.

    While one piece is compared off the event loop the next is being read.

    Raises:
        SteleError: 3306 the disc ends before the image does, 3307 the content differs.
        HalError: 32xx a sector cannot be read.
    """
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    async with mover.at_rest():
        reader = await drive.open_reader()
    try:
        if reader.size_bytes < image.size_bytes:
            raise SteleError(
                DISC_SHORT,
                f"the disc in drive {drive.name} ends at {reader.size_bytes} of "
                f"{image.size_bytes} bytes",
            )
        verifier = ImageVerifier(image)
        comparing: asyncio.Future[None] | None = None
        for offset in range(0, image.size_bytes, READ_BYTES):
            piece = await reader.read_at(offset, min(READ_BYTES, image.size_bytes - offset))
            if comparing is not None:
                await comparing
            comparing = loop.run_in_executor(None, verifier.feed, piece)
            on_progress(offset + len(piece))
        if comparing is not None:
            await comparing
        report = await loop.run_in_executor(None, verifier.finish)
        bytes_read = reader.bytes_read
    finally:
        await reader.aclose()
    if not report.ok:
        raise _difference(drive.name, image, report)
    return Reading(bytes_read, loop.time() - began_s)


def _difference(drive: str, image: Image, report: VerifyReport) -> SteleError:
    paths = [image.plan.files[index].path for index in report.bad_files[:5]]
    return SteleError(
        CONTENT_DIFFERS,
        f"the disc in drive {drive} differs from its plan: {report.bad_file_count} files, "
        f"{report.bad_sector_count} other sectors",
        f"files {paths}, sectors {list(report.bad_sectors[:10])}",
    )
