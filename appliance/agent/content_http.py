"""The console's content over HTTP: plans and payload in, files that were read out.

The paths, headers and status codes are in `docs/contract.md`. Nothing that the console answers is
trusted: lists are bounded, redirections are not followed (they would carry the token elsewhere),
compressed answers are not asked for, and every failure is one of `appliance.services.content`.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

from appliance.agent.content_answers import (
    UPLOAD_OFFSET,
    address_of,
    check_status,
    range_of,
    upload_offset_of,
)
from appliance.contract.messages import ContentRef, FetchItem
from appliance.services.content import (
    ContentBrokenError,
    ContentMalformedError,
)
from appliance.volume.errors import VolumeError
from appliance.volume.plan import VolumePlan, decode_plan

MAX_PLAN_BYTES = 1 << 30
MAX_ITEMS_BYTES = 1 << 28

_CHUNK_BYTES = 1 << 18
_SPOOL_BYTES = 1 << 22
_MAX_LINE_BYTES = 1 << 20


class HttpContent:
    """`ContentClient` over one HTTP session; `aclose` at the end."""

    def __init__(self, spool_dir: Path, *, connect_timeout_s: float, idle_timeout_s: float) -> None:
        self._spool_dir = spool_dir
        self._idle_timeout_s = idle_timeout_s
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=connect_timeout_s, sock_read=idle_timeout_s
        )
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def plan(self, ref: ContentRef) -> VolumePlan:
        """The volume's plan as sent; the caller checks its digest."""
        with self._spool() as spool:
            await self._download(ref, "plan", spool, MAX_PLAN_BYTES)
            try:
                chunks = iter(lambda: spool.read(_CHUNK_BYTES), b"")
                return await asyncio.get_running_loop().run_in_executor(None, decode_plan, chunks)
            except VolumeError as error:
                raise ContentMalformedError(
                    f"the plan at {ref.url} cannot be used: {error.message}", error.detail
                ) from error

    async def items(self, ref: ContentRef) -> list[FetchItem]:
        """What a fetch is to read, in order."""
        with self._spool() as spool:
            await self._download(ref, "items", spool, MAX_ITEMS_BYTES)
            decoder = msgspec.json.Decoder(FetchItem)
            try:
                return [
                    decoder.decode(line)
                    for line in iter(lambda: spool.readline(_MAX_LINE_BYTES), b"")
                ]
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise ContentMalformedError(
                    f"the items at {ref.url} cannot be read", str(error)
                ) from error

    async def stream(self, ref: ContentRef, offset: int) -> AsyncIterator[bytes]:
        """Payload bytes in plan order from `offset` on, in chunks of any size."""
        wanted = {"Range": f"bytes={offset}-"} if offset else {}
        async with self._request("GET", ref, "stream", headers=wanted) as answer:
            if offset and answer.status == 416 and range_of(answer) == f"bytes */{offset}":
                return
            await check_status(answer, 206 if offset else 200)
            if offset and not range_of(answer).startswith(f"bytes {offset}-"):
                raise ContentMalformedError(
                    f"{answer.url} answered with another range", range_of(answer)
                )
            async for chunk in answer.content.iter_any():
                yield chunk

    async def upload_offset(self, ref: ContentRef) -> int:
        """How many bytes of the fetch the console has safely."""
        async with self._request("HEAD", ref, "stream") as answer:
            await check_status(answer, 200, 204)
            return upload_offset_of(answer)

    async def upload(self, ref: ContentRef, offset: int, chunks: AsyncIterator[bytes]) -> int:
        """Send bytes from `offset` on; returns the console's new offset, also after a mismatch.

        What `chunks` itself raises goes on unchanged. A console that takes nothing for the idle
        time-out is broken; a slow source is not.
        """
        source = _Source(chunks)
        try:
            async with asyncio.timeout(None) as patience:
                body = source.guarded(patience, self._idle_timeout_s)
                headers = {UPLOAD_OFFSET: str(offset), "Content-Type": "application/octet-stream"}
                async with self._request(
                    "PATCH", ref, "stream", headers=headers, data=body
                ) as answer:
                    await check_status(answer, 204, 200, 409)
                    return upload_offset_of(answer)
        except (ContentBrokenError, TimeoutError) as error:
            if source.failure is not None:
                raise source.failure from None
            if isinstance(error, ContentBrokenError):
                raise
            raise ContentBrokenError(f"{ref.url} took nothing for too long") from error

    def _spool(self) -> tempfile.SpooledTemporaryFile[bytes]:
        return tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=os.fspath(self._spool_dir))

    async def _download(
        self,
        ref: ContentRef,
        leaf: str,
        spool: tempfile.SpooledTemporaryFile[bytes],
        limit_bytes: int,
    ) -> None:
        async with self._request("GET", ref, leaf) as answer:
            await check_status(answer, 200)
            taken = 0
            async for chunk in answer.content.iter_any():
                taken += len(chunk)
                if taken > limit_bytes:
                    raise ContentMalformedError(
                        f"{answer.url} is larger than the {limit_bytes} bytes that are allowed"
                    )
                spool.write(chunk)
        spool.seek(0)

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        ref: ContentRef,
        leaf: str,
        *,
        headers: dict[str, str] | None = None,
        data: AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request; every way in which HTTP fails comes out as `ContentBrokenError`."""
        url = address_of(ref, leaf)
        try:
            async with self._open_session().request(
                method,
                url,
                headers={**(headers or {}), "Authorization": f"Bearer {ref.token}"},
                data=data,
                allow_redirects=False,
            ) as answer:
                yield answer
        except (aiohttp.ClientError, OSError) as error:
            reason = f"{type(error).__name__} {error}".strip()
            raise ContentBrokenError(f"{url} cannot be reached or broke off", reason) from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                headers={"Accept-Encoding": "identity"},
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                read_bufsize=_CHUNK_BYTES,
            )
        return self._session


class _Source:
    """The chunks of an upload, which remembers what they raised and whose turn it is."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.failure: Exception | None = None

    async def guarded(
        self, patience: asyncio.Timeout, idle_timeout_s: float
    ) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        try:
            async for chunk in self._chunks:
                patience.reschedule(loop.time() + idle_timeout_s)
                yield chunk
                patience.reschedule(None)
        except Exception as error:
            self.failure = error
            raise
        patience.reschedule(loop.time() + idle_timeout_s)
