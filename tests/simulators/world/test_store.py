"""A world's snapshot and journal: small saves, whole worlds, and worlds of an older kind."""

import json
from pathlib import Path

import pytest

from simulators.world import store
from simulators.world.description import Extent
from simulators.world.world import GRIPPER, World, read_state

OLD_WORLD = {
    "profile": "rack",
    "discs": {
        "BD000001": {
            "serial": "BD000001", "place": "gripper", "kind": "BD-R", "capacity_sectors": 2048,
            "state": "blank", "written_sectors": 0, "burns": 0, "damaged": False, "scratches": [],
            "weak_burn": False, "write_error_sector": None, "calibration_fails": False,
        }
    },
    "open_trays": ["d3"],
    "arm": {"position_mm": [-7.0, -20.0, -60.0], "jaws_open": False},
    "eeprom": {"0": 10.0, "110": 5000.0},
    "faults": {"jam": {}},
}  # fmt: skip


def journal_of(world: World) -> Path:
    (path,) = world.folder.glob("changes-*.jsonl")
    return path


def test_a_world_of_an_older_kind_goes_on(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text(json.dumps(OLD_WORLD))
    assert read_state(tmp_path).arm.position_mm == (-7.0, -20.0, -60.0)
    world = World.open(tmp_path)
    held = world.disc_at(GRIPPER)
    assert held
    assert held.serial == "BD000001"
    assert world.state.eeproms[""]["110"] == 5000
    assert world.state.open_trays == {"d3"}
    assert world.doors["front"].is_locked
    assert world.bays.names[0] == "b01"
    world.close()
    assert World.open(tmp_path).state == world.state


def test_a_motion_among_5200_discs_writes_next_to_nothing(tmp_path: Path) -> None:
    world = World.create(tmp_path, "pb-library", extent=Extent(units=13))
    before = journal_of(world).stat().st_size
    for number in range(100):
        world.state.arms["n07"].position_mm = (-float(number + 1), 0.0, 0.0)
        world.save_arm("n07")
    assert 0 < journal_of(world).stat().st_size - before < 100 * 150
    assert read_state(tmp_path).arms["n07"].position_mm == (-100.0, 0.0, 0.0)
    world.close()


def test_what_did_not_change_is_not_written(world: World) -> None:
    before = journal_of(world).stat().st_size
    world.save()
    assert journal_of(world).stat().st_size == before


def test_any_change_of_any_part_is_kept(world: World) -> None:
    world.state.discs["BD000002"].weak_burn = True
    world.state.hazards.smoke = True
    world.state.bays["b05"].power_on = True
    world.state.faults["jam"] = {}
    world.save()
    del world.state.faults["jam"]
    world.state.lights |= {"s001", "s002"}
    world.save()
    assert read_state(world.folder) == world.state
    world.close()
    assert World.open(world.folder).state == world.state


def test_a_line_that_was_cut_off_does_not_count(world: World) -> None:
    disc = world.state.discs["BD000001"]
    world.move(disc, "d1")
    world.move(disc, "d2")
    world._lock.close()  # as the process's death does
    path = journal_of(world)
    path.write_bytes(path.read_bytes()[:-10])
    assert read_state(world.folder).discs["BD000001"].place == "d1"
    again = World.open(world.folder)
    assert again.disc_at("d1")
    again.move(again.state.discs["BD000001"], "d3")
    assert read_state(world.folder).discs["BD000001"].place == "d3"
    again.close()


def test_a_long_journal_gives_way_to_a_new_snapshot(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LONGEST_JOURNAL_BYTES", 2000)
    first = journal_of(world)
    disc = world.state.discs["BD000001"]
    for number in range(40):
        world.move(disc, ("d1", "d2")[number % 2])
        assert read_state(world.folder) == world.state
    assert journal_of(world) != first
    assert not first.exists()
    assert journal_of(world).stat().st_size < 2500
    world.close()
    assert World.open(world.folder).state == world.state


def test_who_watches_is_told_what_changed_after_it_is_on_disk(world: World) -> None:
    told: list[tuple[frozenset[str], bool]] = []
    world.watch(lambda fields: told.append((fields, read_state(world.folder) == world.state)))
    world.doors.turn_key("front", turned=True)
    world.doors.turn_key("front", turned=True)
    world.set_tray("d1", True)
    disc = world.disc_at("s001")
    assert disc
    world.move(disc, "d1")
    assert told == [
        (frozenset({"doors"}), True),
        (frozenset({"open_trays"}), True),
        (frozenset({"discs"}), True),
    ]
