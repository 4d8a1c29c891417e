"""Doors, air, bays and power of a cabinet, each by itself."""

from pathlib import Path

import pytest

from simulators.world.air import HEAT_C_W
from simulators.world.disks import DISK_DEAD, DISK_SLOW, DiskError
from simulators.world.doors import STUCK_BOLT, DoorError
from simulators.world.power import (
    BASE_W,
    DISK_ON_W,
    DISK_START_W,
    FAN_W,
    PRINTER_W,
    TAPE_DRIVE_W,
)
from simulators.world.world import OUTSIDE, World

STEADY_W = BASE_W + 2 * TAPE_DRIVE_W + PRINTER_W
"""What a hybrid cabinet draws when nothing moves."""


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hybrid(tmp_path: Path, clock: Clock) -> World:
    world = World.create(tmp_path / "hybrid", "hybrid", discs=2)
    world.set_clock(clock)
    return world


# Doors


def test_a_door_opens_only_while_its_bolt_is_drawn(hybrid: World) -> None:
    doors = hybrid.doors
    with pytest.raises(DoorError, match="door rear is locked"):
        doors.open("rear")
    doors.set_coil("rear", on=True)
    assert not doors["rear"].bolt_out
    doors.open("rear")
    doors.set_coil("rear", on=False)
    assert doors["rear"].bolt_out
    assert doors["rear"].is_open
    doors.close("rear")
    assert doors["rear"].is_locked
    assert doors["front"].is_locked


def test_a_forced_door_stands_open_with_its_bolt_out(hybrid: World) -> None:
    hybrid.doors.force("front")
    door = hybrid.doors["front"]
    assert (door.is_open, door.bolt_out, door.forced) == (True, True, True)
    hybrid.doors.close("front")
    assert (door.is_locked, door.forced) == (True, False)


def test_opening_an_unlocked_door_is_no_force(hybrid: World) -> None:
    hybrid.doors.set_coil("front", on=True)
    hybrid.doors.force("front")
    assert not hybrid.doors["front"].forced


@pytest.mark.parametrize("stuck_out", [True, False])
def test_a_stuck_bolt_stays_until_it_comes_free(hybrid: World, stuck_out: bool) -> None:
    hybrid.doors.set_coil("front", on=not stuck_out)
    hybrid.state.faults[f"{STUCK_BOLT}:front"] = {}
    hybrid.doors.set_coil("front", on=stuck_out)
    assert hybrid.doors["front"].bolt_out == stuck_out
    del hybrid.state.faults[f"{STUCK_BOLT}:front"]
    hybrid.doors.settle("front")
    assert hybrid.doors["front"].bolt_out != stuck_out


def test_a_door_that_is_not_there_is_named_with_those_that_are(hybrid: World) -> None:
    with pytest.raises(DoorError, match="'side'; there is: front, rear"):
        hybrid.doors.open("side")


# Air


def test_the_air_follows_the_room_faster_with_a_door_open(hybrid: World, clock: Clock) -> None:
    hybrid.air.set_room({"temperature_c": 31.0})
    start_c = hybrid.air.now().temperature_c
    clock.now_s = 600
    closed_c = hybrid.air.now().temperature_c
    assert start_c < closed_c < 24
    hybrid.doors.force("front")
    hybrid.air.now()
    clock.now_s = 1200
    opened_c = hybrid.air.now().temperature_c
    assert opened_c > 28
    clock.now_s = 100_000
    assert hybrid.air.now().temperature_c == pytest.approx(31.0)


def test_a_closed_cabinet_is_warmed_by_what_it_draws(hybrid: World, clock: Clock) -> None:
    hybrid.power.set("robot", 200.0)
    hybrid.air.now()
    clock.now_s = 100_000
    warm_c = 21 + HEAT_C_W * (STEADY_W + 200)
    assert hybrid.air.now().temperature_c == pytest.approx(warm_c)


def test_a_fan_keeps_the_dust_down(hybrid: World, clock: Clock) -> None:
    clock.now_s = 100_000
    assert hybrid.air.now().dust_ug_m3 == pytest.approx(20)
    hybrid.fans.switch("fan1", on=True)
    hybrid.air.now()
    clock.now_s = 200_000
    assert hybrid.air.now().dust_ug_m3 == pytest.approx(4)
    hybrid.state.faults["fan-stalled:fan1"] = {}
    hybrid.air.now()
    clock.now_s = 300_000
    assert hybrid.air.now().dust_ug_m3 == pytest.approx(20)


def test_the_air_stays_as_it_was_over_a_restart(hybrid: World, clock: Clock) -> None:
    hybrid.air.set_room({"humidity_pct": 90.0})
    clock.now_s = 3600
    humid_pct = hybrid.air.now().humidity_pct
    hybrid.close()
    again = World.open(hybrid.folder)
    assert again.air.now().humidity_pct == pytest.approx(humid_pct)
    assert 60 < humid_pct < 80
    again.close()


# Bays


def test_a_disk_answers_some_time_after_its_power(hybrid: World, clock: Clock) -> None:
    bays = hybrid.bays
    clock.now_s = 100
    bays.set_power("b01", on=True)
    assert (bays.is_ready("b01"), bays.ready_at_s("b01")) == (False, 108)
    clock.now_s = 108
    assert bays.is_ready("b01")
    bays["b01"].mounted_at = "/somewhere"
    bays.set_power("b01", on=False)
    assert not bays.is_ready("b01")
    assert bays["b01"].mounted_at == ""


def test_dead_and_slow_disks(hybrid: World, clock: Clock) -> None:
    hybrid.state.faults |= {f"{DISK_DEAD}:HD000001": {}, f"{DISK_SLOW}:HD000002": {}}
    hybrid.bays.set_power("b01", on=True)
    hybrid.bays.set_power("b02", on=True)
    assert hybrid.bays.ready_at_s("b01") is None
    assert hybrid.bays.ready_at_s("b02") == 40


def test_the_latch_holds_a_disk_and_keeps_others_out(hybrid: World) -> None:
    bays = hybrid.bays
    with pytest.raises(DiskError, match="latch of b01"):
        bays.pull("b01")
    bays.set_released("b01", released=True)
    disk = bays.pull("b01")
    assert disk.place == OUTSIDE
    assert bays.disk_in("b01") is None
    with pytest.raises(DiskError, match="already"):
        bays.insert("b02", disk.serial)
    with pytest.raises(DiskError, match="latch of b09"):
        bays.insert("b09", disk.serial)
    bays.set_released("b09", released=True)
    bays.insert("b09", disk.serial)
    assert bays.disk_in("b09") is disk


def test_a_disk_counts_its_starts_and_hours(hybrid: World, clock: Clock) -> None:
    disk = hybrid.bays.disk_in("b01")
    assert disk
    cycles, hours = disk.smart.power_cycles, disk.smart.power_on_hours
    hybrid.bays.set_power("b01", on=True)
    clock.now_s = 7200
    hybrid.bays.set_power("b01", on=False)
    assert (disk.smart.power_cycles, disk.smart.power_on_hours) == (cycles + 1, hours + 2)


# Power


def test_the_power_is_the_sum_of_what_is_on(hybrid: World, clock: Clock) -> None:
    assert hybrid.power.watts == STEADY_W
    hybrid.bays.set_power("b01", on=True)
    hybrid.bays.set_power("b20", on=True)  # no disk in it
    assert hybrid.power.watts == STEADY_W + DISK_START_W
    clock.now_s = 60
    hybrid.fans.switch("fan1", on=True)
    assert hybrid.power.watts == STEADY_W + DISK_ON_W + FAN_W
    hybrid.power.set("d1", 24.0)
    hybrid.power.set("d1", 2.0)
    assert hybrid.power.watts == STEADY_W + DISK_ON_W + FAN_W + 2
    assert hybrid.power.amperes == pytest.approx(hybrid.power.watts / 12)
    hybrid.state.hazards.mains_lost = True
    assert hybrid.power.volts < 12
