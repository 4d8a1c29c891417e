"""Magazines come and go: their discs are offline with them, and home wherever they are put in."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from appliance.contract.messages import (
    Cancel,
    CopyVerified,
    MagazineMoved,
    MediumChanged,
    ReleaseMagazine,
    Verify,
)
from appliance.contract.states import JobState, SlotState
from appliance.services.magazines.watch import (
    IN_MOTION,
    LEFT_BEHIND,
    LOOK_EVERY_S,
    TWICE,
    UNREADABLE,
    UNSURE,
)
from hal.errors import HalError
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.magazine_nodes import MagazineNodes
from tests.universe.nodes import hold

VOLUME = Volume(1, files_of(1, 2, 50_000))
TALE = Callable[[Station, MagazineNodes], Awaitable[None]]


def play(folder: Path, tale: TALE) -> None:
    async def whole() -> None:
        nodes = MagazineNodes(folder / "world")
        station = Station(folder, nodes, Archive(VOLUME))
        await station.start()
        await station.surveyed()
        await tale(station, nodes)
        await station.kill()
        nodes.cabinet.stop()

    run_virtual(whole())


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def state(station: Station, slot: str) -> SlotState:
    found = station.library.slots.find(slot)
    assert found is not None
    return found.state


async def take_out(station: Station, nodes: MagazineNodes, place: str) -> str:
    """Order it, pull it; the id of the magazine."""
    assert station.fittings is not None
    magazine = station.fittings.register.at(place)
    assert magazine is not None
    job = station.tell(ReleaseMagazine(place)).job_id or ""
    await station.until(lambda: nodes.is_open(place), limit_s=600)
    nodes.hand("take-magazine", place)
    await station.until(lambda: station.fittings.register.at(place) is None, limit_s=60)  # type: ignore[union-attr]
    await station.until(lambda: station.job(job).state.is_final, limit_s=600)
    assert station.job(job).state is JobState.DONE
    return magazine


async def put_in(station: Station, nodes: MagazineNodes, magazine: str, place: str) -> None:
    job = station.tell(ReleaseMagazine(place)).job_id or ""
    await station.until(lambda: nodes.is_open(place), limit_s=600)
    nodes.hand("put-magazine", magazine, place)
    await station.until(lambda: station.job(job).state.is_final, limit_s=600)
    assert station.job(job).state is JobState.DONE
    await station.settled()


async def force_out(station: Station, nodes: MagazineNodes, place: str) -> None:
    """Somebody draws the latch with a tool, behind an open front door."""
    gate = station.gates.interlock.gate
    gate.close("door:front")
    nodes.force(place)
    nodes.hand("take-magazine", place)
    await asyncio.sleep(2 * LOOK_EVERY_S)
    gate.open("door:front")


def test_discs_are_offline_with_their_magazine_and_come_back_elsewhere(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        first = {m.id: m.home_slot for m in station.media() if (m.home_slot or "") < "n01"}
        magazine = await take_out(station, nodes, "n00.g1")
        assert not nodes.is_open("n00.g1")
        gone = {m.id: m for m in station.media() if m.id in first}
        assert {m.offline_in for m in gone.values()} == {magazine}
        assert {state(station, f"n00.s00{n}") for n in (1, 2, 3, 4)} == {SlotState.AWAY}
        told = [e for e in station.events(MediumChanged) if e.place == f"magazine:{magazine}"]
        assert {e.medium_id for e in told} == set(first)
        assert {e.magazine_id for e in told} == {magazine}
        other = await take_out(station, nodes, "n01.g1")
        await put_in(station, nodes, magazine, "n01.g1")
        await put_in(station, nodes, other, "n00.g1")
        homes = {m.id: m.home_slot for m in station.media() if m.id in first}
        assert homes == {i: (home or "").replace("n00", "n01") for i, home in first.items()}
        assert all(m.is_home for m in station.media())
        hold(station, nodes)
        moved = [(e.magazine_id, e.place, e.discs) for e in station.events(MagazineMoved)][2:]
        assert moved == [
            (magazine, None, 3),
            (other, None, 3),
            (magazine, "n01.g1", 3),
            (other, "n00.g1", 3),
        ]

    play(tmp_path, tale)


def test_a_job_whose_disc_is_offline_ends_and_names_the_magazine(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        assert station.tell(VOLUME.order()).accepted
        await station.settled()
        copy = station.events(CopyVerified)[0]
        magazine = await take_out(station, nodes, f"{copy.slot[:3]}.g1")
        reply = station.tell(Verify(copy.copy_id, copy.volume_id, copy.medium_id))
        assert reply.error is not None
        assert reply.error.code == 2210
        assert magazine in reply.error.message

    play(tmp_path, tale)


def test_a_latch_that_nobody_uses_closes_again(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        job = station.tell(ReleaseMagazine("n00.g1")).job_id or ""
        await station.until(lambda: nodes.is_open("n00.g1"), limit_s=600)
        await station.settled()
        assert not nodes.is_open("n00.g1")
        error = station.job(job).error
        assert error is not None
        assert error.code == 2218
        job = station.tell(ReleaseMagazine("n00.g1")).job_id or ""
        await station.until(lambda: nodes.is_open("n00.g1"), limit_s=600)
        station.tell(Cancel(job))
        await station.settled()
        assert not nodes.is_open("n00.g1")
        assert station.job(job).state is JobState.CANCELLED

    play(tmp_path, tale)


def test_a_release_waits_until_a_burn_has_brought_its_disc_home(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        station.tell(VOLUME.order())
        await station.until(lambda: any(m.drive for m in station.media()), limit_s=600)
        unit = next(m.drive for m in station.media() if m.drive)[:3]
        await take_out(station, nodes, f"{unit}.g1")
        assert len(station.events(CopyVerified)) == 1
        assert not any(m.drive for m in station.media())

    play(tmp_path, tale)


def test_a_magazine_pulled_by_force_leaves_its_disc_in_the_drive(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        station.tell(VOLUME.order())
        await station.until(lambda: any(m.drive for m in station.media()), limit_s=600)
        medium = next(m for m in station.media() if m.drive)
        place = f"{(medium.drive or '')[:3]}.g1"
        await force_out(station, nodes, place)
        alarms = station.library.alarms
        await station.until(lambda: alarms.stands(f"medium:{medium.id}", LEFT_BEHIND), limit_s=60)
        magazine = station.library.media.get(medium.id).magazine_id or ""
        nodes.hand("put-magazine", magazine, place)
        await station.settled()
        assert station.library.media.get(medium.id).home_slot == medium.home_slot
        assert station.library.media.get(medium.id).is_home
        assert not alarms.stands(f"medium:{medium.id}", LEFT_BEHIND)
        hold(station, nodes)

    play(tmp_path, tale)


@pytest.mark.parametrize("same", [True, False], ids=["put back", "another one"])
def test_a_magazine_pulled_in_motion_stops_the_robot(tmp_path: Path, *, same: bool) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        alarms = station.library.alarms
        other = await take_out(station, nodes, "n01.g1")
        station.tell(VOLUME.order())
        await station.until(
            lambda: any(disc.place.endswith("gripper") for disc in nodes.discs), limit_s=600
        )
        medium = next(m for m in station.media() if m.robot is not None)
        place = f"{medium.robot}.g1"
        magazine = station.fittings.register.at(place)  # type: ignore[union-attr]
        await force_out(station, nodes, place)
        await station.until(lambda: alarms.stands(f"magazine:{place}", IN_MOTION), limit_s=60)
        await asyncio.sleep(120)
        assert station.library.media.get(medium.id).robot is not None
        assert not station.gates.interlock.gate.is_open
        back = magazine if same else other
        nodes.hand("put-magazine", back or "", place)
        await station.settled()
        assert station.gates.interlock.gate.is_open
        assert not alarms.stands(f"magazine:{place}", IN_MOTION)
        assert station.library.media.get(medium.id).is_home
        assert not station.library.media.get(medium.id).is_gone
        hold(station, nodes)

    play(tmp_path, tale)


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_the_power_may_go_on_a_magazines_way(tmp_path: Path, *, lost: bool) -> None:
    async def lived_through(folder: Path, cut_at: int | None) -> int:
        nodes = MagazineNodes(folder / "world", nodes=2, discs=2)
        station = Station(folder, nodes, Archive(VOLUME))
        await station.start()
        await station.surveyed()
        assert station.fittings is not None
        first = {m.id for m in station.media() if (m.home_slot or "") < "n01"}
        tags = {place: station.fittings.register.at(place) for place in ("n00.g1", "n01.g1")}
        station.commits, station.cut_at, station.cut_before = 0, cut_at, lost
        for place in tags:
            station.order(ReleaseMagazine(place), f"release-{place}")
        for place in tags:
            await station.until(lambda p=place: nodes.is_open(p) or station.cut.is_set())  # type: ignore[misc]
            nodes.force(place)
            nodes.hand("take-magazine", place)
        for of, to in (("n00.g1", "n01.g1"), ("n01.g1", "n00.g1")):
            nodes.force(to)
            nodes.hand("put-magazine", tags[of] or "", to)
        for _ in range(2):
            await station.settled()
            if not station.cut.is_set():
                break
            await station.kill()
            await station.start()
        swapped = {"n01.g1": tags["n00.g1"], "n00.g1": tags["n01.g1"]}
        await station.until(lambda: station.fittings.register.by_place() == swapped)  # type: ignore[union-attr]
        await station.until(lambda: all(m.is_home for m in station.media()))
        await station.until(lambda: not station.library.slots.unknown("n00"))
        await station.until(lambda: not station.library.slots.unknown("n01"))
        await station.settled()
        homes = {m.home_slot for m in station.media() if m.id in first}
        assert homes == {"n01.s001", "n01.s002"}
        assert len(station.media()) == 4
        hold(station, nodes)
        commits = station.commits
        await station.kill()
        nodes.cabinet.stop()
        return commits

    commits = run_virtual(lived_through(made(tmp_path / "whole"), None))
    for cut_at in range(1 if lost else 3, commits + 1, 4):
        try:
            run_virtual(lived_through(made(tmp_path / str(cut_at)), cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise


def test_a_reader_that_fails_changes_nothing_and_the_same_tag_twice_is_told(tmp_path: Path) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        assert station.fittings is not None
        watch, alarms = station.fittings.magazines, station.library.alarms
        before = station.media()
        reader = watch._readers["n01.g1"]
        watch._readers["n01.g1"] = Stubborn(None)
        await station.until(lambda: alarms.stands("magazine:n01.g1", UNREADABLE), limit_s=60)
        assert station.media() == before
        same = station.fittings.register.at("n00.g1")
        watch._readers["n01.g1"] = Stubborn(same)
        await station.until(lambda: alarms.stands("magazine:n01.g1", TWICE), limit_s=60)
        assert not alarms.stands("magazine:n01.g1", UNREADABLE)
        assert state(station, "n01.s001") is SlotState.AWAY
        assert state(station, "n00.s001") is SlotState.FULL
        watch._readers["n01.g1"] = reader
        await station.until(lambda: not alarms.stands("magazine:n01.g1", TWICE), limit_s=60)
        await station.settled()
        assert {(m.id, m.place) for m in station.media()} == {(m.id, m.place) for m in before}
        assert not alarms.stands("magazine:n00.g1", IN_MOTION)

    play(tmp_path, tale)


def test_a_reader_that_falls_silent_behind_closed_doors_takes_no_magazine_away(
    tmp_path: Path,
) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        alarms = station.library.alarms
        before = {(m.id, m.place) for m in station.media()}
        inject(nodes.cabinet, Fault("reader-silent", "n00.g1"))
        await station.until(lambda: alarms.stands("magazine:n00.g1", UNREADABLE), limit_s=60)
        await asyncio.sleep(60)
        assert {(m.id, m.place) for m in station.media()} == before
        view = next(v for v in station.fittings.magazines.views() if v.place == "n00.g1")  # type: ignore[union-attr]
        assert view.error is not None
        assert "silent" in view.error.message
        inject(nodes.cabinet, Fault("reader-silent", "n00.g1", lift=True))
        await station.until(lambda: not alarms.stands("magazine:n00.g1", UNREADABLE), limit_s=60)
        magazine = await take_out(station, nodes, "n00.g1")
        assert {m.offline_in for m in station.media() if m.id in dict(before)} >= {magazine}
        assert not alarms.stands("magazine:n00.g1", UNSURE), "its latch was released for it"

    play(tmp_path, tale)


def test_a_reader_that_falls_silent_while_a_door_is_open_says_that_nobody_knows(
    tmp_path: Path,
) -> None:
    async def tale(station: Station, nodes: MagazineNodes) -> None:
        alarms, gate = station.library.alarms, station.gates.interlock.gate
        magazine = station.fittings.register.at("n00.g1")  # type: ignore[union-attr]
        gate.close("door:front")
        inject(nodes.cabinet, Fault("reader-silent", "n00.g1"))
        await station.until(lambda: alarms.stands("magazine:n00.g1", UNSURE), limit_s=60)
        gate.open("door:front")
        assert {m.offline_in for m in station.media() if m.magazine_id == magazine} == {magazine}
        assert state(station, "n00.s001") is SlotState.AWAY, (
            "nothing is moved into what may be gone"
        )
        inject(nodes.cabinet, Fault("reader-silent", "n00.g1", lift=True))
        await station.until(lambda: not alarms.stands("magazine:n00.g1", UNSURE), limit_s=60)
        await station.settled()
        assert all(m.is_home for m in station.media())
        hold(station, nodes)

    play(tmp_path, tale)


class Stubborn:
    """A reader that always says the same, or fails."""

    def __init__(self, tag: str | None) -> None:
        self.name, self._tag, self.is_asked = "stubborn", tag, True

    async def read(self) -> str | None:
        if self._tag is None:
            raise HalError(1030, "the reader is silent")
        return self._tag

    async def aclose(self) -> None: ...
