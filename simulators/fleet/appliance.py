"""One appliance as the contract has it: what it says when asked, without any wire.

The caller moves time and carries bytes. Messages come out as `Said`.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Burn,
    Command,
    CopyVerified,
    ErrorInfo,
    EventBody,
    Grant,
    JobChanged,
    MediumChanged,
    Replay,
    Reply,
    Status,
    TakeInventory,
    Verify,
    encode,
)
from appliance.contract.states import JobStage, JobState, MediumState
from appliance.contract.topics import Topics
from appliance.contract.wire import MAX_COMMAND_BYTES, decode
from simulators.fleet.outbox import Outbox
from simulators.fleet.pictures import GROUPS, picture
from simulators.fleet.scenario import Scenario
from simulators.fleet.story import medium

_REMEMBERED = 1_000
_FIRMWARE = "fleet"


@dataclass(frozen=True, slots=True)
class Said:
    """One message on its way to the broker."""

    topic: bytes
    payload: bytes
    qos: int = 1
    retain: bool = False


class Appliance:
    """Number `number` of a fleet, at one of its sites."""

    def __init__(self, number: int, scenario: Scenario, epoch: str) -> None:
        self.site = f"site-{number % scenario.site_count:03}"
        self.name = f"a{number:05}"
        topics = Topics(self.site, self.name)
        self.command_topic = topics.command
        self._status, self._event = topics.status.encode(), topics.event.encode()
        self._reply = topics.reply.encode()
        self._telemetry = [(group, topics.telemetry(group).encode()) for group in GROUPS]
        self._slots = scenario.slots
        self._blank = 0
        self._answers: OrderedDict[str, Reply] = OrderedDict()
        self.outbox = Outbox(self.name, epoch, scenario.slots, scenario.history)
        self.online = False

    # --- what it says ---------------------------------------------------------------------------

    def status(self, now: datetime) -> Said:
        """Who it is, and that it is there."""
        box = self.outbox
        told = Status(self.site, self.name, True, now, "rack", _FIRMWARE, box.epoch, box.last_seq)
        return Said(self._status, encode(told), retain=True)

    def will(self, now: datetime) -> Said:
        """What the broker says for it when the link breaks."""
        told = Status(self.site, self.name, False, now, "rack", _FIRMWARE)
        return Said(self._status, encode(told), retain=True)

    def telemetry(self, now: datetime) -> Iterator[Said]:
        """Every group once."""
        stated = msgspec.json.encode(now)
        for group, topic in self._telemetry:
            yield Said(topic, picture(group, self.name, self._slots, stated), qos=0)

    def event(self, seq: int) -> Said:
        """An event that happened."""
        return Said(self._event, self.outbox.event(seq))

    # --- what it hears --------------------------------------------------------------------------

    def hear(self, payload: bytes, now: datetime) -> "Heard":
        """A command's answer, and what follows from it. Nothing for bytes without an id."""
        try:
            what = f"a command to {self.name}"
            command = decode(payload, Command, limit_bytes=MAX_COMMAND_BYTES, what=what)
        except SteleError:
            return Heard(())
        known = self._answers.get(command.id)
        if known is not None:
            again = msgspec.structs.replace(known, at=now, duplicate=True)
            return Heard((Said(self._reply, encode(again)),))
        heard = self._answer(command, now)
        if not isinstance(command.body, Replay):
            self._answers[command.id] = heard.reply
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        replied = Said(self._reply, encode(heard.reply))
        return Heard(chain((replied,), heard.more), heard.job)

    def _answer(self, command: Command, now: datetime) -> "_Answer":
        accepted = Reply(command.id, now, True)
        if command.expires_at is not None and command.expires_at < now:
            return _Answer(_refuse(command, now, 1120, "the command came too late"))
        match command.body:
            case Replay() as replay:
                return self._replay(command, replay, now)
            case Burn() | Verify() | TakeInventory():
                reply = Reply(command.id, now, True, command.id)
                return _Answer(reply, job=lambda: self._work(command))
            case Grant():
                return _Answer(accepted)
            case _:
                return _Answer(_refuse(command, now, 5110, "a fleet's appliance has no such part"))

    def _replay(self, command: Command, replay: Replay, now: datetime) -> "_Answer":
        box = self.outbox
        for wrong, code, detail in (
            (replay.epoch != box.epoch, 1121, f"epoch={box.epoch}"),
            (replay.from_seq < box.oldest_seq, 1122, f"oldest_seq={box.oldest_seq}"),
            (replay.from_seq > box.last_seq + 1, 1123, f"last_seq={box.last_seq}"),
        ):
            if wrong:
                return _Answer(_refuse(command, now, code, "it cannot be replayed", detail))
        events = (self.event(seq) for seq in range(replay.from_seq, box.last_seq + 1))
        return _Answer(Reply(command.id, now, True), events)

    def _work(self, command: Command) -> list[EventBody]:
        """The events of a job that a command asked for, from its beginning to its end."""
        body, job_id = command.body, command.id
        if isinstance(body, TakeInventory):
            return _stages(job_id, "take_inventory", JobStage.LOAD)
        if isinstance(body, Verify):
            return _stages(job_id, "verify", JobStage.VERIFY, body.volume_id, body.copy_id)
        if not isinstance(body, Burn):
            return []
        self._blank = self._blank % self._slots + 1
        medium_id, slot = medium(self.name, self._blank), f"s{self._blank:03}"
        begin, work, end = _stages(job_id, "burn", JobStage.BURN, body.volume_id, body.copy_id)
        size = body.image_size_bytes
        verified = CopyVerified(
            job_id, body.copy_id, body.volume_id, body.plan_sha256, medium_id, slot,
            "d1", "d2", size, size, 1.0, 1.0,
        )  # fmt: skip
        filed = MediumChanged(
            medium_id, f"slot:{slot}", MediumState.VERIFIED, slot, body.volume_id, body.label
        )
        return [begin, work, filed, verified, end]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a command leads to: messages now (read lazily), and events of a job later."""

    now: Iterable[Said]
    job: Callable[[], list[EventBody]] | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    reply: Reply
    more: Iterable[Said] = ()
    job: Callable[[], list[EventBody]] | None = None


def _refuse(command: Command, now: datetime, code: int, message: str, detail: str = "") -> Reply:
    return Reply(command.id, now, False, error=ErrorInfo(code, message, detail))


def _stages(
    job_id: str,
    verb: str,
    stage: JobStage,
    volume_id: str | None = None,
    copy_id: str | None = None,
) -> list[EventBody]:
    return [
        JobChanged(job_id, verb, state, at, volume_id, copy_id)
        for state, at in (
            (JobState.WAITING, JobStage.QUEUED),
            (JobState.RUNNING, stage),
            (JobState.DONE, JobStage.FINISHED),
        )
    ]
