"""An appliance made of paper: it speaks the contract, remembers like one, and has no hardware."""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Burn,
    Command,
    CopyVerified,
    DriveView,
    ErrorInfo,
    Event,
    EventBody,
    Fetch,
    FilesDelivered,
    JobChanged,
    LibraryTelemetry,
    Replay,
    Reply,
    RobotView,
    SlotView,
    Status,
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
from appliance.contract.topics import Topics
from console.dispatch.intake import Incoming
from tests.console.dispatch.holdings import NOW

BLANK_BYTES = 25_025_314_816


@dataclass
class PaperAppliance:
    """Its outbox, its discs and the commands that it has seen."""

    site: str = "north"
    name: str = "rack-1"
    epoch: str = "epoch-1"
    discs: int = 10
    drives: int = 4
    now: datetime = NOW
    events: list[Event] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    burned: dict[str, str] = field(default_factory=dict)
    """Volume by medium."""
    oldest_seq: int = 1
    refuse: ErrorInfo | None = None

    @property
    def topics(self) -> Topics:
        return Topics(self.site, self.name)

    @property
    def appliance(self) -> str:
        return f"{self.site}/{self.name}"

    def status(self, online: bool = True) -> Incoming:
        epoch = self.epoch if online else ""
        last = len(self.events) if online else 0
        message = Status(self.site, self.name, online, self.now, "rack", "0.1", epoch, last)
        return Incoming(self.topics.status, encode(message))

    def library(self) -> Incoming:
        slots = [self._slot(number) for number in range(1, self.discs + 1)]
        drives = [DriveView(f"d{n}", DriveState.EMPTY) for n in range(1, self.drives + 1)]
        message = LibraryTelemetry(self.now, slots, drives, [RobotView(RobotState.IDLE)])
        return Incoming(self.topics.telemetry("library"), encode(message))

    def _slot(self, number: int) -> SlotView:
        medium = self._medium(number)
        burned = self.burned.get(medium)
        return SlotView(
            f"s{number:03}",
            SlotState.FULL,
            medium,
            MediumState.VERIFIED if burned else MediumState.BLANK,
            burned,
            capacity_bytes=BLANK_BYTES,
        )

    def _medium(self, number: int) -> str:
        return f"{self.name}-m{number:03}"

    def emit(self, body: EventBody) -> Incoming:
        """Number an event, keep it, and give it as it goes over the wire."""
        self.events.append(Event(self.epoch, len(self.events) + 1, self.now, body))
        return self.sealed(len(self.events))

    def sealed(self, seq: int) -> Incoming:
        return Incoming(self.topics.event, encode(self.events[seq - 1]))

    def lose_memory(self, epoch: str) -> None:
        """Its state disk is replaced."""
        self.epoch, self.events, self.replies = epoch, [], {}

    def hear(self, payload: bytes) -> list[Incoming]:
        """Take a command; gives the reply and, for a replay, the events."""
        command = msgspec.json.decode(payload, type=Command)
        self.commands.append(command)
        if isinstance(command.body, Replay):
            return self._replay(command, command.body)
        known = self.replies.get(command.id)
        if known is not None:
            return [self._reply(msgspec.structs.replace(known, duplicate=True))]
        reply = Reply(command.id, self.now, self.refuse is None, command.id, error=self.refuse)
        self.replies[command.id] = reply
        return [self._reply(reply)]

    def _replay(self, command: Command, wanted: Replay) -> list[Incoming]:
        if wanted.from_seq < self.oldest_seq:
            error = SteleError(1122, "no longer held", f"oldest_seq={self.oldest_seq}")
            return [self._reply(Reply(command.id, self.now, accepted=False, error=error.info))]
        again = [self.sealed(seq) for seq in range(wanted.from_seq, len(self.events) + 1)]
        return [self._reply(Reply(command.id, self.now, accepted=True)), *again]

    def _reply(self, reply: Reply) -> Incoming:
        return Incoming(self.topics.reply, encode(reply))

    def burn(self, command: Command) -> list[Incoming]:
        """Everything that is told of a burn that goes well."""
        body = command.body
        assert isinstance(body, Burn)
        number = len(self.burned) + 1
        medium = self._medium(number)
        self.burned[medium] = body.volume_id
        changed = {"volume_id": body.volume_id, "copy_id": body.copy_id, "medium_id": medium}
        return [
            self.emit(JobChanged(command.id, "burn", JobState.RUNNING, JobStage.BURN, **changed)),
            self.emit(JobChanged(command.id, "burn", JobState.RUNNING, JobStage.VERIFY, **changed)),
            self.emit(self.verified(command, medium, f"s{number:03}")),
            self.emit(JobChanged(command.id, "burn", JobState.DONE, JobStage.FINISHED, **changed)),
        ]

    def verified(self, command: Command, medium: str, slot: str = "s001") -> CopyVerified:
        body = command.body
        assert isinstance(body, Burn)
        return CopyVerified(
            job_id=command.id,
            copy_id=body.copy_id,
            volume_id=body.volume_id,
            plan_sha256=body.plan_sha256,
            medium_id=medium,
            slot=slot,
            burn_drive="d1",
            verify_drive="d2",
            image_size_bytes=body.image_size_bytes,
            bytes_read=body.image_size_bytes,
            burn_s=10.0,
            verify_s=5.0,
        )

    def failed(self, command: Command, error: ErrorInfo) -> Incoming:
        verb = "burn" if isinstance(command.body, Burn) else "fetch"
        changed = JobChanged(command.id, verb, JobState.FAILED, JobStage.FINISHED, error=error)
        return self.emit(changed)

    def delivered(self, command: Command, files: int, size_bytes: int) -> list[Incoming]:
        body = command.body
        assert isinstance(body, Fetch)
        done = FilesDelivered(command.id, body.fetch_id, body.medium_id, files, size_bytes)
        finished = JobChanged(command.id, "fetch", JobState.DONE, JobStage.FINISHED)
        return [self.emit(done), self.emit(finished)]
