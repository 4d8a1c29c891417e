"""Bad air raises alarms and holds up burning; a sensor that fails is shown as failing."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.agent.outbox import Outbox
from appliance.contract.messages import ReadingView
from appliance.contract.messages.local import HistorySpan
from appliance.contract.states import ReadingState
from appliance.services.alarms import Alarms
from appliance.services.environment.history import History
from appliance.services.environment.monitor import Monitor
from appliance.services.environment.policy import load_policy
from appliance.services.environment.probes import probes
from appliance.services.gates import Gates
from appliance.services.state import open_state
from hal.errors import HalError
from hal.interfaces.climate_sensor import Climate
from simulators.clock import run_virtual

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class PaperClimate:
    """Living air: never the same to the last digit, unless it is stuck."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.temperature_c, self.humidity_pct = 20.0, 50.0
        self.failing = 0
        self.hangs = self.stuck = False
        self.noise_c = 0.01
        self.reads = 0
        self._random = random.Random(7)

    async def read(self) -> Climate:
        self.reads += 1
        if self.hangs:
            await asyncio.sleep(1e6)
        if self.failing:
            self.failing -= 1
            raise HalError(1012, f"{self.name}: wrong checksum")
        noise = 0.0 if self.stuck else self._random.uniform(-self.noise_c, self.noise_c)
        return Climate(self.temperature_c + noise, self.humidity_pct)


class Room:
    def __init__(self, folder: Path, sensors: int, began: datetime) -> None:
        self.began = began
        self.db = open_state(folder / "state.db")
        self.db.execute("PRAGMA synchronous=OFF")
        self.alarms = Alarms(self.db, Outbox(self.db, self.now), self.now)
        self.history = History(folder / "history.db", self.now)
        self.history._db.execute("PRAGMA synchronous=OFF")
        self.gates = Gates()
        names = ["climate", "climate2"][:sensors]
        self.sensors = {name: PaperClimate(name) for name in names}
        self.monitor = Monitor(
            probes(self.sensors, {}, {}),
            load_policy(None),
            history=self.history,
            gates=self.gates,
            alarms=self.alarms,
            now=self.now,
            changed=lambda: None,
            interval_s=2.0,
        )

    def now(self) -> datetime:
        return self.began + timedelta(seconds=asyncio.get_running_loop().time())

    @property
    def climate(self) -> PaperClimate:
        return self.sensors["climate"]

    def reading(self, sensor: str = "climate", quantity: str = "temperature") -> ReadingView:
        return next(
            view
            for view in self.monitor.telemetry().readings
            if (view.sensor, view.quantity) == (sensor, quantity)
        )

    def standing(self) -> list[str]:
        return [view.alarm_id for view in self.alarms.telemetry().alarms]


def told(
    folder: Path,
    story: Callable[[Room], Awaitable[None]],
    sensors: int = 1,
    began: datetime = BEGAN,
) -> None:
    async def tell() -> None:
        room = Room(folder, sensors, began)
        room.monitor.start()
        await asyncio.sleep(10)
        try:
            await story(room)
        finally:
            room.monitor.stop()
            room.history.close()
            room.db.close()

    run_virtual(tell())


def test_heat_holds_up_burning_until_it_is_cool_for_long_enough(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.climate.temperature_c = 26.0
        await asyncio.sleep(290)
        assert room.gates.burning.is_open
        await asyncio.sleep(20)
        assert room.gates.burning.reasons == ("climate",)
        assert room.monitor.telemetry().burning_paused_by == ["climate"]
        assert room.reading().state is ReadingState.HIGH
        assert room.standing() == ["climate:temperature:4030"]
        alarm = room.alarms.telemetry().alarms[0]
        assert alarm.error.message == "temperature at climate is 26.0 °C, above 25"
        assert alarm.error.detail.startswith("ISO/IEC 18630")
        room.climate.temperature_c = 24.0
        await asyncio.sleep(310)
        assert room.gates.burning.is_open
        assert "climate:temperature:4030" not in room.standing()

    told(tmp_path, story)


def test_a_door_that_stood_open_for_a_moment_is_no_climate(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.climate.humidity_pct = 80.0
        await asyncio.sleep(120)
        room.climate.humidity_pct = 50.0
        await asyncio.sleep(1000)
        assert "climate:humidity:4030" not in [past.alarm_id for past in room.alarms.history()]
        assert room.gates.burning.is_open

    told(tmp_path, story)


def test_a_failing_sensor_has_no_value_from_that_moment_on(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        assert room.reading().value == pytest.approx(20.0, abs=0.02)
        room.climate.failing = 10**9
        await asyncio.sleep(2.1)
        view = room.reading()
        assert (view.state, view.value) == (ReadingState.UNAVAILABLE, None)
        assert view.error is not None
        assert view.error.code == 1012
        assert room.standing() == []
        await asyncio.sleep(40)
        assert room.standing() == ["sensor:climate:4032"]
        assert room.gates.burning.reasons == ("climate",), "nobody knows how the air is"
        room.climate.failing = 0
        await asyncio.sleep(3)
        assert room.reading().state is ReadingState.GOOD
        assert room.standing() == []
        assert room.gates.burning.is_open

    told(tmp_path, story)


def test_a_sensor_that_falls_silent_in_bad_air_lets_no_burn_begin(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.climate.temperature_c = 26.0
        await asyncio.sleep(310)
        assert room.gates.burning.reasons == ("climate",)
        room.climate.failing = 10**9
        for _ in range(120):
            await asyncio.sleep(0.5)
            assert room.gates.burning.reasons == ("climate",)
        assert room.reading().state is ReadingState.UNAVAILABLE
        room.climate.failing = 0
        await asyncio.sleep(10)
        assert room.gates.burning.reasons == ("climate",)
        room.climate.temperature_c = 24.0
        await asyncio.sleep(310)
        assert room.gates.burning.is_open

    told(tmp_path, story)


def test_a_sensor_that_dies_in_bad_air_leaves_the_word_to_the_other(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.climate.temperature_c = 26.0
        await asyncio.sleep(310)
        room.climate.failing = 10**9
        await asyncio.sleep(25)
        assert room.gates.burning.reasons == ("climate",)
        await asyncio.sleep(10)
        assert room.gates.burning.is_open

    told(tmp_path, story, sensors=2)


def test_one_damaged_transfer_is_asked_again(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        for _ in range(50):
            room.climate.failing = 1
            await asyncio.sleep(2)
            assert room.reading().value is not None

    told(tmp_path, story)


def test_a_sensor_that_hangs_is_given_up_and_holds_up_no_other(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.climate.hangs = True
        read = room.sensors["climate2"].reads
        await asyncio.sleep(60)
        assert room.reading().state is ReadingState.UNAVAILABLE
        assert room.reading("climate2").state is ReadingState.GOOD
        assert room.sensors["climate2"].reads - read >= 29
        assert room.gates.burning.is_open, "the other sensor knows how the air is"

    told(tmp_path, story, sensors=2)


def test_two_sensors_must_agree_that_the_air_is_good(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.sensors["climate2"].temperature_c = 5.0
        await asyncio.sleep(310)
        assert room.gates.burning.reasons == ("climate",)

    told(tmp_path, story, sensors=2)


def test_a_stuck_sensor_is_noticed_and_trusted_no_more(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        await asyncio.sleep(7200)
        assert room.standing() == []
        room.climate.stuck = True
        await asyncio.sleep(3500)
        assert room.reading().value == 20.0
        await asyncio.sleep(200)
        assert room.standing() == ["sensor:climate:4033"]
        assert room.reading().state is ReadingState.UNAVAILABLE
        room.climate.stuck = False
        await asyncio.sleep(5)
        assert room.standing() == []

    told(tmp_path, story)


def test_a_noisy_sensor_is_noticed_and_trusted_again_when_it_is_calm(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.climate.noise_c = 8.0
        await asyncio.sleep(60)
        assert room.standing() == ["sensor:climate:4035"]
        for quantity in ("temperature", "humidity"):
            reading = room.reading(quantity=quantity)
            assert (reading.state, reading.value) == (ReadingState.UNAVAILABLE, None)
            assert reading.error is not None
            assert reading.error.code == 4035
        assert room.gates.burning.reasons == ("climate",), "nobody knows how the air is"
        room.climate.noise_c = 0.01
        await asyncio.sleep(50)
        assert room.standing() == []
        assert room.reading().state is ReadingState.GOOD
        assert room.gates.burning.is_open

    told(tmp_path, story)


def test_a_slow_rise_within_the_limits_is_too_fast_for_media(tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        for _ in range(20):
            room.climate.temperature_c += 0.15
            await asyncio.sleep(3600)
        assert room.standing() == ["climate:temperature:4031"]
        assert room.gates.burning.is_open
        await asyncio.sleep(86_400)
        assert room.standing() == []

    told(tmp_path, story)


def test_a_restart_forgets_neither_history_nor_change(tmp_path: Path) -> None:
    async def before(room: Room) -> None:
        await asyncio.sleep(3600)

    async def after(room: Room) -> None:
        room.climate.temperature_c = 23.0
        await asyncio.sleep(1200)
        assert room.standing() == ["climate:temperature:4031"]
        assert len(room.history.query("climate", "temperature", HistorySpan.DAY)) >= 19

    told(tmp_path, before)
    told(tmp_path, after, began=BEGAN + timedelta(hours=2))
