"""A whole hybrid cabinet in simulated time: doors, air, smoke and mains, over its real wires."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from appliance.agent.content_http import HttpContent
from appliance.building.hardware import build_hardware
from appliance.contract.messages import (
    AccessTelemetry,
    AcknowledgeAlarm,
    AlarmsTelemetry,
    Command,
    CommandBody,
    EnvironmentTelemetry,
    Reply,
    UnlockDoor,
    encode,
)
from appliance.contract.states import DoorState, ReadingState
from appliance.firmware import Firmware
from appliance.profiles.profile import load_profile
from appliance.services.access.people import CodeKind
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.hands.hand import do
from simulators.world.world import World
from tests.appliance.agent.memory_broker import MemoryBroker
from tests.universe.wires import CabinetWires, config_of

BASE = "stele/1/here/sim"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PIN = "739150"
T = TypeVar("T")


class Appliance:
    """A hybrid cabinet, its firmware, and what its console hears."""

    def __init__(self, cabinet: Cabinet, firmware: Firmware, broker: MemoryBroker) -> None:
        self.cabinet, self.firmware, self.broker = cabinet, firmware, broker

    def newest(self, group: str, kind: type[T]) -> T:
        return msgspec.json.decode(self.broker.on(f"{BASE}/telemetry/{group}")[-1], type=kind)

    @property
    def air(self) -> EnvironmentTelemetry:
        return self.newest("environment", EnvironmentTelemetry)

    def door(self, name: str = "front") -> DoorState:
        doors = self.newest("access", AccessTelemetry).doors
        return next(view.state for view in doors if view.door == name)

    def standing(self) -> set[str]:
        return {view.alarm_id for view in self.newest("alarms", AlarmsTelemetry).alarms}

    def tell(self, command_id: str, body: CommandBody) -> None:
        self.broker.send(f"{BASE}/command", encode(Command(command_id, BEGAN, body)))

    def reply(self, command_id: str) -> Reply:
        replies = [msgspec.json.decode(p, type=Reply) for p in self.broker.on(f"{BASE}/reply")]
        return next(reply for reply in replies if reply.command_id == command_id)

    def befall(self, what: str, where: str = "", **more: object) -> None:
        inject(self.cabinet, Fault(what, where, **more))  # type: ignore[arg-type]

    def hand(self, *words: str) -> None:
        do(self.cabinet, list(words))

    def arm(self) -> tuple[float, ...]:
        """Where the arm came to rest last."""
        return self.cabinet.world.state.arms[""].position_mm

    def under_way(self) -> tuple[tuple[float, ...], float]:
        """Where the arm is at this moment, and how long its motion still takes."""
        now_s = asyncio.get_running_loop().time()
        planner = self.cabinet.robots[""]._robot.controller.planner
        left_s = planner.motion.end_s - now_s if planner.motion else 0.0
        return planner.position(now_s), left_s

    async def until(self, holds: Callable[[], bool], limit_s: float = 3600.0) -> None:
        async with asyncio.timeout(limit_s):
            while not holds():  # noqa: ASYNC110  # looks on from outside, in virtual time
                await asyncio.sleep(0.25)


@asynccontextmanager
async def hybrid(folder: Path) -> AsyncIterator[Appliance]:
    loop = asyncio.get_running_loop()
    cabinet = Cabinet(World.create(folder / "world", "hybrid", discs=2))
    broker = MemoryBroker()
    config = config_of(cabinet, folder)
    hardware = build_hardware(config, load_profile("hybrid"), CabinetWires(cabinet))
    async with aclosing(HttpContent(folder, connect_timeout_s=1, idle_timeout_s=1)) as content:
        (folder / "state").mkdir(exist_ok=True)
        firmware = Firmware(
            config,
            hardware,
            connect=broker.connect,
            content=content,
            now=lambda: BEGAN + timedelta(seconds=loop.time()),
        )
        firmware.guard.people.add("wang", PIN)
        firmware.guard.people.set_pin("wang", "739159", CodeKind.DURESS)
        await firmware.start()
        try:
            await asyncio.sleep(10)
            yield Appliance(cabinet, firmware, broker)
        finally:
            await firmware.stop()
            cabinet.stop()


def told(folder: Path, story: Callable[[Appliance], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with hybrid(folder) as at:
            await story(at)

    run_virtual(tell())


def test_every_part_of_the_cabinet_shows_itself(tmp_path: Path) -> None:
    async def story(at: Appliance) -> None:
        await asyncio.sleep(120)
        shown = {(view.sensor, view.quantity): view.state for view in at.air.readings}
        assert {sensor for sensor, _ in shown} == {
            *("climate", "climate2", "dust", "power", "smoke", "water", "mains-lost", "fan1")
        }
        assert ReadingState.UNAVAILABLE not in shown.values()
        assert at.air.work_paused_by == at.air.burning_paused_by == []
        assert at.door() is at.door("rear") is DoorState.LOCKED
        assert at.standing() == set()

    told(tmp_path, story)


def test_a_door_opens_by_key_and_pin_at_the_cabinet_and_never_over_the_broker(
    tmp_path: Path,
) -> None:
    async def story(at: Appliance) -> None:
        at.hand("turn-key", "front")
        at.tell("forged", UnlockDoor("front", PIN))
        await asyncio.sleep(300)
        error = at.reply("forged").error
        assert error is not None
        assert error.code == 4020
        assert at.door() is DoorState.LOCKED
        await at.firmware.guard.access.unlock(UnlockDoor("front", PIN))
        await at.until(lambda: at.door() is DoorState.UNLOCKED)
        at.hand("open", "front")
        await at.until(lambda: at.door() is DoorState.OPEN)
        assert at.air.work_paused_by == ["door:front"]
        at.hand("close", "front")
        await at.until(lambda: at.door() is DoorState.LOCKED)
        await at.until(lambda: at.air.work_paused_by == [])

    told(tmp_path, story)


def test_a_door_forced_in_motion_stops_the_robot_and_it_goes_on_afterwards(tmp_path: Path) -> None:
    async def story(at: Appliance) -> None:
        async with asyncio.timeout(3600):
            while at.under_way()[1] < 2.0:  # noqa: ASYNC110  # looks on from outside
                await asyncio.sleep(0.05)
        began, left_s = at.under_way()
        at.befall("force-door", "front")
        await asyncio.sleep(1)
        stopped, _ = at.under_way()
        way_mm = math.dist(began, stopped)
        await asyncio.sleep(left_s + 5)
        assert at.under_way()[0] == stopped, "the motion under way came to a stop at once"
        await asyncio.sleep(600)
        assert at.under_way()[0] == stopped
        assert way_mm < 60, "it braked, and did not finish what it was at"
        assert {"door:front:4010", "door:front:4018", "door:front:4021"} <= at.standing()
        at.befall("force-door", "front", lift=True)
        await at.until(lambda: at.under_way()[0] != stopped)
        for code in (4010, 4021):
            at.tell(f"seen-{code}", AcknowledgeAlarm(f"door:front:{code}", "wang"))
        await at.until(lambda: at.standing() == set())

    told(tmp_path, story)


def test_smoke_brings_all_to_rest_until_it_was_seen(tmp_path: Path) -> None:
    async def story(at: Appliance) -> None:
        at.befall("smoke")
        await at.until(lambda: at.air.work_paused_by == ["smoke"])
        await asyncio.sleep(200)
        before = at.arm()
        await asyncio.sleep(600)
        assert at.arm() == before
        fan = next(view for view in at.air.readings if view.sensor == "fan1")
        assert fan.value == 0.0
        at.befall("smoke", lift=True)
        await asyncio.sleep(60)
        assert at.standing() == {"smoke:4050"}
        at.tell("seen", AcknowledgeAlarm("smoke:4050", "wang"))
        await at.until(lambda: at.arm() != before)
        assert at.standing() == set()

    told(tmp_path, story)


def test_mains_that_come_back_set_the_work_going_again(tmp_path: Path) -> None:
    async def story(at: Appliance) -> None:
        at.befall("mains-lost")
        await at.until(lambda: at.standing() == {"mains:4040"}, 10)
        await at.until(lambda: "mains" in at.air.work_paused_by, 60)
        at.befall("mains-lost", lift=True)
        await at.until(lambda: at.air.work_paused_by == [])
        assert at.standing() == set()

    told(tmp_path, story)


def test_heat_holds_up_burning_and_a_broken_sensor_is_unavailable(tmp_path: Path) -> None:
    async def story(at: Appliance) -> None:
        at.befall("heat", "at-once")
        await at.until(lambda: at.air.burning_paused_by == ["climate"], 36_000)
        hot = {f"{name}:temperature:4030" for name in ("climate", "climate2")}
        await at.until(lambda: hot <= at.standing(), 60)
        at.befall("bad-crc", "climate")
        await asyncio.sleep(60)
        views = [view for view in at.air.readings if view.sensor == "climate"]
        assert [(view.state, view.value) for view in views] == [
            (ReadingState.UNAVAILABLE, None)
        ] * 2
        assert "sensor:climate:4032" in at.standing()

    told(tmp_path, story)


def test_a_noisy_or_a_stuck_sensor_has_no_value_until_it_is_well_again(tmp_path: Path) -> None:
    sensors = {"climate", "dust", "power"}

    def shown(at: Appliance, sensor: str) -> set[tuple[ReadingState, float | None, int | None]]:
        views = [view for view in at.air.readings if view.sensor == sensor]
        return {(view.state, view.value, view.error.code if view.error else None) for view in views}

    async def story(at: Appliance) -> None:
        at.befall("dust", "at-once", value=200.0)
        await asyncio.sleep(1800)
        for fault, alarm, told_as in (
            ("noisy-value", 4035, {4035}),
            ("stuck-value", 4032, {1015}),
        ):
            for sensor in sensors:
                at.befall(fault, sensor)
            await asyncio.sleep(900)
            for sensor in sensors:
                states = {(ReadingState.UNAVAILABLE, None, code) for code in told_as}
                assert shown(at, sensor) == states
                assert f"sensor:{sensor}:{alarm}" in at.standing()
                at.befall(fault, sensor, lift=True)
            await asyncio.sleep(120)
            assert not [alarm for alarm in at.standing() if alarm.startswith("sensor:")]
            for sensor in sensors:
                assert ReadingState.UNAVAILABLE not in {state for state, _, _ in shown(at, sensor)}

    told(tmp_path, story)


def test_no_sensor_of_a_cabinet_at_work_and_at_rest_is_noisy_or_stuck(tmp_path: Path) -> None:
    async def story(at: Appliance) -> None:
        for _ in range(6):
            await asyncio.sleep(3600)
            assert not [alarm for alarm in at.standing() if alarm.startswith("sensor:")]

    told(tmp_path, story)
