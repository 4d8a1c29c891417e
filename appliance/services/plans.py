"""The plans of the volumes burned here, compressed, one file a plan, named by its digest.

A plan is all that a verification needs beside the disc, so it is kept as long as the copy. Packing
and unpacking run off the event loop.
"""

import asyncio
import gzip
import os
import tempfile
import zlib
from pathlib import Path
from weakref import WeakValueDictionary

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.image import Image
from appliance.volume.plan import VolumePlan, decode_plan, encode_plan, plan_sha256

_READ_BYTES = 1 << 20


class Plans:
    """The folder of plans."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in folder.glob("*.partial"):
            left_over.unlink()
        self._folder = folder
        self._laying_out = asyncio.Lock()
        self._images: WeakValueDictionary[str, Image] = WeakValueDictionary()

    async def keep(self, plan: VolumePlan, digest: str) -> None:
        """Put a plan on the disk, durably; one that is there already stays.

        Raises:
            SteleError: 3303 the plan is not the one that `digest` names.
        """
        await asyncio.get_running_loop().run_in_executor(None, self._keep, plan, digest)

    async def load(self, digest: str) -> VolumePlan:
        """Read a plan back.

        Raises:
            SteleError: 5106 it is missing or damaged.
        """
        return await asyncio.get_running_loop().run_in_executor(None, self._load, digest)

    async def layout(self, digest: str) -> Image:
        """The image that a kept plan makes; jobs that need it at the same time share one.

        That of 100,000 files takes about 30 MB, and the copies of a volume are burned together.

        Raises:
            SteleError: 5106 the plan is missing or damaged.
        """
        async with self._laying_out:
            image = self._images.get(digest)
            if image is None:
                plan = await self.load(digest)
                image = await asyncio.get_running_loop().run_in_executor(None, Image, plan)
                self._images[digest] = image
        return image

    def has(self, digest: str) -> bool:
        return self._path(digest).exists()

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.ndjson.gz"

    def _keep(self, plan: VolumePlan, digest: str) -> None:
        found = plan_sha256(plan)
        if found != digest:
            raise SteleError(
                3303,
                f"the plan of volume {plan.identity.volume_id} is not the one that was ordered",
                f"ordered {digest}, received {found}",
            )
        path = self._path(digest)
        if path.exists():
            return
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".partial", delete=False) as raw:
            with gzip.GzipFile(
                filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0
            ) as out:
                for piece in encode_plan(plan):
                    out.write(piece)
            raw.flush()
            os.fsync(raw.fileno())
        Path(raw.name).replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _load(self, digest: str) -> VolumePlan:
        path = self._path(digest)
        try:
            with gzip.open(path, "rb") as packed:
                plan = decode_plan(iter(lambda: packed.read(_READ_BYTES), b""))
            if plan_sha256(plan) == digest:
                return plan
            reason = "its digest differs"
        except (OSError, EOFError, zlib.error, VolumeError) as error:
            reason = str(error)
        raise SteleError(5106, f"the plan {digest[:12]}… kept in {path.name} is not usable", reason)
