"""kill -9 of the worker between any two steps: no command and no event lost, none doubled."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.contract.messages import Burn
from console.addresses import Addresses, write_addresses
from console.store import schema
from tests.appliance.agent.real_broker import RealBroker, mosquitto
from tests.console.dispatch.fleet_member import FleetMember
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance
from tests.console.dispatch.test_worker import content_served, until

DEATHS = [
    (where, n) for n in (1, 2, 4) for where in ("commit", "committed", "publish", "published")
]
"""Each worker goes on where the one before was killed."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    made = mosquitto(folder)
    made.start()
    yield made
    made.kill()


async def _start_worker(data: Path, where: str, n: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.console.dispatch.dying_worker"),
        *(os.fspath(data), where, str(n)),
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _run_worker(data: Path, where: str, n: int, patience_s: float) -> int:
    """The end of a worker that dies at a step; one that does not come so far is killed then."""
    process = await _start_worker(data, where, n)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            await process.wait()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    return await process.wait()


async def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(
    holdings: Holdings, broker: RealBroker
) -> None:
    """Takes some 20 s: it starts a worker for each of 12 deaths, and one that lives."""
    volumes = [holdings.volume(holdings.package({"a": f"volume {n}".encode()})) for n in range(4)]
    member = FleetMember(PaperAppliance(discs=20), "127.0.0.1", broker.port)
    data = holdings.workspace.data
    with content_served(holdings.workspace) as url:
        write_addresses(data, Addresses("", url, broker.url))
        async with member.working():
            for where, n in DEATHS:
                assert await _run_worker(data, where, n, patience_s=3) == -signal.SIGKILL
            last = await _start_worker(data, "commit", 10**9)
            await until(lambda: {r.state for r in holdings.rows(schema.volumes)} == {"archived"})
            await until(lambda: len(holdings.rows(schema.events)) == len(member.paper.events))
            last.kill()
            await last.wait()
    burns = {c.id for c in member.heard if isinstance(c.body, Burn)}
    assert len(burns) == len(member.discs) == 2 * len(volumes)
    assert {row.state for row in holdings.rows(schema.copies)} == {"verified"}
    assert {row.attempt for row in holdings.rows(schema.copies)} == {1}
    assert holdings.row(schema.appliances).next_seq == len(member.paper.events) + 1
    assert {row.state for row in holdings.rows(schema.jobs)} == {"done"}
    assert [row for row in holdings.rows(schema.alarms) if row.cleared_at is None] == []
