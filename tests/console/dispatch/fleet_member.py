"""A paper appliance on a real broker, which burns and delivers through the real content server."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import aiomqtt
import msgspec

from appliance.contract.messages import (
    Burn,
    Command,
    ContentRef,
    Fetch,
    FetchItem,
)
from appliance.volume.plan import VolumePlan, decode_plan
from console.dispatch.intake import Incoming
from console.dispatch.link import heed_cancellation
from tests.console.dispatch.paper_appliance import PaperAppliance


@dataclass
class FleetMember:
    """Does what it is told, one job after the other. `discs` holds the payload of each medium."""

    paper: PaperAppliance
    host: str
    port: int
    discs: dict[str, tuple[VolumePlan, bytes]] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[Command] = field(default_factory=list)
    over: bool = False

    @asynccontextmanager
    async def working(self) -> AsyncIterator["FleetMember"]:
        async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._serve(http))
            yield self
            self.over = True
            task.cancel()

    async def _serve(self, http: aiohttp.ClientSession) -> None:
        while not self.over:  # a cancellation may get lost in aiomqtt: see `heed_cancellation`
            try:
                async with aiomqtt.Client(self.host, self.port) as client:
                    await client.subscribe(self.paper.topics.command, qos=1)
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._show(client))
                        tasks.create_task(self._listen(client, http))
            except* aiomqtt.MqttError:
                await asyncio.sleep(0.1)

    async def _show(self, client: aiomqtt.Client) -> None:
        while True:
            status = self.paper.status()
            await client.publish(status.topic, status.payload, qos=1, retain=True)
            heed_cancellation()
            await self._publish(client, [self.paper.library()])
            await asyncio.sleep(0.3)

    async def _listen(self, client: aiomqtt.Client, http: aiohttp.ClientSession) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            await self._obey(client, http, message.payload)

    async def _obey(
        self, client: aiomqtt.Client, http: aiohttp.ClientSession, payload: bytes
    ) -> None:
        command = msgspec.json.decode(payload, type=Command)
        self.heard.append(command)
        known = command.id in self.paper.replies
        await self._publish(client, self.paper.hear(payload))
        if known:
            return
        match command.body:
            case Burn() as burn:
                await self._burn(client, http, command, burn)
            case Fetch() as fetch:
                await self._fetch(client, http, command, fetch)

    async def _burn(
        self, client: aiomqtt.Client, http: aiohttp.ClientSession, command: Command, burn: Burn
    ) -> None:
        plan = decode_plan([await self._get(http, burn.content, "plan")])
        payload = await self._get(http, burn.content, "stream")
        events = self.paper.burn(command)
        self.discs[list(self.paper.burned)[-1]] = (plan, payload)
        await self._publish(client, [*events, self.paper.library()])

    async def _fetch(
        self, client: aiomqtt.Client, http: aiohttp.ClientSession, command: Command, fetch: Fetch
    ) -> None:
        lines = (await self._get(http, fetch.content, "items")).splitlines()
        items = [msgspec.json.decode(line, type=FetchItem) for line in lines]
        body = b"".join(self.read(fetch.medium_id, items))
        url, headers = f"{fetch.content.url}/stream", _bearer(fetch.content)
        async with http.head(url, headers=headers) as answer:
            offset = int(answer.headers["Upload-Offset"])
        headers["Upload-Offset"] = str(offset)
        async with http.patch(url, headers=headers, data=io.BytesIO(body[offset:])) as answer:
            assert answer.status == 204, await answer.text()
        await self._publish(client, self.paper.delivered(command, len(items), len(body)))

    def read(self, medium: str, items: Iterable[FetchItem]) -> Iterable[bytes]:
        """The files from the disc, checked."""
        plan, payload = self.discs[medium]
        begins = 0
        at: dict[str, bytes] = {}
        for file in plan.files:
            at[file.path] = payload[begins : begins + file.size_bytes]
            begins += file.size_bytes
        for item in items:
            assert hashlib.sha256(at[item.path]).hexdigest() == item.sha256
            yield at[item.path]

    async def _get(self, http: aiohttp.ClientSession, ref: ContentRef, leaf: str) -> bytes:
        async with http.get(f"{ref.url}/{leaf}", headers=_bearer(ref)) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def _publish(self, client: aiomqtt.Client, messages: Iterable[Incoming]) -> None:
        for message in messages:
            qos = 0 if "/telemetry/" in message.topic else 1
            await client.publish(message.topic, message.payload, qos=qos)
            heed_cancellation()


def _bearer(ref: ContentRef) -> dict[str, str]:
    return {"Authorization": f"Bearer {ref.token}"}
