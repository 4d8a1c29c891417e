"""A person's hand: it does what a hand can, and refuses the rest."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.hands.hand import DEEDS, do
from simulators.hands.reach import HandError
from simulators.world.description import Extent
from simulators.world.disc import DiscState
from simulators.world.world import FLOOR, OUTSIDE, World


def at_cabinet(folder: Path, profile: str, story: Callable[[Cabinet], Awaitable[None]]) -> None:
    """Tell a story at a cabinet whose doors are locked."""

    async def live() -> None:
        discs = None if profile == "disk-library" else 5
        with Cabinet(World.create(folder, profile, discs, extent=Extent(disks=2))) as cabinet:
            await story(cabinet)

    run_virtual(live())


def refused(cabinet: Cabinet, *words: str) -> str:
    with pytest.raises(HandError) as caught:
        do(cabinet, list(words))
    return str(caught.value)


async def unlock(cabinet: Cabinet, door: str = "front") -> None:
    """Energise a door's lock as the firmware does, over its wire."""
    if door == "m1":
        bus = cabinet.i2c(door)
        for address, data in ((0x72, b"\x01"), (0x20, b"\x01\x00"), (0x20, b"\x15\x01")):
            await bus.transfer(address, data)
    else:
        line = {"front": 6, "rear": 16}[door]
        cabinet.electronics.gpio.setup(line, output=True)
        cabinet.electronics.gpio.drive(line, 1)
    await asyncio.sleep(1)


def test_a_disc_is_taken_and_put_elsewhere(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        assert "door front is locked" in refused(cabinet, "open", "front")
        assert "door front is closed" in refused(cabinet, "take", "s001")
        await unlock(cabinet)
        do(cabinet, ["open", "front"])
        assert do(cabinet, ["take", "s001"]) == "BD000001 is taken out of s001"
        do(cabinet, ["take", "s002"])
        assert "no disc in s001" in refused(cabinet, "take", "s001")
        assert "s003 is taken: BD000003" in refused(cabinet, "put", "s003")
        assert do(cabinet, ["put", "s100"]) == "BD000002 is put into s100"
        assert do(cabinet, ["put", "s002"]) == "BD000001 is put into s002"
        assert "no disc is outside" in refused(cabinet, "put", "s001")
        do(cabinet, ["close", "front"])
        assert "closed" in refused(cabinet, "put", "s001", "new")

    at_cabinet(tmp_path, "rack", story)
    again = World.open(tmp_path)
    disc = again.disc_at("s100")
    assert disc
    assert disc.serial == "BD000002"
    assert again.state.taken == []
    again.close()


def test_a_new_disc_is_blank_and_of_the_same_size(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        await unlock(cabinet)
        do(cabinet, ["open", "front"])
        do(cabinet, ["put", "s050", "new"])
        disc, other = cabinet.world.disc_at("s050"), cabinet.world.disc_at("s001")
        assert disc
        assert other
        assert (disc.serial, disc.state) == ("BD000006", DiscState.BLANK)
        assert disc.capacity_sectors == other.capacity_sectors

    at_cabinet(tmp_path, "rack", story)


def test_a_foreign_disc_is_written_and_reads_in_a_drive(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        await unlock(cabinet)
        do(cabinet, ["open", "front"])
        cabinet.world.set_tray("d1", True)
        do(cabinet, ["put", "d1", "foreign"])
        process = await cabinet.commands("burner").start(
            "-no_rc", "-outdev", cabinet.device_path("d1"), "-toc"
        )
        said = [line async for line in process.lines()]
        assert "Media status : is written , is closed" in said
        assert await cabinet.block_device("d1").open() == 64 * 2048

    at_cabinet(tmp_path, "rack", story)


def test_a_tray_must_be_open(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        await unlock(cabinet)
        do(cabinet, ["open", "front"])
        do(cabinet, ["take", "s001"])
        assert "tray of d2 is closed" in refused(cabinet, "put", "d2")
        cabinet.world.set_tray("d2", True)
        do(cabinet, ["put", "d2"])
        assert cabinet.world.disc_at("d2")

    at_cabinet(tmp_path, "rack", story)


def test_what_fell_is_picked_up(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        disc = cabinet.world.disc_at("s001")
        assert disc
        cabinet.world.move(disc, FLOOR)
        do(cabinet, ["take", "floor"])
        assert disc.place == OUTSIDE
        assert "no disc in floor" in refused(cabinet, "take", "floor")

    at_cabinet(tmp_path, "rack", story)


def test_a_module_is_reached_through_its_own_door_and_the_desk_through_none(
    tmp_path: Path,
) -> None:
    async def story(cabinet: Cabinet) -> None:
        assert "door m1 is closed" in refused(cabinet, "take", "m1.s001")
        await unlock(cabinet, "m1")
        do(cabinet, ["open", "m1"])
        do(cabinet, ["take", "m1.s001"])
        cabinet.world.set_tray("d1", True)
        do(cabinet, ["put", "d1"])
        cabinet.world.set_tray("p1", True)
        do(cabinet, ["take", "d1"])
        do(cabinet, ["put", "p1"])
        assert cabinet.world.disc_at("p1")

    at_cabinet(tmp_path, "disc-cabinet", story)


def test_a_magazine_is_pulled_when_its_latch_is_drawn(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        world = cabinet.world
        assert "door front is closed" in refused(cabinet, "take-magazine", "n00.g1")
        await unlock(cabinet)
        do(cabinet, ["open", "front"])
        assert "latch of n00.g1 is closed" in refused(cabinet, "take-magazine", "n00.g1")
        assert "did you mean 'n01.g1'" in refused(cabinet, "take-magazine", "n0.g1")
        for place in ("n00.g1", "n01.g2"):
            world.magazines.set_released(place, released=True)
            do(cabinet, ["take-magazine", place])
        assert "magazine of n00.s001 is not there" in refused(cabinet, "take", "n00.s001")
        tag = world.magazines.outside()[0]
        assert do(cabinet, ["put-magazine", tag.lower(), "n01.g2"]).startswith(f"magazine {tag}")
        assert world.disc_at("n01.s201")

    at_cabinet(tmp_path, "pb-library", story)


def test_disks_in_and_out(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        world = cabinet.world
        await unlock(cabinet)
        do(cabinet, ["open", "front"])
        assert "latch of b01" in refused(cabinet, "pull-disk", "b01")
        for bay in ("b01", "b03", "b04"):
            world.bays.set_released(bay, released=True)
        do(cabinet, ["pull-disk", "b01"])
        assert "no disk in b03" in refused(cabinet, "pull-disk", "b03")
        do(cabinet, ["insert-disk", "b03"])
        assert "already" in refused(cabinet, "insert-disk", "b03", "new")
        do(cabinet, ["insert-disk", "b04", "new"])
        serials = [world.bays.disk_in(bay) for bay in ("b03", "b04")]
        assert [disk and disk.serial for disk in serials] == ["HD000001", "HD000103"]

    at_cabinet(tmp_path, "disk-library", story)


def test_cartridges_in_and_out(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        world = cabinet.world
        await unlock(cabinet, "rear")
        do(cabinet, ["open", "rear"])
        do(cabinet, ["take-tape", "t01"])
        assert "t02 is taken" in refused(cabinet, "insert-tape", "t02")
        do(cabinet, ["insert-tape", "t24"])
        assert world.state.tapes["STL001L7"].place == "t24"
        do(cabinet, ["insert-tape", "t01", "new"])
        world.state.tapes["STL002L7"].place = "td1"
        assert "was not ejected" in refused(cabinet, "take-tape", "td1")
        assert "picker loads" in refused(cabinet, "insert-tape", "td2")

    at_cabinet(tmp_path, "hybrid", story)


def test_words_that_make_no_sense_are_explained(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        assert "did you mean 'take-magazine'" in refused(cabinet, "take-magasin", "n00.g1")
        assert refused(cabinet, "put") == "say: put PLACE [DISC|new|foreign]"
        assert "'frunt'; there is: front" in refused(cabinet, "open", "frunt")
        assert "did you mean 's101'" in refused(cabinet, "take", "s01")
        assert "cannot ''" in refused(cabinet)
        assert "no robot 'n01'" in refused(cabinet, "press-reset", "n01")
        assert "no bay 'b99'" in refused(cabinet, "pull-disk", "b99")

    at_cabinet(tmp_path, "rack", story)


def test_every_deed_says_what_it_is() -> None:
    assert all(deed.help and deed.fewest <= deed.most for deed in DEEDS.values())


def test_a_person_in_a_forced_door(tmp_path: Path) -> None:
    async def story(cabinet: Cabinet) -> None:
        inject(cabinet, Fault("force-door", "front"))
        do(cabinet, ["take", "s001"])
        inject(cabinet, Fault("force-door", "front", lift=True))
        assert cabinet.world.doors["front"].is_locked

    at_cabinet(tmp_path, "rack", story)
