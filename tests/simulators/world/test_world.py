"""The world on disk: one place a disc, one owner, and never half written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.world.disc import Disc, DiscState
from simulators.world.world import FLOOR, GRIPPER, OUTSIDE, PlaceError, World, read_state


def test_a_new_rack_is_full_of_blank_discs(tmp_path: Path) -> None:
    world = World.create(tmp_path)
    assert len(world.state.discs) == 200
    disc = world.disc_at("s200")
    assert disc
    assert (disc.kind, disc.state, disc.capacity_sectors) == ("BD-R", DiscState.BLANK, 12_219_392)
    world.close()


def test_more_discs_than_slots_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="200 slots"):
        World.create(tmp_path, discs=201)


def test_an_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rack"):
        World.create(tmp_path, profile="rock")


def test_geometry_of_the_rack(world: World) -> None:
    table = world.description.turntable
    assert table.slot_axes("s001") == (-360 / 51, -20)
    assert table.slot_axes("s050") == (-50 * 360 / 51, -20)
    assert table.slot_axes("s051") == (-360 / 51, -170)
    assert table.slot_axes("s200") == (-50 * 360 / 51, -470)
    assert table.drive_axes(3) == (0, -490)


def test_a_world_goes_on_where_it_was(world: World) -> None:
    disc = world.disc_at("s001")
    assert disc
    world.move(disc, GRIPPER)
    world.set_tray("d2", True)
    world.state.arm.position_mm = (-7.0, -20.0, -60.0)
    world.close()
    again = World.open(world.folder)
    held = again.disc_at(GRIPPER)
    assert held
    assert held.serial == disc.serial
    assert again.disc_at("s001") is None
    assert again.state.open_trays == {"d2"}
    assert again.state.arm.position_mm == (-7.0, -20.0, -60.0)
    again.close()


def test_two_discs_never_share_a_place(world: World) -> None:
    first, second = world.disc_at("s001"), world.disc_at("s002")
    assert first
    assert second
    with pytest.raises(PlaceError):
        world.move(first, "s002")
    assert world.disc_at("s001") is first
    assert world.disc_at("s002") is second
    with pytest.raises(PlaceError):
        world.move(first, "s999")


def test_the_floor_has_room(world: World) -> None:
    for slot in ("s001", "s002"):
        disc = world.disc_at(slot)
        assert disc
        world.move(disc, FLOOR)
    assert [disc.place for disc in world.state.discs.values()].count(FLOOR) == 2


def test_only_one_process_has_a_world(world: World) -> None:
    with pytest.raises(BlockingIOError, match="another process"):
        World.open(world.folder)
    assert len(read_state(world.folder).discs) == 10


places = st.sampled_from(
    [*(f"s{n:03d}" for n in range(1, 6)), "d1", "d2", GRIPPER, FLOOR, OUTSIDE, "s999"]
)


@given(moves=st.lists(st.tuples(st.integers(0, 9), places), max_size=30))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_moves_keep_every_disc_in_one_place(
    world: World, moves: list[tuple[int, str]]
) -> None:
    discs = list(world.state.discs.values())
    for number, place in moves:
        try:
            world.move(discs[number], place)
        except PlaceError:
            continue
    saved = read_state(world.folder)
    assert saved.discs == world.state.discs
    taken = [d.place for d in saved.discs.values() if d.place not in (FLOOR, OUTSIDE)]
    assert len(taken) == len(set(taken))


MOVER = """
import sys
from pathlib import Path
from simulators.world.world import World
world = World.open(Path(sys.argv[1]))
disc = world.disc_at("s001")
print("moving", flush=True)
while True:
    world.move(disc, "gripper")
    world.move(disc, "d1")
    world.move(disc, "s001")
"""


def test_kill_in_the_middle_of_saving_leaves_a_whole_world(world: World) -> None:
    world.close()
    for delay_s in (0.001, 0.003, 0.01, 0.02):
        process = subprocess.Popen(
            [sys.executable, "-c", MOVER, os.fspath(world.folder)], stdout=subprocess.PIPE
        )
        assert process.stdout
        assert process.stdout.readline() == b"moving\n"
        time.sleep(delay_s)  # the point of the kill, not a synchronisation
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        again = World.open(world.folder)
        assert sum(d.place in ("s001", GRIPPER, "d1") for d in again.state.discs.values()) == 1
        disc = again.state.discs["BD000001"]
        again.move(disc, "s001")
        again.close()


def test_a_burn_cut_off_by_a_power_cut_counts_what_is_on_the_disc(world: World) -> None:
    disc: Disc = world.state.discs["BD000001"]
    disc.state, disc.damaged = DiscState.APPENDABLE, True
    world.image_path(disc).write_bytes(bytes(2048 * 100))
    world.close()
    again = World.open(world.folder)
    assert again.state.discs["BD000001"].written_sectors == 100
    again.close()
