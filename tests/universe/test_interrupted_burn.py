"""A burn whose firmware was killed: what the drive finds complete gets a second opinion."""

import asyncio
from pathlib import Path

from appliance.contract.messages import CopyVerified
from appliance.contract.states import MediumState
from simulators.clock import run_virtual
from simulators.world.disc import DiscState
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.rack import Rack, hold
from tests.universe.test_faults import states

VOLUME = Volume(1, files_of(1, 5, 200_000))


async def killed_when(folder: Path, state: DiscState) -> tuple[Station, Rack]:
    """A rack whose firmware was killed in a burn, as soon as the disc had come to `state`."""
    rack = Rack(folder / "world")
    station = Station(folder, rack, Archive(VOLUME))
    await station.start()
    await station.surveyed()
    station.tell(VOLUME.order(), "b")
    await station.until(lambda: any(disc.state is state for disc in rack.discs))
    if state is DiscState.APPENDABLE:
        await asyncio.sleep(1)
    assert states(station) == [MediumState.BURNING]
    await station.kill()
    return station, rack


async def finished(station: Station, rack: Rack) -> None:
    await station.start()
    await station.settled()
    hold(station, rack)
    await station.kill()
    rack.cabinet.stop()


def readings(station: Station) -> int:
    return sum(step == "verify" for step, _ in station.acts("b"))


def test_a_complete_disc_that_one_drive_cannot_read_is_tried_in_a_second(tmp_path: Path) -> None:
    async def story() -> None:
        station, rack = await killed_when(tmp_path, DiscState.CLOSED)
        rack.befall("dirty-lens", "d1")
        await station.start()
        await station.settled()
        (copy,) = station.events(CopyVerified)
        assert copy.verify_drive != "d1"
        assert states(station) == [MediumState.VERIFIED]
        assert readings(station) == 2
        await station.kill()
        await finished(station, rack)

    run_virtual(story())


def test_a_complete_disc_with_wrong_bytes_is_condemned_by_two_drives(tmp_path: Path) -> None:
    async def story() -> None:
        station, rack = await killed_when(tmp_path, DiscState.CLOSED)
        rack.befall("scratch", next(disc.serial for disc in rack.discs if disc.burns))
        await station.start()
        await station.settled()
        assert states(station) == [MediumState.CONDEMNED, MediumState.VERIFIED]
        assert readings(station) == 3
        await station.kill()
        await finished(station, rack)

    run_virtual(story())


def test_a_disc_that_its_drive_calls_incomplete_is_condemned_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        station, rack = await killed_when(tmp_path, DiscState.APPENDABLE)
        await station.start()
        await station.settled()
        assert states(station) == [MediumState.CONDEMNED, MediumState.VERIFIED]
        assert [m.error.code for m in station.media() if m.error] == [3306]
        assert readings(station) == 2
        await station.kill()
        await finished(station, rack)

    run_virtual(story())
