"""Three workers and two web processes share the work; any of them is killed at any moment."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.contract.messages import Burn, Fetch
from console.addresses import Addresses, write_addresses
from console.broker import free_port
from console.processes import ready_file
from console.retrieval.requests import create_request
from console.store import schema
from tests.appliance.agent.real_broker import RealBroker, mosquitto
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance
from tests.console.growth.stubborn_member import StubbornMember

pytestmark = pytest.mark.timeout(170)

WORKERS = 3
KILLS = 6
"""In each half of the story."""
CONTENTS = {"a": b"alpha" * 500_000, "empty": b"", "c": bytes(range(256)) * 9000}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    made = mosquitto(folder)
    made.start()
    yield made
    made.kill()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something in the store holds: other processes bring it about."""
    async with asyncio.timeout(75):
        while not holds():  # noqa: ASYNC110 - the store is changed from outside this loop
            await asyncio.sleep(0.1)


class Console:
    """The processes of a console, which are started again when they end."""

    def __init__(self, data: Path, port: int) -> None:
        self._data, self._port = data, port
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._over = False
        self.kills = 0

    def _argv(self, name: str) -> list[str]:
        words = [sys.executable, "-m", "console.worker", "--number", name]
        if name == "web":
            words = [sys.executable, "-m", "console.web.server", "--port", str(self._port)]
            words += ["--processes", "2"]
        return [*words, "--data", os.fspath(self._data)]

    async def keep(self, name: str) -> None:
        while not self._over:
            process = await asyncio.create_subprocess_exec(
                *self._argv(name), stderr=asyncio.subprocess.DEVNULL, start_new_session=True
            )
            self._running[name] = process
            await process.wait()

    def kill(self, name: str) -> None:
        """A worker that is at work, or one of the web server's own processes."""
        process = self._running.get(name)
        if process is None or process.returncode is not None:
            return
        pids = children(process.pid)[:1] if name == "web" else [process.pid]
        ready = ready_file(self._data, int(name)) if name != "web" else None
        if ready is not None and not (ready.exists() and ready.read_text() == str(process.pid)):
            return
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills += 1

    async def close(self) -> None:
        self._over = True
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def children(pid: int) -> list[int]:
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(word) for word in words]


async def _kill_some(console: Console, kills: int) -> None:
    """Kill one after the other, at moments that nobody has chosen."""
    chance = random.Random(4)
    before = console.kills
    for name in itertools.cycle(["1", "2", "web", "3", "web"]):
        await asyncio.sleep(chance.uniform(0.2, 1.2))  # a moment that no step waits for
        console.kill(name)
        if console.kills - before >= kills:
            return


async def test_processes_killed_at_any_moment_do_nothing_twice_and_lose_nothing(
    holdings: Holdings, broker: RealBroker
) -> None:
    """Takes some 20 s on each store: processes start anew all the time."""
    volumes = [
        holdings.volume(holdings.package({**CONTENTS, "n": str(n).encode()})) for n in range(3)
    ]
    members = [
        StubbornMember(PaperAppliance(name=f"rack-{n}", discs=20), "127.0.0.1", broker.port)
        for n in range(2)
    ]
    port = free_port("127.0.0.1")
    data = holdings.workspace.data
    url = f"http://127.0.0.1:{port}/content/1"
    write_addresses(data, Addresses(f"http://127.0.0.1:{port}/", url, broker.url))
    console = Console(data, port)
    async with contextlib.AsyncExitStack() as stack:
        for member in members:
            await stack.enter_async_context(member.working())
        names = [str(n + 1) for n in range(WORKERS)] + ["web"]
        tasks = [asyncio.create_task(console.keep(name)) for name in names]
        killer = asyncio.create_task(_kill_some(console, KILLS))
        try:
            await until(lambda: {r.state for r in holdings.rows(schema.volumes)} == {"archived"})
            files = [row.file_id for row in holdings.rows(schema.files)]
            await killer
            create_request(holdings.store, files, "all", from_media=True)
            killer = asyncio.create_task(_kill_some(console, KILLS))
            await until(lambda: holdings.row(schema.requests).state in ("done", "failed"))
            await killer
            events = sum(len(member.paper.events) for member in members)
            await until(lambda: len(holdings.rows(schema.events)) == events)
            await until(lambda: not holdings.rows(schema.fetches, state="running"))
        finally:
            killer.cancel()
            for task in tasks:
                task.cancel()
            await console.close()
            await asyncio.gather(killer, *tasks, return_exceptions=True)
    assert console.kills == 2 * KILLS
    heard = [command for member in members for command in member.heard]
    burns = {c.id for c in heard if isinstance(c.body, Burn)}
    assert len({c.body.copy_id for c in heard if isinstance(c.body, Burn)}) == len(burns)
    assert sum(len(member.discs) for member in members) == len(burns) == 2 * len(volumes)
    assert {(row.state, row.attempt) for row in holdings.rows(schema.copies)} == {("verified", 1)}
    assert len({row.medium_id for row in holdings.rows(schema.copies)}) == 2 * len(volumes)
    fetches = {c.id for c in heard if isinstance(c.body, Fetch)}
    assert len(fetches) == len(holdings.rows(schema.fetches)) == len(volumes)
    assert holdings.row(schema.requests).state == "done"
    for row in holdings.rows(schema.delivered):
        assert holdings.workspace.delivered.check(row.sha256) == row.size_bytes
    for member in members:
        row = holdings.row(schema.appliances, name=member.paper.topics.appliance)
        assert row.next_seq == len(member.paper.events) + 1
    assert {row.state for row in holdings.rows(schema.jobs)} == {"done"}
