"""Messages from appliances, as the broker hands them over: untrusted bytes on a topic.

The topic says who speaks; a message that claims to be from someone else is refused. What cannot be
read is counted by its error number and logged, and changes nothing.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AccessTelemetry,
    EnvironmentTelemetry,
    Event,
    JobsTelemetry,
    LibraryTelemetry,
    Replay,
    Reply,
    Status,
)
from appliance.contract.topics import parse_topic
from appliance.contract.wire import decode
from console.broker import MAX_MESSAGE_BYTES
from console.dispatch.alarms import Alarm, raise_alarm
from console.dispatch.cursor import (
    Source,
    know,
    missing,
    skip_lost,
    take_event,
    take_in_order,
    take_statuses,
)
from console.dispatch.replies import take_reply
from console.dispatch.snapshots import Snapshots, store_status, store_statuses
from console.overview.gauges import EVENT_LAG, keep_gauge
from console.store.engine import repeated

log = logging.getLogger(__name__)

MISPLACED = 5256
NO_LONGER_HELD = 1122
"""An appliance's refusal to replay: `detail` says ``oldest_seq=N``."""

ASKED_MAX = 1_000

_SMALL_BYTES = 1 << 20
_KINDS: dict[str, tuple[type, int]] = {
    "status": (Status, _SMALL_BYTES),
    "event": (Event, _SMALL_BYTES),
    "reply": (Reply, _SMALL_BYTES),
    "telemetry/library": (LibraryTelemetry, MAX_MESSAGE_BYTES),
    "telemetry/jobs": (JobsTelemetry, MAX_MESSAGE_BYTES),
    "telemetry/environment": (EnvironmentTelemetry, _SMALL_BYTES),
    "telemetry/access": (AccessTelemetry, _SMALL_BYTES),
}
_OLDEST = re.compile(r"oldest_seq=(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as it came."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """One message that could be read, and who sent it."""

    source: Source
    message: object


@dataclass(slots=True)
class Intake:
    """Reads messages and brings them into the store. `refused` counts them by error number."""

    refused: Counter[int] = field(default_factory=Counter)
    snapshots: Snapshots = field(default_factory=Snapshots)
    wanted: dict[Source, Replay] = field(default_factory=dict)
    """What is missing of each appliance's events."""
    asked: dict[str, tuple[Source, Replay]] = field(default_factory=dict)
    """Replays that were asked for, by the command's id."""
    event_lag_s: float | None = None
    """How long the latest of the newest events took from the appliance to the store."""

    def read(self, incoming: Incoming) -> Told | None:
        """The message, or None when it was refused or is none of ours. Never raises."""
        try:
            return _read(incoming)
        except SteleError as error:
            self.refused[error.code] += 1
            if self.refused[error.code] <= 20 or self.refused[error.code] % 1000 == 0:
                log.warning("%s (%d so far)", error, self.refused[error.code])
            return None

    def take(self, connection: sa.Connection, told: list[Told], now: datetime) -> None:
        """Bring messages into the store, in their order, within one transaction.

        Most of the time all is as it should be, and a batch costs few statements. If anything in
        it fails, it is begun anew one message at a time: a message that cannot be kept, whatever is
        in it, costs no other one.
        """
        wanted, asked = dict(self.wanted), dict(self.asked)
        try:
            with connection.begin_nested():
                self._take_together(connection, told, now)
        except sa.exc.OperationalError:
            raise  # the store itself fails: nothing of the batch is kept
        except Exception:  # the boundary of a batch
            log.warning("%d messages are taken one by one", len(told), exc_info=True)
            self.wanted, self.asked = wanted, asked
            self._take_one_by_one(connection, told, now)

    def _take_together(self, connection: sa.Connection, told: list[Told], now: datetime) -> None:
        """Events first: of an appliance they are in their order, and nothing else has one.

        Statuses come next, but those of appliances whose events are not as they should be: an
        epoch that begins among them is one that the status before it does not know of.
        """
        events: dict[Source, list[Event]] = {}
        statuses: dict[Source, list[Status]] = {}
        for one in told:
            if isinstance(one.message, Event):
                events.setdefault(one.source, []).append(one.message)
            elif isinstance(one.message, Status):
                statuses.setdefault(one.source, []).append(one.message)
        in_order = take_in_order(connection, events, now) if events else set()
        self._note_lag((each for source in in_order for each in events[source]), now)
        statuses = {s: n for s, n in statuses.items() if s not in events or s in in_order}
        plain: set[Source] = set()
        if statuses:
            plain, wanted = take_statuses(connection, statuses)
            store_statuses(connection, {source: statuses[source] for source in plain})
            self.wanted.update(wanted)
        done: dict[type, set[Source]] = {Event: in_order, Status: plain}
        for one in told:
            if one.source not in done.get(type(one.message), set()):
                self._take(connection, one, now)

    def _note_lag(self, events: Iterable[Event], now: datetime) -> None:
        latest_s = max(((now - event.at).total_seconds() for event in events), default=None)
        if latest_s is not None:
            self.event_lag_s = max(0.0, latest_s, self.event_lag_s or 0.0)

    def _take_one_by_one(self, connection: sa.Connection, told: list[Told], now: datetime) -> None:
        for one in told:
            try:
                with connection.begin_nested():
                    self._take(connection, one, now)
            except sa.exc.OperationalError:
                raise  # the store itself fails: nothing of the batch is kept
            except Exception as error:  # the boundary of a message
                kind = type(one.message).__name__
                log.exception("[5256] %s: a message %s has no effect", one.source.appliance, kind)
                self.refused[MISPLACED] += 1
                raise_alarm(connection, _unkept(one.source, kind, error), now)

    def _take(self, connection: sa.Connection, one: Told, now: datetime) -> None:
        source = one.source
        match one.message:
            case Event() as event:
                self._want(source, take_event(connection, source, event, now))
                self._note_lag([event], now)
            case Status() as status:
                self._take_status(connection, source, status, now)
            case Reply() as reply if self._answers_replay(source, reply):
                self._take_refusal(connection, reply, now)
            case Reply() as reply:
                take_reply(connection, source.appliance, reply, now)
            case LibraryTelemetry() as library:
                self.snapshots.library[source] = library
            case JobsTelemetry() as jobs:
                self.snapshots.jobs[source] = jobs
            case EnvironmentTelemetry() | AccessTelemetry() as picture:
                self.snapshots.surroundings[source, type(picture)] = picture

    def _answers_replay(self, source: Source, reply: Reply) -> bool:
        """Whether this is the answer to a replay, from the appliance that was asked."""
        asked = self.asked.get(reply.command_id)
        return asked is not None and asked[0] == source

    def remember(self, command_id: str, source: Source, replay: Replay) -> None:
        """A replay is asked for: its answer comes as a reply to this command."""
        if len(self.asked) >= ASKED_MAX:
            self.asked.pop(next(iter(self.asked)))
        self.asked[command_id] = (source, replay)

    def forget_filled(self, connection: sa.Connection) -> None:
        """Want no longer what has come."""
        for source, replay in list(self.wanted.items()):
            row = know(connection, source)
            if (row.epoch, row.next_seq) != (replay.epoch, replay.from_seq):
                del self.wanted[source]

    def forget_others(self, has: Callable[[Source], bool]) -> None:
        """Want and keep nothing more of appliances that another worker hears now."""
        for source in [source for source in self.wanted if not has(source)]:
            del self.wanted[source]
        self.snapshots.keep_only(has)

    def store_snapshots(self, engine: sa.Engine) -> None:
        """Write the pictures that came since the last time, in one transaction."""
        if self.event_lag_s is not None:
            lag_s, self.event_lag_s = self.event_lag_s, None
            with engine.begin() as connection:
                keep_gauge(connection, EVENT_LAG, lag_s, datetime.now(UTC))
        if self.snapshots:
            snapshots, self.snapshots = self.snapshots, Snapshots()
            # Each touches the rows of its own appliances alone: workers need not wait for another.
            repeated(engine, snapshots.store)

    def _want(self, source: Source, replay: Replay | None) -> None:
        if replay is not None:
            self.wanted[source] = replay

    def _take_status(
        self, connection: sa.Connection, source: Source, status: Status, now: datetime
    ) -> None:
        store_status(connection, source, status)
        if status.online and status.epoch:
            replay = missing(connection, source, status.epoch, status.last_seq, now)
            self._want(source, replay)

    def _take_refusal(self, connection: sa.Connection, reply: Reply, now: datetime) -> None:
        source, replay = self.asked.pop(reply.command_id)
        if reply.accepted or reply.error is None:
            return
        log.warning("%s does not replay: %s", source.appliance, reply.error.message)
        self.wanted.pop(source, None)
        found = _OLDEST.search(reply.error.detail)
        if reply.error.code == NO_LONGER_HELD and found:
            skip_lost(connection, source, replay.epoch, int(found[1]), now)


def _unkept(source: Source, kind: str, error: Exception) -> Alarm:
    text = f"a message ({kind}) of {source.appliance} cannot be kept: {type(error).__name__}"
    return Alarm(f"unkept-{source.appliance}", "messages", MISPLACED, text)


def _read(incoming: Incoming) -> Told | None:
    try:
        site, name, leaf = parse_topic(incoming.topic)
    except ValueError as error:
        raise SteleError(MISPLACED, f"a message came on {incoming.topic[:200]!r}") from error
    if leaf not in _KINDS:
        return None  # a group of telemetry that this console does not know
    kind, limit_bytes = _KINDS[leaf]
    what = f"a message on {incoming.topic}"
    message: object = decode(incoming.payload, kind, limit_bytes=limit_bytes, what=what)
    if isinstance(message, Status) and (message.site, message.appliance) != (site, name):
        raise SteleError(MISPLACED, f"{what} speaks for {message.site}/{message.appliance}")
    return Told(Source(site, name), message)
