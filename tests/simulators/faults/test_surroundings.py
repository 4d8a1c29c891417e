"""Faults of doors, air, power, disks and tapes, and how each ends."""

import asyncio

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import FAULTS, Fault, FaultError, inject
from simulators.faults.registry import register
from simulators.world.world import World, read_state


@pytest.fixture
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.create(tmp_path_factory.mktemp("hybrid"), "hybrid", discs=2)


@pytest.mark.parametrize(
    ("what", "field"), [("smoke", "smoke"), ("wet-floor", "water"), ("mains-lost", "mains_lost")]
)
def test_hazards_come_and_go(hybrid: World, what: str, field: str) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            inject(cabinet, Fault(what))
            assert getattr(read_state(hybrid.folder).hazards, field)
            inject(cabinet, Fault(what, lift=True))
            assert not getattr(read_state(hybrid.folder).hazards, field)

    run_virtual(story())


def test_an_empty_place_and_a_part_that_is_the_only_one_are_told_apart_from_typing_errors(
    hybrid: World,
) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            with pytest.raises(FaultError, match=r"^there is no disc in s009$"):
                inject(cabinet, Fault("scratch", "s009"))
            with pytest.raises(FaultError, match="jam needs no place: there is one such part"):
                inject(cabinet, Fault("jam", "n01"))

    run_virtual(story())


def test_doors_open_are_forced_and_stick(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            with pytest.raises(FaultError, match="there is force-door"):
                inject(cabinet, Fault("open-door", "front"))
            inject(cabinet, Fault("force-door", "front"))
            assert hybrid.doors["front"].forced
            inject(cabinet, Fault("open-door", "front", lift=True))
            assert hybrid.doors["front"].is_locked
            inject(cabinet, Fault("stuck-bolt", "rear"))
            cabinet.electronics.gpio.setup(16, output=True)
            cabinet.electronics.gpio.drive(16, 1)
            await asyncio.sleep(1)
            assert hybrid.doors["rear"].is_locked
            inject(cabinet, Fault("stuck-bolt", "rear", lift=True))
            assert not hybrid.doors["rear"].is_locked
            inject(cabinet, Fault("open-door", "rear"))
            assert hybrid.doors["rear"].is_open
            with pytest.raises(FaultError, match="did you mean 'front'"):
                inject(cabinet, Fault("force-door", "frnt"))

    run_virtual(story())


def test_the_room_gets_hot_and_cool_again(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            inject(cabinet, Fault("heat", value=45.0))
            assert hybrid.air.now().temperature_c < 25
            inject(cabinet, Fault("damp", "at-once"))
            assert hybrid.air.now().humidity_pct == 85
            inject(cabinet, Fault("heat", lift=True))
            assert hybrid.state.air.room_temperature_c == 21

    run_virtual(story())


def test_a_fault_of_a_disk_goes_with_the_disk(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            inject(cabinet, Fault("disk-dead", "b02"))
            assert "disk-dead:HD000002" in hybrid.state.faults
            inject(cabinet, Fault("disk-worn", "HD000001", value=120))
            smart = hybrid.state.disks["HD000001"].smart
            assert (smart.pending, smart.passed) == (120, False)
            inject(cabinet, Fault("disk-worn", "b01", lift=True))
            assert (smart.pending, smart.passed) == (0, True)
            with pytest.raises(FaultError, match="no disk 'b30'"):
                inject(cabinet, Fault("disk-dead", "b30"))

    run_virtual(story())


def test_faults_of_cartridges(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            tape = hybrid.state.tapes["STL003L7"]
            inject(cabinet, Fault("tape-protected", "t03"))
            inject(cabinet, Fault("tape-file", "STL003L7", value=2))
            assert (tape.write_protected, tape.bad_files) == (True, [2])
            with pytest.raises(FaultError, match="did you mean 'STL003L7'"):
                inject(cabinet, Fault("tape-file", "STL00307"))

    run_virtual(story())


def test_a_node_is_named_where_there_are_several(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World.create(tmp_path_factory.mktemp("library"), "pb-library", discs=1)

    async def story() -> None:
        with Cabinet(world) as cabinet:
            inject(cabinet, Fault("jam", "n01"))
            assert set(world.state.faults) == {"jam:n01"}
            with pytest.raises(FaultError, match="there are: n00, n01"):
                inject(cabinet, Fault("jam"))
            inject(cabinet, Fault("jam", "n01", lift=True))
            assert not world.state.faults

    run_virtual(story())


def test_a_scratch_cannot_be_lifted(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet, pytest.raises(FaultError, match="stays"):
            inject(cabinet, Fault("scratch", "s001", lift=True))

    run_virtual(story())


def test_names_are_taken_once_and_told() -> None:
    with pytest.raises(ValueError, match="known already"):
        register("jam", lambda cabinet, fault: "", "")
    assert all(known.help.endswith(".") for known in FAULTS.values())
