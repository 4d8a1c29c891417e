"""An appliance that asks again, as a real one does, when the console's processes are killed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import msgspec

from appliance.contract.messages import Command, ContentRef, Fetch, FetchItem
from tests.console.dispatch.fleet_member import FleetMember, _bearer

_PIECE_BYTES = 64 * 1024
_AGAIN_S = 0.1
_PATIENCE = 300


@dataclass
class StubbornMember(FleetMember):
    """Delivers in small pieces, so that there is time to kill who takes them."""

    patches: int = 0

    async def _get(self, http: aiohttp.ClientSession, ref: ContentRef, leaf: str) -> bytes:
        for _ in range(_PATIENCE):
            try:
                return await super()._get(http, ref, leaf)
            except (aiohttp.ClientError, AssertionError, ConnectionError):
                await asyncio.sleep(_AGAIN_S)
        raise AssertionError(f"{leaf} never came")

    async def _fetch(
        self,
        client: object,
        http: aiohttp.ClientSession,
        command: Command,
        fetch: Fetch,
    ) -> None:
        lines = (await self._get(http, fetch.content, "items")).splitlines()
        items = [msgspec.json.decode(line, type=FetchItem) for line in lines]
        body = b"".join(self.read(fetch.medium_id, items))
        for _ in range(_PATIENCE):
            try:
                if await self._deliver(http, fetch.content, body) == len(body):
                    break
            except (aiohttp.ClientError, ConnectionError):
                await asyncio.sleep(_AGAIN_S)
        else:
            raise AssertionError("the fetch was never taken whole")
        await self._publish(client, self.paper.delivered(command, len(items), len(body)))  # type: ignore[arg-type]

    async def _deliver(self, http: aiohttp.ClientSession, ref: ContentRef, body: bytes) -> int:
        """One attempt; gives where the stream stands."""
        url, headers = f"{ref.url}/stream", _bearer(ref)
        async with http.head(url, headers=headers) as answer:
            answer.raise_for_status()
            offset = int(answer.headers["Upload-Offset"])
        self.patches += 1
        headers["Upload-Offset"] = str(offset)
        async with http.patch(url, headers=headers, data=_pieces(body[offset:])) as answer:
            return int(answer.headers.get("Upload-Offset", -1))


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]
        await asyncio.sleep(0.005)  # the pace of a drive
