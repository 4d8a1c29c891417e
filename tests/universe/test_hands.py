"""Whatever persons and robots do: after an inventory it is known what is where."""

import asyncio
import random
from pathlib import Path

import pytest

from appliance.contract.messages import TakeInventory, Verify
from appliance.contract.states import SlotState
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.station import Station
from tests.universe.magazine_nodes import MagazineNodes
from tests.universe.nodes import hold

VOLUMES = [Volume(number, files_of(number, 1, 20_000)) for number in range(1, 4)]
PLACES = ("n00.g1", "n01.g1")
ACTS = 10


class Walk:
    """One person and two robots. Each act is possible for hands; none is announced by a job."""

    def __init__(self, station: Station, nodes: MagazineNodes, seed: int) -> None:
        self.station, self.nodes = station, nodes
        self.chance = random.Random(seed)  # a walk is to be repeatable
        self.volumes = list(VOLUMES)
        self.out: list[str] = []
        self.done: list[str] = []

    async def go(self) -> None:
        acts = (self._order, self._inventory, self._verify, self._visit, self._visit, self._pull)
        for _ in range(ACTS):
            await self.chance.choice(acts)()
            await asyncio.sleep(self.chance.choice((0, 5, 20)))
        await self.station.settled(limit_s=9000)
        for place in PLACES:
            await self._put_magazine(place)
        await self.station.settled(limit_s=9000)
        self.station.tell(TakeInventory())
        await self.station.settled(limit_s=9000)

    def _note(self, act: str) -> None:
        self.done.append(act)

    async def _order(self) -> None:
        if self.volumes:
            self._note("burn")
            self.station.tell(self.volumes.pop().order())

    async def _inventory(self) -> None:
        self._note("inventory")
        self.station.tell(TakeInventory())

    async def _verify(self) -> None:
        rows = self.station.db.conn.execute("SELECT copy_id, volume_id, medium_id FROM copies")
        copies = rows.fetchall()
        if copies:
            self._note("verify")
            self.station.tell(Verify(*self.chance.choice(copies)))

    async def _visit(self) -> None:
        """Open the door, do something to a few discs, close it."""
        interlock = self.station.gates.interlock
        interlock.gate.close("door:front")
        await interlock.still()
        for _ in range(self.chance.randint(1, 3)):
            self._touch()
        await asyncio.sleep(5.0)
        interlock.gate.open("door:front")

    def _touch(self) -> None:
        world = self.nodes.cabinet.world
        slots = [s.name for s in self.station.library.slots.all() if world.has_slot(s.name)]
        full = [slot for slot in slots if world.disc_at(slot)]
        empty = [slot for slot in slots if not world.disc_at(slot) and not self._is_awaited(slot)]
        if self.chance.random() < 0.6 and full:
            slot = self.chance.choice(full)
            self._note(f"take {slot}")
            self.nodes.hand("take", slot)
        if world.state.taken and empty and self.chance.random() < 0.7:
            slot = self.chance.choice(empty)
            self._note(f"put {slot}")
            self.nodes.hand("put", slot, self.chance.choice(world.state.taken))

    def _is_awaited(self, slot: str) -> bool:
        """Whether a disc is to come back there."""
        medium = self.station.library.media.with_home(slot)
        return medium is not None and (medium.drive is not None or medium.robot is not None)

    async def _pull(self) -> None:
        """A magazine out, by force; or one in."""
        assert self.station.fittings is not None
        place = self.chance.choice(PLACES)
        magazine = self.station.fittings.register.at(place)
        if magazine is None:
            await self._put_magazine(place)
            return
        self._note(f"pull {place}")
        interlock = self.station.gates.interlock
        interlock.gate.close("door:front")
        await interlock.still()
        self.nodes.force(place)
        self.nodes.hand("take-magazine", place)
        register = self.station.fittings.register
        await self.station.until(lambda: register.at(place) is None, limit_s=60)
        interlock.gate.open("door:front")
        self.out.append(magazine)

    async def _put_magazine(self, place: str) -> None:
        assert self.station.fittings is not None
        register = self.station.fittings.register
        if register.at(place) is None and self.out:
            magazine = self.out.pop(self.chance.randrange(len(self.out)))
            self._note(f"push {magazine} {place}")
            self.nodes.force(place)
            self.nodes.hand("put-magazine", magazine, place)
            await self.station.until(lambda: register.at(place) == magazine, limit_s=60)


@pytest.mark.parametrize("seed", [*range(8), 14])
def test_an_inventory_finds_the_truth(tmp_path: Path, seed: int) -> None:
    async def whole() -> None:
        nodes = MagazineNodes(tmp_path / "world")
        station = Station(tmp_path, nodes, Archive(*VOLUMES))
        await station.start()
        await station.surveyed()
        walk = Walk(station, nodes, seed)
        try:
            await walk.go()
            hold(station, nodes)
            for slot in station.library.slots.all():
                full = nodes.disc_in(slot.name) is not None
                assert (slot.state is SlotState.FULL) is full, slot
        except BaseException as error:
            error.add_note(", ".join(walk.done))
            raise
        await station.kill()
        nodes.cabinet.stop()

    run_virtual(whole())
