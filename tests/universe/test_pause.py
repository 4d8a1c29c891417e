"""Work stopped for smoke, air or an open door, over real drivers, that goes on afterwards."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.contract.messages import ContentRef, CopyVerified
from appliance.contract.states import JobState, MediumState
from appliance.services.access.brakes import Brakes
from appliance.services.gates import Gates
from simulators.clock import run_virtual
from simulators.world.disc import DiscState
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.rack import Rack, hold
from tests.universe.test_faults import states

VOLUME = Volume(1, files_of(1, 5, 200_000))


LONG = Volume(2, files_of(2, 4, 2_000_000))


class Trickle(Archive):
    """Content that comes slowly, so that a burner's buffer never holds the end of it."""

    async def stream(self, ref: ContentRef, offset: int) -> AsyncIterator[bytes]:
        async for chunk in super().stream(ref, offset):
            await asyncio.sleep(0.5)
            yield chunk


class Cabinet:
    """A rack and its firmware, surveyed."""

    def __init__(self, folder: Path, content: Archive | None = None) -> None:
        self.rack = Rack(folder / "world")
        self.station = Station(folder, self.rack, content or Archive(VOLUME))

    async def start(self) -> None:
        await self.station.start()
        self.gates.interlock = self.station.library.interlock
        self.brakes = Brakes(unit.changer for unit in self.station.library.units)
        await self.station.surveyed()

    @property
    def gates(self) -> Gates:
        return self.station.engine._use.gates

    def order(self, volume: Volume = VOLUME) -> None:
        assert self.station.tell(volume.order(), "b").accepted

    async def burning(self) -> None:
        await self.station.until(lambda: any(d.state is DiscState.APPENDABLE for d in self.discs))
        await asyncio.sleep(1)

    @property
    def discs(self) -> list:  # type: ignore[type-arg]
        return self.rack.discs

    def picture(self) -> list[tuple[str, int]]:
        """Where everything is, and how often it was burned."""
        return [(disc.place, disc.burns) for disc in self.discs]

    async def end(self, copies: int = 1) -> None:
        await self.station.settled()
        assert len(self.station.events(CopyVerified)) == copies
        hold(self.station, self.rack)
        await self.station.kill()
        self.rack.cabinet.stop()


def test_a_burn_cut_short_by_smoke_spoils_its_disc_and_is_made_anew(tmp_path: Path) -> None:
    async def story() -> None:
        at = Cabinet(tmp_path, Trickle(LONG))
        await at.start()
        at.order(LONG)
        await at.burning()
        async with asyncio.timeout(60):
            await at.station.engine.suspend("smoke")
        assert at.station.view("b").waiting_for == "smoke"
        assert at.station.view("b").state is JobState.WAITING
        before = at.picture()
        assert not any(place == "gripper" for place, _ in before)
        await asyncio.sleep(3600)
        assert at.picture() == before
        at.station.engine.resume()
        await at.station.settled()
        assert states(at.station) == [MediumState.CONDEMNED, MediumState.VERIFIED]
        await at.end()

    run_virtual(story())


def test_what_is_ordered_during_a_stop_begins_after_it(tmp_path: Path) -> None:
    async def story() -> None:
        at = Cabinet(tmp_path)
        await at.start()
        await at.station.engine.suspend("water")
        at.order()
        await asyncio.sleep(3600)
        assert at.station.view("b").waiting_for == "water"
        assert all(burns == 0 for _, burns in at.picture())
        at.station.engine.resume()
        await at.end()

    run_virtual(story())


@pytest.mark.parametrize("after_s", [0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 21.0, 28.0, 40.0, 60.0])
def test_a_stop_at_any_moment_leaves_nothing_undone(tmp_path: Path, after_s: float) -> None:
    async def story() -> None:
        at = Cabinet(tmp_path)
        await at.start()
        at.order()
        await asyncio.sleep(after_s)
        for reason in ("smoke", "mains"):
            await at.station.engine.suspend(reason)
            await asyncio.sleep(100)
            at.station.engine.resume()
            await asyncio.sleep(2)
        await at.end()

    run_virtual(story())


def test_a_burn_waits_for_fit_air_and_one_under_way_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        at = Cabinet(tmp_path)
        await at.start()
        at.gates.burning.close("climate")
        at.order()
        await asyncio.sleep(3600)
        assert at.station.view("b").waiting_for == "climate"
        assert at.station.view("b").state is JobState.WAITING
        assert all(burns == 0 for _, burns in at.picture())
        at.gates.burning.open("climate")
        await at.burning()
        at.gates.burning.close("climate")
        await at.end()

    run_virtual(story())


@pytest.mark.parametrize("after_s", [0.5, 2.0, 4.0, 7.0, 11.0])
def test_a_held_robot_stands_and_finishes_its_move_afterwards(
    tmp_path: Path, after_s: float
) -> None:
    async def story() -> None:
        at = Cabinet(tmp_path)
        await at.start()
        at.order()
        await at.station.until(lambda: at.gates.interlock.is_moving)
        await asyncio.sleep(after_s)
        at.gates.interlock.gate.close("door:front")
        await asyncio.wait(at.brakes.hold())
        before = at.picture()
        await asyncio.sleep(3600)
        assert at.picture() == before, "nothing is carried while the door is open"
        at.gates.interlock.gate.open("door:front")
        at.brakes.release()
        await at.end()

    run_virtual(story())


def test_a_door_opened_while_homing_leads_to_homing_again(tmp_path: Path) -> None:
    async def story() -> None:
        at = Cabinet(tmp_path)
        await at.start()
        at.rack.press_reset()
        at.order()
        unit = next(iter(at.station.library.units))
        await at.station.until(lambda: unit.changer.state.value == "homing")
        at.gates.interlock.gate.close("door:front")
        await asyncio.wait(at.brakes.hold())
        await asyncio.sleep(600)
        at.gates.interlock.gate.open("door:front")
        at.brakes.release()
        await at.end()

    run_virtual(story())
