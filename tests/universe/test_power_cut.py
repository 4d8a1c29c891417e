"""kill -9 of the firmware while the cabinet goes on: at every commit, in the midst of every act.

The robot finishes the motion that it was told, the burner runs out of input, the trays stay as they
are. The firmware that starts next asks, settles, and finishes the jobs (I2, I7, I8).
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path

import pytest

from appliance.contract.messages import ContentRef, CopyVerified, Fetch, FilesDelivered
from appliance.contract.states import JobState, MediumState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.rack import Rack, hold

VOLUME = Volume(1, files_of(1, 3, 120_000))
PATHS = [file.path for file in VOLUME.plan.files]
STEP_S = 4.7


class Life:
    """One archive and fetch over a rack, with one kill."""

    def __init__(self, folder: Path) -> None:
        self.rack = Rack(folder / "world", discs=3, drives=("d1", "d2"))
        self.archive = Archive(VOLUME)
        self.delivery = self.archive.want("f", VOLUME, PATHS)
        self.station = Station(folder, self.rack, self.archive)

    async def work(self) -> None:
        station = self.station
        station.order(VOLUME.order(), "burn")
        await station.settled()
        if station.cut.is_set():
            return
        (copy,) = station.events(CopyVerified)
        content = ContentRef("mem://fetches/f", "good")
        station.order(Fetch("f", VOLUME.id, copy.copy_id, copy.medium_id, content), "fetch")
        await station.settled()

    async def finish(self) -> None:
        """Start again after the kill, let all jobs end, and check what must hold."""
        await self.station.kill()
        await self.station.start()
        await self.work()
        station = self.station
        ends = {job.id: (job.state, job.error) for job in station.jobs()}
        assert {state for state, _ in ends.values()} == {JobState.DONE}, ends
        hold(station, self.rack)
        assert all(medium.is_home for medium in station.media())
        assert bytes(self.delivery.received) == b"".join(VOLUME.files[path] for path in PATHS)
        assert len(station.events(FilesDelivered)) == 1
        (copy,) = station.events(CopyVerified)
        disc = self.rack.disc_in(copy.slot)
        assert disc is not None
        assert self.rack.content(disc, VOLUME.image.size_bytes) == VOLUME.image_bytes
        spent = [m.state for m in station.media() if not m.state.may_be_burned]
        assert sorted(spent) in (
            [MediumState.VERIFIED],
            [MediumState.CONDEMNED, MediumState.VERIFIED],
        )
        await station.kill()
        self.rack.cabinet.stop()


async def whole_life(folder: Path) -> tuple[int, float]:
    """Without a kill: how many commits there are, and how long it takes."""
    life = Life(folder)
    await life.station.start()
    await life.work()
    commits, seconds = life.station.commits, asyncio.get_running_loop().time()
    await life.finish()
    return commits, seconds


def live(story: Coroutine[None, None, None], what: str) -> None:
    try:
        run_virtual(story)
    except BaseException as error:
        error.add_note(what)
        raise


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_killed_at_a_commit(tmp_path: Path, *, lost: bool) -> None:
    """Every other commit is lost, the others are the last that is kept."""

    async def story(cut_at: int) -> None:
        life = Life(tmp_path / str(cut_at))
        life.station.cut_at, life.station.cut_before = cut_at, lost
        await life.station.start()
        await life.work()
        await life.finish()

    commits, _ = run_virtual(whole_life(tmp_path / "whole"))
    for cut_at in range(1 if lost else 2, commits + 1, 2):
        live(story(cut_at), f"killed at commit {cut_at}")


def test_killed_in_the_midst_of_an_act(tmp_path: Path) -> None:
    async def story(at_s: float) -> None:
        life = Life(tmp_path / str(at_s))
        await life.station.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_s):
                await life.work()
        await life.finish()

    _, seconds = run_virtual(whole_life(tmp_path / "whole"))
    for number in range(int(seconds / STEP_S)):
        live(story(number * STEP_S + 0.7), f"killed after {number * STEP_S + 0.7} s")
