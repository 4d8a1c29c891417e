"""Smoke, water and lost mains: work stops in order, and goes on only when it may."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.agent.outbox import Outbox
from appliance.contract.states import ReadingState
from appliance.services.alarms import Alarms
from appliance.services.gates import Gates
from appliance.services.power.disks import DiskPower
from appliance.services.power.mains import Mains
from appliance.services.safety.dangers import dangers
from appliance.services.safety.pause import REST_S, WorkPause
from appliance.services.safety.sign import UNREADABLE_S
from appliance.services.state import open_state
from simulators.clock import run_virtual
from tests.appliance.services.access.entrance import PaperContact
from tests.appliance.services.power.bays import PaperBay

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
GRACE_S = 30.0


class PaperJobs:
    """Jobs that need a while to come to rest."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.rest_s = 20.0

    async def suspend(self, reason: str) -> None:
        self.told.append(f"suspend {reason}")
        await asyncio.sleep(self.rest_s)
        self.told.append("at rest")

    def resume(self) -> None:
        self.told.append("resume")


class Cabinet:
    def __init__(self, folder: Path) -> None:
        self.db = open_state(folder / "state.db")
        self.db.execute("PRAGMA synchronous=OFF")
        self.alarms = Alarms(self.db, Outbox(self.db, self.now), self.now)
        self.gates = Gates()
        self.jobs = PaperJobs()
        self.bays = {name: PaperBay(name) for name in ("b01", "b02")}
        self.disks = DiskPower(self.bays, start_every_s=5.0, idle_off_s=1e6)
        self.pause = WorkPause(self.gates, self.jobs, self.disks)
        self.contacts = {name: PaperContact(name) for name in ("smoke", "water", "mains-lost")}
        closing = (self.gates.work, self.disks.gate)
        self.dangers = dangers(
            [*self.contacts.values(), PaperContact("door-front")],  # type: ignore[list-item]
            gates=closing,
            alarms=self.alarms,
            changed=lambda: None,
        )
        self.shut_down: list[float] = []
        self.mains = Mains(
            self.contacts["mains-lost"],  # type: ignore[arg-type]
            grace_s=GRACE_S,
            gates=closing,
            alarms=self.alarms,
            changed=lambda: None,
            at_rest=self.pause.at_rest.wait,
            shut_down=self._shut_down,
        )

    async def _shut_down(self) -> None:
        self.shut_down.append(asyncio.get_running_loop().time())

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=asyncio.get_running_loop().time())

    def start(self) -> None:
        for danger in self.dangers:
            danger.start()
        self.mains.start()
        self.running = asyncio.create_task(self.pause.run())

    def stop(self) -> None:
        for danger in self.dangers:
            danger.stop()
        self.mains.stop()
        self.running.cancel()
        self.disks.stop()
        self.db.close()

    def standing(self) -> list[str]:
        return [view.alarm_id for view in self.alarms.telemetry().alarms]


def told(folder: Path, story: Callable[[Cabinet], Awaitable[None]]) -> None:
    async def tell() -> None:
        cabinet = Cabinet(folder)
        cabinet.start()
        await asyncio.sleep(2)
        try:
            await story(cabinet)
        finally:
            cabinet.stop()

    run_virtual(tell())


def test_the_alarm_names_the_sensor_where_there_are_several(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        rear = PaperContact("smoke-rear")
        more = dangers([rear], gates=(), alarms=at.alarms, changed=lambda: None)  # type: ignore[list-item]
        more[0].start()
        for contact in (at.contacts["smoke"], at.contacts["water"], rear):
            contact.set(True)
        await asyncio.sleep(1)
        more[0].stop()
        told = {view.alarm_id: view.error.message for view in at.alarms.telemetry().alarms}
        assert told == {
            "smoke:4050": "smoke in the cabinet",
            "water:4051": "water in the cabinet",
            "smoke-rear:4050": "smoke in the cabinet: sensor smoke-rear tells of it",
        }

    told(tmp_path, story)


def test_smoke_stops_everything_until_it_is_gone_and_was_seen(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        async with at.disks.powered("b01"):
            at.contacts["smoke"].set(True)
            await asyncio.sleep(1)
            assert at.gates.work.reasons == ("smoke",)
            assert at.jobs.told == ["suspend smoke"]
            assert at.gates.interlock.gate.is_open, "the move under way still ends"
            await asyncio.sleep(25)
            assert at.jobs.told == ["suspend smoke", "at rest"]
            assert at.gates.interlock.gate.reasons == ("smoke",)
            assert not at.bays["b01"].on, "also a disk in use"
        assert at.dangers[0].view().state is ReadingState.HIGH
        at.contacts["smoke"].set(False)
        await asyncio.sleep(3600)
        assert at.standing() == ["smoke:4050"]
        assert not at.gates.work.is_open, "nobody has looked yet"
        at.alarms.acknowledge("smoke:4050", "wang")
        await asyncio.sleep(1)
        assert at.jobs.told[-1] == "resume"
        assert at.gates.work.is_open
        assert at.gates.interlock.gate.is_open
        assert at.disks.gate.is_open

    told(tmp_path, story)


def test_seen_smoke_that_is_still_there_lets_nothing_go_on(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        at.contacts["smoke"].set(True)
        await asyncio.sleep(60)
        at.alarms.acknowledge("smoke:4050", "wang")
        await asyncio.sleep(60)
        assert not at.gates.work.is_open
        at.contacts["smoke"].set(False)
        await asyncio.sleep(10)
        assert at.gates.work.is_open
        assert at.standing() == []

    told(tmp_path, story)


def test_smoke_and_water_are_two_reasons(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        at.contacts["smoke"].set(True)
        await asyncio.sleep(2)
        at.contacts["water"].set(True)
        await asyncio.sleep(60)
        at.contacts["smoke"].set(False)
        at.contacts["water"].set(False)
        await asyncio.sleep(10)
        at.alarms.acknowledge("water:4051", "wang")
        await asyncio.sleep(10)
        assert at.gates.work.reasons == ("smoke",)
        at.alarms.acknowledge("smoke:4050", "wang")
        await asyncio.sleep(10)
        assert at.jobs.told == ["suspend smoke", "at rest", "resume"]

    told(tmp_path, story)


def test_a_spike_on_the_wire_is_no_smoke(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        for _ in range(10):
            at.contacts["smoke"].set(True)
            await asyncio.sleep(0.1)
            at.contacts["smoke"].set(False)
            await asyncio.sleep(0.4)
        assert at.standing() == []
        assert at.jobs.told == []

    told(tmp_path, story)


def test_a_line_that_cannot_be_read_is_taken_for_the_danger(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        at.contacts["water"].cut = True
        await asyncio.sleep(UNREADABLE_S - 2)
        assert at.dangers[1].view().state is ReadingState.UNAVAILABLE
        assert at.gates.work.is_open
        await asyncio.sleep(4)
        assert at.gates.work.reasons == ("water",)

    told(tmp_path, story)


def test_a_restart_forgets_no_danger(tmp_path: Path) -> None:
    async def smoke(at: Cabinet) -> None:
        at.contacts["smoke"].set(True)
        await asyncio.sleep(60)

    async def gone(at: Cabinet) -> None:
        assert at.gates.work.reasons == ("smoke",)
        await asyncio.sleep(60)
        at.alarms.acknowledge("smoke:4050", "wang")
        await asyncio.sleep(1)
        assert at.gates.work.is_open

    told(tmp_path, smoke)
    told(tmp_path, gone)


def test_a_danger_that_stands_is_not_over_because_its_line_cannot_be_read(tmp_path: Path) -> None:
    async def smoke_is_seen(at: Cabinet) -> None:
        at.contacts["smoke"].set(True)
        await asyncio.sleep(2)
        at.alarms.acknowledge("smoke:4050", "wang")

    async def restart() -> None:
        at = Cabinet(tmp_path)
        at.contacts["smoke"].cut = True
        at.start()
        try:
            await asyncio.sleep(UNREADABLE_S / 2)
            assert at.gates.work.reasons == ("smoke",)
            at.contacts["smoke"].cut = False
            await asyncio.sleep(60)
            assert at.gates.work.is_open
            assert at.standing() == []
        finally:
            at.stop()

    told(tmp_path, smoke_is_seen)
    run_virtual(restart())


def test_jobs_that_do_not_come_to_rest_keep_no_disk_on(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        at.jobs.rest_s = 10_000.0
        async with at.disks.powered("b01"):
            at.contacts["smoke"].set(True)
            await asyncio.sleep(REST_S + 5)
            assert not at.bays["b01"].on
        at.contacts["smoke"].set(False)
        await asyncio.sleep(10)
        at.alarms.acknowledge("smoke:4050", "wang")
        await asyncio.sleep(10)
        assert "resume" not in at.jobs.told, "they have not even stopped"
        await asyncio.sleep(10_000)
        assert at.jobs.told[-1] == "resume"

    told(tmp_path, story)


def test_a_short_loss_of_the_mains_is_told_and_stops_nothing(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        at.contacts["mains-lost"].set(True)
        await asyncio.sleep(5)
        assert at.standing() == ["mains:4040"]
        at.contacts["mains-lost"].set(False)
        await asyncio.sleep(60)
        assert at.standing() == []
        assert at.jobs.told == []

    told(tmp_path, story)


def test_mains_away_for_long_stop_work_in_order_and_resume_it_by_themselves(tmp_path: Path) -> None:
    async def story(at: Cabinet) -> None:
        async with at.disks.powered("b01"):
            lost_s = asyncio.get_running_loop().time()
            at.contacts["mains-lost"].set(True)
            await asyncio.sleep(GRACE_S - 1)
            assert at.jobs.told == []
            await asyncio.sleep(3)
            assert at.jobs.told == ["suspend mains"]
            assert set(at.standing()) == {"mains:4040", "mains:4041"}
            await asyncio.sleep(30)
            assert not at.bays["b01"].on
        assert len(at.shut_down) == 1
        assert at.shut_down[0] - lost_s >= GRACE_S + at.jobs.rest_s
        at.contacts["mains-lost"].set(False)
        await asyncio.sleep(10)
        assert at.jobs.told[-1] == "resume"
        assert at.standing() == []

    told(tmp_path, story)
