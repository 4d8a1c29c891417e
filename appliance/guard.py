"""Everything that watches over one cabinet, put together: air, doors, fans, power and dangers.

Made before the job engine, because it decides what the engine may do; started before it as well, so
that nothing moves before every door has been looked at.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AcknowledgeAlarm,
    LockDoor,
    UnlockDoor,
)
from appliance.contract.messages.local import HistoryAnswer, HistoryQuery
from appliance.hardware import Hardware
from appliance.services.access.access import Access
from appliance.services.access.brakes import Brakes
from appliance.services.access.door import Door
from appliance.services.access.keypad import Keypad
from appliance.services.access.ledger import Ledger
from appliance.services.access.people import People
from appliance.services.access.surroundings import Surroundings
from appliance.services.alarms import Alarms
from appliance.services.environment.history import History
from appliance.services.environment.monitor import Monitor
from appliance.services.environment.policy import QUANTITIES, load_policy
from appliance.services.environment.probes import probes
from appliance.services.environment.ventilation import Ventilation
from appliance.services.events import EventSink
from appliance.services.gates import Gates
from appliance.services.power.disks import DiskPower
from appliance.services.power.mains import Mains
from appliance.services.safety.dangers import Danger, dangers
from appliance.services.safety.pause import Jobs, WorkPause
from appliance.settings import Config

MAINS_LOST = "mains-lost"
HISTORY = "history"
logger = logging.getLogger(__name__)


class Guard:
    """Made inside the running loop. `start` before the engine, `follow` after it, `stop` last."""

    def __init__(
        self,
        config: Config,
        hardware: Hardware,
        *,
        gates: Gates,
        alarms: Alarms,
        events: EventSink,
        now: Callable[[], datetime],
        air_changed: Callable[[], None],
        doors_changed: Callable[[], None],
    ) -> None:
        """Raises: SteleError: 5120 the policy, 4029 the people, cannot be used."""
        self._config = config
        self._hardware = hardware
        self._gates = gates
        self._alarms = alarms
        self._now = now
        self._air_changed = air_changed
        state_dir = config.appliance.state_dir
        self.disks = DiskPower(
            hardware.bays,
            start_every_s=config.disks.start_every_s,
            idle_off_s=config.disks.idle_off_s,
        )
        self.people = People(config.access.people or state_dir / "people.db", now)
        self.access = self._make_access(events, doors_changed)
        self.dangers = self._make_dangers()
        self.fans = Ventilation(
            hardware.fans.values(),
            must_rest=lambda: any(danger.sign.is_on for danger in self.dangers),
            alarms=alarms,
            changed=air_changed,
        )
        self._pause: WorkPause | None = None
        self.mains: Mains | None = None
        self.history = self._open_history()
        self.monitor = Monitor(
            probes(hardware.climate, hardware.dust, hardware.power),
            load_policy(config.environment.policy),
            history=self.history,
            gates=gates,
            alarms=alarms,
            now=now,
            changed=air_changed,
            interval_s=config.environment.interval_s,
            sights=(self._see_dangers, self.fans.views),
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def acts(self) -> dict[type[Struct], Callable[[Any], None]]:
        """What commands from the broker may ask of it."""

        def acknowledge(wish: AcknowledgeAlarm) -> None:
            self._alarms.acknowledge(wish.alarm_id, wish.person)

        return {
            AcknowledgeAlarm: acknowledge,
            UnlockDoor: self.access.refuse,
            LockDoor: self.access.lock,
        }

    def start(self) -> None:
        """Look at doors and dangers now, and at everything else from now on."""
        self.access.start()
        for danger in self.dangers:
            danger.start()
        self.monitor.start()
        self._spawn(self.fans.run(), "fans")
        if self._hardware.bays:
            self._spawn(self.disks.look(), "disk bays")

    def follow(self, jobs: Jobs) -> None:
        """Stop and resume the jobs whenever that is due."""
        self._pause = WorkPause(self._gates, jobs, self.disks)
        self._spawn(self._pause.run(), "work pause")
        contact = self._hardware.contacts.get(MAINS_LOST)
        if contact is not None:
            self.mains = Mains(
                contact,
                grace_s=self._config.power.mains_grace_s,
                gates=(self._gates.work, self.disks.gate),
                alarms=self._alarms,
                changed=self._air_changed,
                at_rest=self._pause.at_rest.wait,
                shut_down=self._shut_down if self._config.power.shutdown else None,
            )
            self.mains.start()

    async def stop(self) -> None:
        """Watch no more. Closed doors are locked, disks stay as they are."""
        self.monitor.stop()
        if self.mains is not None:
            self.mains.stop()
        for danger in self.dangers:
            danger.stop()
        await self.access.stop()
        self.disks.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.history is not None:
            self.history.close()
        self.people.close()

    def ask_history(self, query: HistoryQuery) -> HistoryAnswer:
        """A chart. Raises: SteleError: 4034 no such series."""
        points = [] if self.history is None else self.history.query(*_key(query), query.span)
        unit = QUANTITIES.get(query.quantity, "")
        return HistoryAnswer(query.sensor, query.quantity, unit, query.span, points)

    # Made of parts ----------------------------------------------------------------------------

    def _make_access(self, events: EventSink, changed: Callable[[], None]) -> Access:
        settings, hardware = self._config.access, self._hardware
        around = Surroundings(
            gates=self._gates,
            brakes=Brakes(u.changer for u in hardware.units.values() if not u.by_hand),
            alarms=self._alarms,
            events=events,
            now=self._now,
            changed=changed,
            ledger=Ledger(self.people.db),
            open_within_s=settings.open_within_s,
            left_open_s=settings.left_open_s,
            service_open_s=settings.service_open_s,
            rest_within_s=settings.rest_within_s,
        )
        doors = {
            name: Door(
                name,
                around,
                contact=hardware.contacts.get(f"door-{name}"),
                key=hardware.contacts.get(f"key-{name}"),
                lock=hardware.locks.get(name),
            )
            for name in hardware.doors
        }
        return Access(doors, Keypad(self.people, self._now), around)

    def _make_dangers(self) -> list[Danger]:
        return dangers(
            self._hardware.contacts.values(),
            gates=(self._gates.work, self.disks.gate),
            alarms=self._alarms,
            changed=self._air_changed,
        )

    def _open_history(self) -> History | None:
        """The history; without one the cabinet goes on, with an alarm."""
        try:
            history = History(self._config.appliance.state_dir / "history.db", self._now)
        except SteleError as error:
            self._alarms.sound(HISTORY, error.info)
            return None
        self._alarms.clear(HISTORY)
        return history

    def _see_dangers(self) -> list[Any]:
        views = [danger.view() for danger in self.dangers]
        return [*views, self.mains.view()] if self.mains is not None else views

    async def _shut_down(self) -> None:
        argv = self._config.power.shutdown
        try:
            process = await asyncio.create_subprocess_exec(*argv)
            await process.wait()
        except OSError as error:
            logger.error("the shutdown command %s cannot be run: %s", argv[0], error)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))


def _key(query: HistoryQuery) -> tuple[str, str]:
    return query.sensor, query.quantity
