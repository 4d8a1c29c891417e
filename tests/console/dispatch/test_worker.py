"""The worker over real brokers and real HTTP: burned, verified, archived, brought back."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from console import worker as worker_module
from console.addresses import Addresses
from console.api.content import register_content
from console.retrieval.requests import create_request
from console.store import schema
from console.store.workspace import Workspace
from console.worker import Worker
from tests.appliance.agent.real_broker import RealBroker, mosquitto, nats
from tests.console.dispatch.fleet_member import FleetMember
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

CONTENTS = {"a.txt": b"alpha" * 1000, "b/empty": b"", "b/c.bin": bytes(range(256)) * 5000}


@pytest.fixture(params=[mosquitto, nats], ids=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    made: RealBroker = request.param(folder)
    made.start()
    yield made
    made.kill()


@contextmanager
def content_served(workspace: Workspace) -> Iterator[str]:
    """The content resource on a port of its own; gives its base URL."""
    app = Flask("content")
    register_content(app, workspace)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/content/1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def worker_at_work(holdings: Holdings, broker: RealBroker, url: str) -> AsyncIterator[Worker]:
    worker = Worker(holdings.workspace, Addresses("", url, broker.url))
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something in the store holds: another process or thread brings it about."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - the store is changed from outside this loop
            await asyncio.sleep(0.05)


def delivered(holdings: Holdings, content: bytes) -> bytes:
    import hashlib

    with holdings.workspace.delivered.open(hashlib.sha256(content).hexdigest()) as stream:
        return stream.read()


async def test_a_volume_goes_to_discs_and_comes_back(
    holdings: Holdings, broker: RealBroker
) -> None:
    volume = holdings.volume(holdings.package(CONTENTS))
    payload = holdings.payload(volume)
    member = FleetMember(PaperAppliance(), "127.0.0.1", broker.port)
    with content_served(holdings.workspace) as url:
        async with worker_at_work(holdings, broker, url), member.working():
            await until(lambda: holdings.row(schema.volumes).state == "archived")
            assert [disc[1] for disc in member.discs.values()] == [payload, payload]
            await until(lambda: {row.state for row in holdings.rows(schema.blobs)} == {"released"})
            wanted = [row.file_id for row in holdings.rows(schema.files)]
            create_request(holdings.store, wanted, "everything")
            await until(lambda: holdings.row(schema.requests).state == "done")
    for content in CONTENTS.values():
        assert delivered(holdings, content) == content
    assert holdings.row(schema.fetches).state == "done"
    assert {row.state for row in holdings.rows(schema.commands)} == {"accepted"}


async def test_a_broker_that_goes_away_costs_nothing(
    holdings: Holdings, broker: RealBroker
) -> None:
    member = FleetMember(PaperAppliance(), "127.0.0.1", broker.port)
    with content_served(holdings.workspace) as url:
        async with worker_at_work(holdings, broker, url) as worker, member.working():
            await until(lambda: len(holdings.rows(schema.appliances, online=True)) == 1)
            broker.kill()
            await until(lambda: not worker.is_connected)
            holdings.volume(holdings.package(CONTENTS))
            broker.start()
            await until(lambda: [r.state for r in holdings.rows(schema.volumes)] == ["archived"])
    assert len(member.discs) == 2


async def test_a_console_that_was_away_learns_what_it_missed(
    holdings: Holdings, broker: RealBroker
) -> None:
    """Everything is burned and told while the worker is down; it asks, and applies it once."""
    volume = holdings.volume(holdings.package(CONTENTS))
    member = FleetMember(PaperAppliance(), "127.0.0.1", broker.port)
    with content_served(holdings.workspace) as url:
        async with member.working():
            async with worker_at_work(holdings, broker, url):
                await until(lambda: len(member.heard) >= 1)
            await until(lambda: len(member.paper.events) >= 4)  # told to nobody
            async with worker_at_work(holdings, broker, url):
                await until(lambda: len(holdings.rows(schema.events)) == 8)
    assert len(member.paper.events) == 8
    assert holdings.row(schema.appliances).next_seq == 9
    assert holdings.row(schema.volumes).state == "archived"
    assert len(holdings.rows(schema.copies, volume_id=volume, attempt=1)) == 2


async def test_work_that_fails_again_and_again_is_an_alarm_until_it_goes_on(
    holdings: Holdings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = 0

    def fail(*_: object) -> None:
        nonlocal rounds
        rounds += 1
        raise RuntimeError("a fault of ours")

    def alarms() -> list[tuple[str, int, bool]]:
        found = [row for row in holdings.rows(schema.alarms) if row.where_ == "worker"]
        return [(row.message, row.code, row.cleared_at is None) for row in found]

    for name in ("TICK_S", "HOUSEKEEPING_S"):
        monkeypatch.setattr(worker_module, name, 0.02)
    monkeypatch.setattr("console.retrieval.serving.serve_requests", fail)
    nobody = RealBroker(tmp_path, 9, [])  # nobody listens there
    async with worker_at_work(holdings, nobody, "http://127.0.0.1/content/1"):
        await until(lambda: alarms() != [])
        text = "giving out work fails again and again: unexpected RuntimeError; see logs/worker.log"
        assert alarms() == [(text, 5000, True)]
        assert rounds > 2
        monkeypatch.undo()
        await until(lambda: alarms() == [(text, 5000, False)])
