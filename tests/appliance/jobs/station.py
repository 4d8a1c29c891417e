"""The firmware's jobs over a cabinet: started, told things, waited for, killed, started again."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from sqlite_utils import Database

from appliance.agent.outbox import Outbox
from appliance.contract.messages import (
    Command,
    CommandBody,
    Event,
    EventBody,
    JobView,
    Reply,
)
from appliance.hardware import Unit
from appliance.jobs.engine import Engine
from appliance.jobs.records import JobRecord
from appliance.services.content import ContentClient
from appliance.services.fittings import Fittings
from appliance.services.gates import Gates
from appliance.services.library import Library
from appliance.services.media import Medium
from appliance.services.printing import Printing
from appliance.services.state import open_state
from appliance.services.stores import Stores
from tests.appliance.jobs.cabinet import Cabinet, KilledError

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
B = TypeVar("B", bound=EventBody)
Units = Mapping[str, Unit]


class PowerCutError(BaseException):
    """Raised in whoever commits when the power goes."""


def _expect_power_cut(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Nobody collects the errors of a dead firmware's tasks."""
    if not isinstance(context.get("exception"), PowerCutError | KilledError):
        loop.default_exception_handler(context)


class Rig(Protocol):
    """The hardware, which outlives any firmware."""

    def connect(self) -> Units:
        """For a firmware that starts."""

    async def disconnect(self) -> None:
        """The firmware that was connected is dead."""


class PaperRig:
    """Cabinets of plain objects, by the name of the unit that each is."""

    def __init__(self, cabinets: Mapping[str, Cabinet]) -> None:
        self._cabinets = cabinets

    def connect(self) -> Units:
        sessions = {unit: cabinet.connect() for unit, cabinet in self._cabinets.items()}
        return {unit: Unit(unit, s.changer, s.drives) for unit, s in sessions.items()}

    async def disconnect(self) -> None:
        for cabinet in self._cabinets.values():
            cabinet.session.alive = False


def over(
    folder: Path, cabinets: Cabinet | Mapping[str, Cabinet], content: ContentClient
) -> "Station":
    """A station over a cabinet of plain objects, or over one a unit."""
    units = {"": cabinets} if isinstance(cabinets, Cabinet) else cabinets
    return Station(folder, PaperRig(units), content)


class Station:
    """One appliance."""

    def __init__(self, folder: Path, rig: Rig, content: ContentClient) -> None:
        self.folder = folder
        self._rig = rig
        self._content = content
        self._outside: set[asyncio.Task[object]] = set()
        self.cut_at: int | None = None
        """The number of the commit at which the power goes."""
        self.cut_before = False
        """Whether that commit is lost."""
        self.cut = asyncio.Event()
        self.commits = 0
        self.commands = 0

    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=asyncio.get_running_loop().time())

    async def start(self) -> None:
        self._outside = set(asyncio.all_tasks())
        asyncio.get_running_loop().set_exception_handler(_expect_power_cut)
        units = self._rig.connect()
        self.db = open_state(self.folder / "state.db")
        self.db.execute("PRAGMA synchronous=OFF")  # faster; what is lost here is lost by `cut_at`
        self.db.atomic = self._counted(self.db)
        self.cut.clear()
        with contextlib.suppress(PowerCutError):
            self.outbox = Outbox(self.db, self.now)
            self.gates = Gates(self._ignore)
            self.library = Library(
                self.db,
                units,
                events=self.outbox,
                now=self.now,
                changed=self._ignore,
                interlock=self.gates.interlock,
            )
            self.fittings = self._fittings()
            self.engine = Engine(
                self.db,
                self.library,
                self._content,
                plans=self.folder / "plans",
                events=self.outbox,
                now=self.now,
                changed=self._ignore,
                stores=self._stores(),
                printing=self._printing(),
                gates=self.gates,
                fittings=self.fittings,
            )
            if self.fittings is not None:
                self.fittings.start()
            await self.engine.start()

    def _printing(self) -> Printing | None:
        """A disc printer, in a station that has one."""
        return None

    def _fittings(self) -> Fittings | None:
        """Magazines, lights and sensors, in a station that has any."""
        hardware = getattr(self._rig, "hardware", None)
        if hardware is None:
            return None
        return Fittings(
            self.db,
            hardware,
            self.library,
            events=self.outbox,
            now=self.now,
            changed=self._ignore,
        )

    def _stores(self) -> Stores | None:
        """Disks and tapes, in a station that has any."""
        return None

    def _ignore(self) -> None: ...

    async def kill(self) -> None:
        """End the firmware as kill -9 does: nothing of it reaches disk or hardware any more."""
        self.cut.set()
        mine = {
            task
            for task in asyncio.all_tasks() - self._outside - {asyncio.current_task()}
            if "/simulators/" not in task.get_coro().cr_code.co_filename
        }
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        await self._rig.disconnect()
        self.db.close()

    def _counted(self, db: Database) -> Callable[[], contextlib.AbstractContextManager[Database]]:
        atomic = db.atomic

        @contextlib.contextmanager
        def counted() -> Iterator[Database]:
            outermost = not db.conn.in_transaction
            if self.cut.is_set():
                raise PowerCutError
            with atomic():
                yield db
                if outermost:
                    self.commits += 1
                    if self.commits == self.cut_at and self.cut_before:
                        self.cut.set()
                        raise PowerCutError
            if outermost and self.commits == self.cut_at and not self.cut.is_set():
                self.cut.set()
                raise PowerCutError

        return counted

    def tell(self, body: CommandBody, command_id: str | None = None) -> Reply:
        """A command, as the agent hands it over."""
        self.commands += 1
        return self.engine.submit(Command(command_id or f"c{self.commands}", self.now(), body))

    def order(self, body: CommandBody, command_id: str) -> None:
        """A command that the power may cut short; the console would send it again."""
        if not self.cut.is_set():
            with contextlib.suppress(PowerCutError):
                self.tell(body, command_id)

    def job(self, job_id: str) -> JobRecord:
        row = self.db.conn.execute("SELECT record FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return msgspec.json.decode(row[0], type=JobRecord)

    def jobs(self) -> list[JobRecord]:
        rows = self.db.conn.execute("SELECT record FROM jobs ORDER BY number").fetchall()
        return [msgspec.json.decode(row[0], type=JobRecord) for row in rows]

    def view(self, job_id: str) -> JobView:
        return next(v for v in self.engine.jobs_telemetry().jobs if v.job_id == job_id)

    async def surveyed(self) -> None:
        """Wait for the end of the first inventory."""
        await self.until(lambda: all(slot.probed_at for slot in self.library.slots.all()))
        await self.settled()

    async def settled(self, *, limit_s: float = 100_000.0) -> None:
        """Wait until every job is final."""
        async with asyncio.timeout(limit_s):
            while self._goes_on():  # noqa: ASYNC110  # looks on from outside, in virtual time
                await asyncio.sleep(1.0)

    def _goes_on(self) -> bool:
        return not self.cut.is_set() and any(not job.state.is_final for job in self.jobs())

    async def until(self, holds: Callable[[], bool], *, limit_s: float = 100_000.0) -> None:
        async with asyncio.timeout(limit_s):
            while not holds():  # noqa: ASYNC110  # looks on from outside, in virtual time
                await asyncio.sleep(0.25)

    def events(self, kind: type[B]) -> list[B]:
        rows = self.db.conn.execute("SELECT payload FROM outbox ORDER BY seq").fetchall()
        bodies = [msgspec.json.decode(row[0], type=Event).body for row in rows]
        return [body for body in bodies if isinstance(body, kind)]

    def media(self) -> list[Medium]:
        return list(self.library.media.all())

    def acts(self, job_id: str) -> list[tuple[str, str | None]]:
        return self.db.conn.execute(
            "SELECT step, turn FROM acts WHERE job_id = ? ORDER BY number", (job_id,)
        ).fetchall()
