"""A cabinet's doors and a robot, of plain objects, in virtual time."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

from appliance.agent.outbox import Outbox
from appliance.contract.messages import DoorView, Event, EventBody, UnlockDoor
from appliance.services.access.access import Access
from appliance.services.access.brakes import Brakes
from appliance.services.access.door import Door
from appliance.services.access.keypad import Keypad
from appliance.services.access.ledger import Ledger
from appliance.services.access.people import CodeKind, People
from appliance.services.access.surroundings import Surroundings
from appliance.services.alarms import Alarms
from appliance.services.gates import Gates
from appliance.services.state import open_state
from hal.errors import HalError

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PIN, DURESS, SERVICE = "739150", "739159", "84620517"


@cache
def people_file() -> bytes:
    """The file of two people: making the digests takes a while."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.db"
        people = People(file, lambda: BEGAN)
        people.add("wang", PIN)
        people.set_pin("wang", DURESS, CodeKind.DURESS)
        people.add("vendor", SERVICE, CodeKind.SERVICE)
        people.close()
        return file.read_bytes()


class PaperContact:
    """A line that is set by the test."""

    def __init__(self, name: str, *, active: bool = False) -> None:
        self.name = name
        self.active = active
        self.cut = False
        self._changed: Callable[[bool], None] = lambda _: None

    def is_active(self) -> bool:
        if self.cut:
            raise HalError(1020, f"line {self.name} cannot be read")
        return self.active

    def watch(self, changed: Callable[[bool], None]) -> None:
        self._changed = changed

    def set(self, active: bool) -> None:
        if active != self.active:
            self.active = active
            self._changed(active)

    def close(self) -> None: ...


class PaperLock:
    """A lock whose bolt takes a while; `drawn` is called at the moment when it gives way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bolted = True
        self.jammed = False
        self.drawn: Callable[[], None] = lambda: None

    def is_bolted(self) -> bool:
        return self.bolted

    async def ensure_unlocked(self) -> None:
        await self._turn(bolted=False)
        self.drawn()

    async def ensure_locked(self) -> None:
        await self._turn(bolted=True)

    async def _turn(self, *, bolted: bool) -> None:
        if self.bolted is not bolted:
            await asyncio.sleep(0.2)
            if self.jammed:
                raise HalError(2120, f"the bolt of {self.name} does not move")
            self.bolted = bolted


class PaperRobot:
    """A robot whose moves take time, stop in a hold, and go on after it."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self._free = asyncio.Event()
        self._free.set()
        self.turning = False
        self.moved_s = 0.0
        self.holds = 0

    async def move(self, seconds: float) -> None:
        """One motion inside the interlock, as the mover makes it."""
        async with self._gates.interlock.motion():
            left_s = seconds
            while left_s > 0:
                await self._free.wait()
                self.turning = True
                step_s = min(0.1, left_s)
                try:
                    await asyncio.sleep(step_s)
                finally:
                    self.turning = False
                if self._free.is_set():
                    left_s -= step_s
                    self.moved_s += step_s

    async def hold(self) -> None:
        self.holds += 1
        self._free.clear()
        self.turning = False

    async def resume(self) -> None:
        self._free.set()


class Entrance:
    """Make it in the running loop."""

    def __init__(self, folder: Path, *doors: str, robots: int = 1) -> None:
        self.db = open_state(folder / "state.db")
        self.db.execute("PRAGMA synchronous=OFF")
        self.alarms = Alarms(self.db, Outbox(self.db, self.now), self.now)
        self.gates = Gates()
        if not (folder / "people.db").exists():
            (folder / "people.db").write_bytes(people_file())
        self.people = People(folder / "people.db", self.now)
        self.robots = [PaperRobot(self.gates) for _ in range(robots)]
        around = Surroundings(
            gates=self.gates,
            brakes=Brakes(self.robots),  # type: ignore[arg-type]
            alarms=self.alarms,
            events=Outbox(self.db, self.now),
            now=self.now,
            changed=lambda: None,
            ledger=Ledger(self.people.db),
        )
        names = doors or ("front",)
        self.contacts = {name: PaperContact(f"door-{name}") for name in names}
        self.keys = {name: PaperContact(f"key-{name}") for name in names}
        self.locks = {name: PaperLock(name) for name in names}
        self.keypad = Keypad(self.people, self.now)
        self.access = Access(
            {
                name: Door(
                    name,
                    around,
                    contact=self.contacts[name],
                    key=self.keys[name],
                    lock=self.locks[name],
                )
                for name in names
            },
            self.keypad,
            around,
        )

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=asyncio.get_running_loop().time())

    async def start(self) -> None:
        self.access.start()
        await asyncio.sleep(2.0)

    async def stop(self) -> None:
        await self.access.stop()
        self.people.close()
        self.db.close()

    async def kill(self) -> None:
        """End the firmware as kill -9 does: lines and bolts stay as they are."""
        tasks = [task for name in self.contacts for task in self.access.door(name)._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.people.close()
        self.db.close()

    async def unlock(self, pin: str = PIN, door: str = "front") -> None:
        """Turn the key and enter the PIN."""
        self.keys[door].set(True)
        await self.access.unlock(UnlockDoor(door, pin))

    def view(self, door: str = "front") -> DoorView:
        return next(view for view in self.access.telemetry().doors if view.door == door)

    def events(self) -> list[EventBody]:
        rows = self.db.conn.execute("SELECT payload FROM outbox ORDER BY seq").fetchall()
        return [msgspec.json.decode(row[0], type=Event).body for row in rows]

    def standing(self, *, at_cabinet: bool = True) -> list[str]:
        return [view.alarm_id for view in self.alarms.telemetry(at_cabinet=at_cabinet).alarms]
