"""A console's content in memory: volumes to burn and fetches to fill, with a line that can fail."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from appliance.contract.messages import Burn, ContentRef, FetchItem
from appliance.services.content import ContentBrokenError, ContentGoneError, TokenRefusedError
from appliance.volume.image import Image
from appliance.volume.plan import (
    DossierRef,
    Identity,
    PlanFile,
    VolumePlan,
    make_plan,
    plan_sha256,
)

STAMP = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CHUNK_BYTES = 100_000


def files_of(number: int, count: int, size_bytes: int) -> dict[str, bytes]:
    """Some files, none like another, one of them empty."""
    files = {
        f"case {number}/{index:04}.bin": hashlib.shake_128(f"{number}/{index}".encode()).digest(
            size_bytes + index
        )
        for index in range(count)
    }
    files[f"case {number}/empty"] = b""
    return files


class Volume:
    """One volume's plan and payload."""

    def __init__(self, number: int, files: dict[str, bytes]) -> None:
        self.id = f"v{number}"
        self.files = files
        self.plan: VolumePlan = make_plan(
            Identity(
                volume_id=self.id,
                label=f"Volume {number}",
                fonds="F",
                series="S",
                dossiers=(DossierRef(f"D{number}", f"Case {number}", f"case {number}"),),
                created_at=STAMP,
            ),
            [
                PlanFile(path, len(data), 10**18, hashlib.sha256(data).digest())
                for path, data in files.items()
            ],
        )
        self.sha256 = plan_sha256(self.plan)
        self.image = Image(self.plan)
        self.payload = b"".join(files[file.path] for file in self.plan.files)

    @property
    def image_bytes(self) -> bytes:
        contents = [self.files[file.path] for file in self.plan.files]
        return self.image.read(
            0, self.image.size_bytes, lambda index, offset, n: contents[index][offset : offset + n]
        )

    def order(self, *, copy: str = "a", max_media: int = 3, token: str = "good") -> Burn:
        return Burn(
            volume_id=self.id,
            copy_id=f"{self.id}-{copy}",
            role="use",
            label=self.plan.identity.label,
            plan_sha256=self.sha256,
            image_size_bytes=self.image.size_bytes,
            content=ContentRef(f"mem://volumes/{self.id}", token),
            max_media=max_media,
        )


class Delivery:
    """One fetch: what is wanted and what has come."""

    def __init__(self, items: list[FetchItem]) -> None:
        self.items = items
        self.received = bytearray()


class Archive:
    """`ContentClient` over the volumes and deliveries that it holds."""

    def __init__(self, *volumes: Volume) -> None:
        self.volumes = {volume.id: volume for volume in volumes}
        self.deliveries: dict[str, Delivery] = {}
        self.token = "good"
        self.break_after: list[int] = []
        """After so many bytes of a stream or upload it breaks; once each."""
        self.away = False
        self.offsets: list[int] = []
        """Where each stream began."""

    def want(self, fetch_id: str, volume: Volume, paths: list[str]) -> Delivery:
        delivery = self.deliveries[fetch_id] = Delivery(
            [
                FetchItem(path, len(data), hashlib.sha256(data).hexdigest())
                for path, data in ((path, volume.files[path]) for path in paths)
            ]
        )
        return delivery

    async def plan(self, ref: ContentRef) -> VolumePlan:
        return self._volume(ref).plan

    async def stream(self, ref: ContentRef, offset: int) -> AsyncIterator[bytes]:
        payload = self._volume(ref).payload
        self.offsets.append(offset)
        limit = self.break_after.pop(0) if self.break_after else len(payload)
        for start in range(offset, len(payload), CHUNK_BYTES):
            await asyncio.sleep(0.001)
            if start - offset >= limit:
                raise ContentBrokenError("the line broke")
            self._check(ref)
            yield payload[start : start + CHUNK_BYTES]

    async def items(self, ref: ContentRef) -> list[FetchItem]:
        return self._delivery(ref).items

    async def upload_offset(self, ref: ContentRef) -> int:
        return len(self._delivery(ref).received)

    async def upload(self, ref: ContentRef, offset: int, chunks: AsyncIterator[bytes]) -> int:
        delivery = self._delivery(ref)
        if offset != len(delivery.received):
            return len(delivery.received)
        limit = self.break_after.pop(0) if self.break_after else None
        async for chunk in chunks:
            delivery.received += chunk
            await asyncio.sleep(0.001)
            if limit is not None and len(delivery.received) - offset >= limit:
                raise ContentBrokenError("the line broke")
        return len(delivery.received)

    def _check(self, ref: ContentRef) -> None:
        if self.away:
            raise ContentBrokenError("nobody answers")
        if ref.token != self.token:
            raise TokenRefusedError("the token has run out")

    def _volume(self, ref: ContentRef) -> Volume:
        self._check(ref)
        volume = self.volumes.get(ref.url.rsplit("/", 1)[1])
        if volume is None:
            raise ContentGoneError(f"nothing at {ref.url}")
        return volume

    def _delivery(self, ref: ContentRef) -> Delivery:
        self._check(ref)
        return self.deliveries[ref.url.rsplit("/", 1)[1]]
