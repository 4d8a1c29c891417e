"""A burn that is stopped or killed half way is finished after the next start: real processes.

Takes some five seconds: a cabinet is started, looked through, and two of its discs are burned.
"""

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from appliance.contract.messages import (
    Burn,
    Command,
    ContentRef,
    CopyVerified,
    Event,
    MediumChanged,
    Reply,
    encode,
)
from appliance.volume.image import Image
from appliance.volume.plan import (
    DossierRef,
    Identity,
    PlanFile,
    encode_plan,
    make_plan,
    plan_sha256,
)
from tests.appliance.agent.content_server import TOKEN, ContentServer, serving
from tests.appliance.agent.real_broker import RealBroker, running_broker

BIN = Path(sys.executable).parent
BASE = "stele/1/north/rack-1"
PATIENCE_S = 80.0
STOP_S = 20.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Console:
    """Sends one burn and follows its events."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.events: list[Event] = []

    async def order(self, burn: Burn) -> None:
        """Send the burn again and again until it is answered, as a console does."""
        payload = encode(Command("burn-1", NOW, burn))
        while True:
            await self._client.publish(f"{BASE}/command", payload, qos=1)
            try:
                async with asyncio.timeout(2):
                    reply = msgspec.json.decode(await self._next("reply"), type=Reply)
            except TimeoutError:
                continue
            assert reply.accepted, reply
            return

    async def until_burning(self) -> None:
        """Wait until a disc has been written to."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.media_that_were("burning"):
                await self._next("event")

    def media_that_were(self, state: str) -> set[str]:
        bodies = [event.body for event in self.events]
        return {b.medium_id for b in bodies if isinstance(b, MediumChanged) and b.state == state}

    async def until_verified(self) -> CopyVerified:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self._next("event")
                if isinstance(body := self.events[-1].body, CopyVerified):
                    return body

    async def _next(self, leaf: str) -> bytes:
        async for message in self._client.messages:
            payload = message.payload
            assert isinstance(payload, bytes)
            if str(message.topic).endswith("/event"):
                self.events.append(msgspec.json.decode(payload, type=Event))
            if str(message.topic).endswith(leaf):
                return payload
        raise AssertionError("the broker went away")


@asynccontextmanager
async def process(*argv: str | Path, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that has said that it is ready; killed when the block ends."""
    with log.open("ab") as errors:
        running = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    assert running.stdout is not None
    assert await running.stdout.readline() == b"ready\n", f"see {log}"
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


def volume(server: ContentServer, url: str) -> Burn:
    """Put a small volume on the server; the command that burns it."""
    server.payload = bytes(24 << 20)
    server.stalls_at = 0.95
    plan = make_plan(
        Identity("V1", "V1", "f", "s", (DossierRef("d", "Dossier", "d"),), NOW),
        [PlanFile("d/file", len(server.payload), 0, hashlib.sha256(server.payload).digest())],
        [],
    )
    server.plan = b"".join(encode_plan(plan))
    size_bytes = Image(plan).size_bytes
    return Burn("V1", "c1", "use", "V1", plan_sha256(plan), size_bytes, ContentRef(url, TOKEN))


def write_config(folder: Path, broker: RealBroker) -> Path:
    file = folder / "appliance.toml"
    file.write_text(
        '[appliance]\nid = "rack-1"\nsite = "north"\nstate_dir = "state"\n'
        f'[broker]\nurl = "{broker.url}"\n' + (folder / "world/wires.toml").read_text("utf-8"),
        "utf-8",
    )
    return file


@pytest.mark.parametrize("blow", [signal.SIGTERM, signal.SIGKILL])
async def test_a_burn_interrupted_half_way_is_finished_on_another_disc(
    tmp_path: Path, blow: signal.Signals
) -> None:
    server = ContentServer()
    cabinet = (BIN / "stele-sim", "cabinet", "--speed", "200", "--discs", "3", "--world")
    with running_broker("mosquitto", tmp_path) as broker:
        async with (
            serving(server) as url,
            process(*cabinet, tmp_path / "world", log=tmp_path / "cabinet.log"),
            aiomqtt.Client("127.0.0.1", broker.port, timeout=10) as client,
        ):
            burn = volume(server, url)
            console = Console(client)
            await client.subscribe([(f"{BASE}/event", 1), (f"{BASE}/reply", 1)])
            config = write_config(tmp_path, broker)
            firmware = (BIN / "stele-appliance", "run", "--config", os.fspath(config))
            log = tmp_path / "firmware.log"

            server.stall.clear()
            async with process(*firmware, log=log) as running:
                await console.order(burn)
                await console.until_burning()
                running.send_signal(blow)
                async with asyncio.timeout(STOP_S):
                    code = await running.wait()
                assert code == (0 if blow is signal.SIGTERM else -blow), log.read_text("utf-8")
            server.stall.set()
            async with process(*firmware, log=log):
                verified = await console.until_verified()
    assert verified.copy_id == "c1"
    assert verified.bytes_read == burn.image_size_bytes
    spoiled = console.media_that_were("condemned")
    assert len(spoiled) == 1, "the half-burned disc, and no other"
    assert verified.medium_id not in spoiled
    assert "Traceback" not in log.read_text("utf-8")
