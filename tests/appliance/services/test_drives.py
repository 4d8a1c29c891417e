"""The policy by which drives are given out."""

import asyncio
from pathlib import Path

import pytest

from appliance.agent.outbox import Outbox
from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo
from appliance.contract.states import DriveState
from appliance.services.alarms import Alarms
from appliance.services.drives import FAILURES_MAX, Drives, Use
from appliance.services.state import open_state
from simulators.clock import run_virtual
from tests.appliance.jobs.cabinet import Cabinet
from tests.appliance.jobs.station import BEGAN


def make(folder: Path, count: int) -> Drives:
    db = open_state(folder / "state.db")
    alarms = Alarms(db, Outbox(db, lambda: BEGAN), lambda: BEGAN)
    return Drives({"": Cabinet(drives=count).session.drives}, alarms, lambda: None)


async def queue(
    drives: Drives, *wishes: tuple[str, Use]
) -> tuple[list[str], list[asyncio.Task[None]]]:
    """Jobs that each want the one drive, have it, and give it back; in which order they had it."""
    order: list[str] = []

    async def job(name: str, use: Use) -> None:
        seat = await drives.acquire(name, use)
        order.append(name)
        await asyncio.sleep(1)
        drives.release(seat)

    tasks = []
    for name, use in wishes:
        tasks.append(asyncio.create_task(job(name, use)))
        await asyncio.sleep(0)
    return order, tasks


def test_readers_and_writers_take_turns_and_each_keeps_its_order(tmp_path: Path) -> None:
    async def story() -> None:
        drives = make(tmp_path, 1)
        first = await drives.acquire("first", Use.WRITE)
        burns = [(f"b{n}", Use.WRITE) for n in range(4)]
        order, tasks = await queue(drives, *burns, ("f1", Use.READ), ("f2", Use.READ))
        drives.release(first)
        await asyncio.gather(*tasks)
        assert order == ["f1", "b0", "f2", "b1", "b2", "b3"]

    run_virtual(story())


def test_a_free_drive_is_given_at_once_and_wear_is_even(tmp_path: Path) -> None:
    async def story() -> None:
        drives = make(tmp_path, 3)
        used = []
        for number in range(6):
            seat = await drives.acquire(f"j{number}", Use.WRITE)
            used.append(seat.name)
            drives.release(seat)
        assert used == ["d1", "d2", "d3", "d1", "d2", "d3"]

    run_virtual(story())


def test_a_drive_to_avoid_is_left_to_others(tmp_path: Path) -> None:
    async def story() -> None:
        drives = make(tmp_path, 2)
        picky = await drives.acquire("picky", Use.READ, frozenset({"d1"}))
        assert picky.name == "d2"
        waiting = asyncio.create_task(drives.acquire("also", Use.READ, frozenset({"d1"})))
        await asyncio.sleep(1)
        assert not waiting.done()
        assert (await drives.acquire("any", Use.WRITE)).name == "d1"
        drives.release(picky)
        assert (await waiting).name == "d2"

    run_virtual(story())


def test_who_waits_for_a_drive_that_goes_out_of_service_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        drives = make(tmp_path, 1)
        seat = await drives.acquire("first", Use.WRITE)
        waiting = asyncio.create_task(drives.acquire("second", Use.READ))
        await asyncio.sleep(1)
        drives.suspend(seat, ErrorInfo(3201, "gone"))
        with pytest.raises(SteleError, match="2203"):
            await waiting
        assert seat.state is DriveState.UNAVAILABLE

    run_virtual(story())


def test_a_cancelled_wish_takes_no_drive(tmp_path: Path) -> None:
    async def story() -> None:
        drives = make(tmp_path, 1)
        seat = await drives.acquire("first", Use.WRITE)
        waiting = asyncio.create_task(drives.acquire("second", Use.READ))
        await asyncio.sleep(1)
        drives.release(seat)  # the drive is granted to the second …
        waiting.cancel()  # … which is cancelled before it hears of it
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert seat.job_id is None
        assert (await drives.acquire("third", Use.READ)) is seat

    run_virtual(story())


def test_only_failures_in_a_row_count(tmp_path: Path) -> None:
    async def story() -> None:
        drives = make(tmp_path, 2)
        seat = drives.seat("d1")
        for _ in range(FAILURES_MAX - 1):
            drives.blame(seat, "dirt")
        drives.praise(seat)
        for _ in range(FAILURES_MAX - 1):
            drives.blame(seat, "dirt")
        assert seat.fault is None
        drives.blame(seat, "dirt")
        assert seat.fault is not None
        drives.readmit(seat)
        assert seat.fault is None

    run_virtual(story())
