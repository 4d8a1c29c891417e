"""The console's real round of serving with an appliance at contract level, in simulated time.

The appliance hears the commands that the console issues and tells its events as the contract says;
only the bytes are not carried: what a fetch delivers is recorded as the content server records it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from appliance.contract.messages import (
    Cancel,
    Command,
    DriveView,
    Fetch,
    FilesDelivered,
    JobChanged,
    LibraryTelemetry,
    RobotView,
    SlotView,
    encode,
)
from appliance.contract.states import (
    DriveState,
    JobStage,
    JobState,
    MediumState,
    RobotState,
    SlotState,
)
from console.api.service import ContentService
from console.dispatch.intake import Incoming
from console.retrieval.items import fetch_items
from console.retrieval.requests import Terms, create_request
from console.retrieval.serving import serve_requests
from console.store import schema
from console.store.states import RequestState
from tests.console.dispatch.desk import CONTENT_URL, Desk
from tests.console.dispatch.holdings import MTIME_NS, NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance
from tests.console.retrieval.cabinet import Cabinet, Job, Machine
from tests.console.retrieval.plays import Asked

TICK_S = 0.5


class Rack(PaperAppliance):
    """A rack whose discs hold volumes already, and whose drives show what is in them."""

    def stock(self, discs: Iterable[str], machine: Machine) -> None:
        self.shelf, self.drives = list(discs), machine.drives

    def library_of(self, in_drive: dict[int, str | None]) -> Incoming:
        slots = [
            SlotView(f"s{n:03}", SlotState.FULL, disc, MediumState.VERIFIED)
            for n, disc in enumerate(self.shelf, 1)
        ]
        drives = [
            DriveView(f"d{n + 1}", DriveState.READING if disc else DriveState.EMPTY, disc)
            for n, disc in in_drive.items()
        ]
        message = LibraryTelemetry(self.now, slots, drives, [RobotView(RobotState.IDLE)])
        return Incoming(self.topics.telemetry("library"), encode(message))


class Console:
    """A store with archived discs and a rack that reads them; `play` lets time pass."""

    def __init__(self, holdings: Holdings, discs: int, machine: Machine) -> None:
        self.holdings, self.desk, self.rack = holdings, Desk(holdings), Rack()
        self.machine = machine
        self.names = [f"disc-{n:03}" for n in range(discs)]
        self.rack.stock(self.names, machine)
        self.service = ContentService(holdings.workspace)
        self.cabinet = Cabinet(
            machine,
            began=lambda job: self._tell(job, JobState.RUNNING, JobStage.LOAD),
            reads=lambda job: self._tell(job, JobState.RUNNING, JobStage.READ),
            delivered=self._delivered,
            over=lambda job: self._tell(job, JobState.DONE, JobStage.FINISHED),
        )
        self.commands: dict[str, Command] = {}
        self.files: dict[str, list[str]] = {}
        self.expected: defaultdict[str, list[tuple[float, float | None]]] = defaultdict(list)
        """What was shown of each request: (seconds gone, seconds left)."""
        self.ended_s: dict[str, float] = {}
        self._archive()
        self._hear(self.rack.status(), self._picture())

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.cabinet.now_s)

    def _archive(self) -> None:
        """Volumes on discs, one each, whose packages get their files as they are asked for."""
        self.holdings.policy()
        with self.holdings.store.begin() as db:
            for number, disc in enumerate(self.names):
                db.execute(sa.insert(schema.packages).values(**_package(disc)))
                db.execute(sa.insert(schema.volumes).values(**_volume(disc, number)))
                db.execute(
                    sa.insert(schema.volume_packages).values(
                        volume_id=f"vol-{disc}", package_id=f"pk-{disc}"
                    )
                )
                db.execute(
                    sa.insert(schema.copies).values(
                        copy_id=f"cp-{disc}",
                        volume_id=f"vol-{disc}",
                        role="use",
                        state="verified",
                        appliance=self.rack.appliance,
                        medium_id=disc,
                    )
                )

    def ask(self, asked: Asked) -> None:
        """Have the request come when its time is there."""
        self.cabinet.at(asked.came_s, lambda: self._ask(asked))

    def _ask(self, asked: Asked) -> None:
        ids = [f"{asked.name}-f{n:05}" for n in range(len(asked.files))]
        with self.holdings.store.begin() as db:
            rows = [
                _file(file_id, disc, size_bytes)
                for file_id, (disc, size_bytes) in zip(ids, asked.files, strict=True)
            ]
            db.execute(sa.insert(schema.files), rows)
        terms = Terms(priority=asked.priority, at=self.now)
        self.files[create_request(self.holdings.store, ids, asked.name, terms=terms)] = ids

    def play(self) -> None:
        """Until nothing is left to happen. The console works half a second after each event."""
        while self.cabinet.step():
            self.desk.now = self.rack.now = self.now
            self._hear(self._picture())
            self.desk.intake.store_snapshots(self.desk.store)
            serve_requests(self.desk.store, CONTENT_URL, self.now)
            for command in self.desk.deliver(self.rack):
                self.cabinet.at(self.cabinet.now_s + TICK_S, lambda c=command: self._do(c))  # type: ignore[misc]
            self._look()

    def _do(self, command: Command) -> None:
        body = command.body
        if isinstance(body, Cancel):
            if self.cabinet.take_back(body.job_id):
                self._tell(Job(body.job_id, "", 0, 0), JobState.CANCELLED, JobStage.FINISHED)
            return
        assert isinstance(body, Fetch)
        self.commands[command.id] = command
        with self.desk.store.connect() as db:
            items = fetch_items(db, body.fetch_id)
        if items:  # else it was called back meanwhile
            size_bytes = sum(item.size_bytes for item in items)
            self.cabinet.give(Job(command.id, body.medium_id, len(items), size_bytes))

    def _delivered(self, job: Job) -> None:
        body = self.commands[job.name].body
        assert isinstance(body, Fetch)
        with self.desk.store.connect() as db:
            items = fetch_items(db, body.fetch_id)
        self.service._record(body.fetch_id, job.size_bytes, items)
        self.rack.now = self.now
        told = FilesDelivered(job.name, body.fetch_id, job.disc, job.files, job.size_bytes)
        self._hear(self.rack.emit(told))

    def _tell(self, job: Job, state: JobState, stage: JobStage) -> None:
        self.rack.now = self.desk.now = self.now
        changed = JobChanged(job.name, "fetch", state, stage, medium_id=job.disc, drive=job.drive)
        self._hear(self.rack.emit(changed))

    def _picture(self) -> Incoming:
        return self.rack.library_of(self.cabinet.in_drive)

    def _hear(self, *messages: Incoming) -> None:
        self.desk.now = self.now
        self.desk.hear(*messages)

    def _look(self) -> None:
        with self.desk.store.connect() as db:
            for row in db.execute(sa.select(schema.requests)):
                if row.state == RequestState.DONE:
                    self.ended_s.setdefault(row.text, self.cabinet.now_s)
                elif row.text not in self.ended_s:
                    gone_s = (self.now - row.created_at).total_seconds()
                    left = row.expected_at
                    shown_s = None if left is None else (left - self.now).total_seconds()
                    self.expected[row.text].append((gone_s, shown_s))


def _package(disc: str) -> dict[str, object]:
    return {
        "package_id": f"pk-{disc}",
        "fonds": "F",
        "series": "S",
        "dossier": disc,
        "folder": disc,
        "restore_prefix": disc,
        "policy_id": "policy-release:1",
        "state": "archived",
        "search_key": "",
        "created_at": NOW,
    }


def _volume(disc: str, number: int) -> dict[str, object]:
    return {
        "volume_id": f"vol-{disc}",
        "plan_id": "plan-1",
        "fonds": "F",
        "series": "S",
        "number": number,
        "label": f"F/S {number:03}",
        "state": "archived",
        "copies_wanted": 1,
        "image_size_bytes": 25_025_314_816,
        "payload_bytes": 24_000_000_000,
        "capacity_bytes": 25_025_314_816,
        "files": 1,
        "plan_sha256": "0" * 64,
    }


def _file(file_id: str, disc: str, size_bytes: int) -> dict[str, object]:
    return {
        "file_id": file_id,
        "package_id": f"pk-{disc}",
        "path": file_id,
        "size_bytes": size_bytes,
        "mtime_ns": MTIME_NS,
        "sha256": file_id.encode().hex().rjust(64, "0")[-64:],
        "state": "archived",
        "search_key": "",
    }
