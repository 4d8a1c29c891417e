"""Events take effect exactly once and in order (I5): a cursor for each appliance, kept with them.

The cursor is the epoch that is followed and the first number not yet taken in. An event and its
effects, and the cursor that moves past it, are one transaction. What comes too early waits in the
store; what was missed is asked for again; what came before is ignored.

An epoch ends when an appliance loses its outbox. The console then begins the new epoch at 1, and
plans anew what it had given to that appliance, because the appliance no longer knows of it.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import Event, EventBody, Replay, Status
from console.dispatch.alarms import Alarm, raise_alarm
from console.dispatch.copies import forget_work
from console.dispatch.effects import Effects
from console.dispatch.together import Together
from console.store import schema
from console.store.upsert import insert_into

log = logging.getLogger(__name__)

AHEAD_MAX = 20_000
"""Events further ahead are not kept: they come again with the replay."""
_BATCH = 250
"""Names that one statement asks for."""

_appliances, _events = schema.appliances.c, schema.events.c
# The pictures of the same row may be half a megabyte: only what is asked for is read.
_CURSOR = sa.select(_appliances.epoch, _appliances.next_seq).where(
    _appliances.appliance == sa.bindparam("of")
)
_STORED = sa.select(_events.at, _events.body).where(
    _events.appliance == sa.bindparam("of"),
    _events.epoch == sa.bindparam("in_epoch"),
    _events.seq == sa.bindparam("number"),
)
_STORED_FROM_TO = sa.select(_events.seq, _events.body).where(
    _events.appliance == sa.bindparam("of"),
    _events.epoch == sa.bindparam("in_epoch"),
    _events.seq.between(sa.bindparam("a"), sa.bindparam("b")),
)
_WAITS = (
    sa.exists()
    .where(
        _events.appliance == _appliances.appliance,
        _events.epoch == _appliances.epoch,
        _events.seq >= _appliances.next_seq,
    )
    .correlate(schema.appliances)
)
_CURSORS = sa.select(
    _appliances.appliance, _appliances.epoch, _appliances.next_seq, _WAITS.label("waits")
).where(_appliances.appliance.in_(sa.bindparam("these", expanding=True)))
_KNOWN = sa.select(_appliances.appliance).where(
    _appliances.appliance.in_(sa.bindparam("these", expanding=True))
)
_BEGUN = (
    sa.update(schema.appliances)
    .where(_appliances.appliance == sa.bindparam("of"))
    .values(epoch=sa.bindparam("in_epoch"), next_seq=sa.bindparam("to"))
)
_MOVED = (
    sa.update(schema.appliances)
    .where(_appliances.appliance == sa.bindparam("of"))
    .values(next_seq=sa.bindparam("to"))
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Which appliance a message came from, by its topic."""

    site: str
    name: str

    @property
    def appliance(self) -> str:
        return f"{self.site}/{self.name}"


def know_all(connection: sa.Connection, sources: Iterable[Source]) -> None:
    """Have a row for each appliance, as `know` does for one."""
    names = {source.appliance: source for source in sources}
    found: set[str] = set()
    for some in _batches(sorted(names)):
        found.update(connection.scalars(_KNOWN, {"these": some}))
    new = [
        {"appliance": name, "site": source.site, "name": source.name}
        for name, source in sorted(names.items())
        if name not in found
    ]
    if new:
        connection.execute(insert_into(connection, schema.appliances).on_conflict_do_nothing(), new)


def _batches(items: list[T]) -> Iterable[list[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def know(connection: sa.Connection, source: Source) -> Any:
    """The appliance's cursor; a new one when it was never heard of."""
    this = {"of": source.appliance}
    row = connection.execute(_CURSOR, this).first()
    if row is None:
        connection.execute(
            sa.insert(schema.appliances).values(
                appliance=source.appliance, site=source.site, name=source.name
            )
        )
        row = connection.execute(_CURSOR, this).one()
    return row


def take_event(
    connection: sa.Connection, source: Source, event: Event, now: datetime
) -> Replay | None:
    """Take one event in; gives what to ask for when some are missing before it."""
    next_seq = follow(connection, source, event.epoch, now)
    if next_seq is None:
        return None
    stored = _stored(connection, source.appliance, event.epoch, event.seq)
    if stored is not None or event.seq < next_seq:
        _compare(connection, source, event, stored, now)
        return None
    if event.seq >= next_seq + AHEAD_MAX:
        return Replay(event.epoch, next_seq)
    _keep(connection, source.appliance, event)
    if event.seq > next_seq:
        return Replay(event.epoch, next_seq)
    return _advance(connection, source.appliance, event.epoch, next_seq, now)


def take_in_order(
    connection: sa.Connection, heard: dict[Source, list[Event]], now: datetime
) -> set[Source]:
    """Take in what comes as it should: of the epoch that is followed, the next, and nothing waits.

    What was taken in before may come again with it, as replays bring it. Many events of many
    appliances cost a few statements, and the effects of those that have some. Gives the appliances
    whose events were taken in; for all others nothing is done. A fault in an effect is raised: the
    caller begins anew, one event at a time.
    """
    rows = _cursors(connection, heard)
    new = {s: n for s, events in heard.items() if (n := _next(rows.get(s.appliance), events))}
    again = [
        (source.appliance, event)
        for source, number in new.items()
        for event in heard[source]
        if event.seq < number
    ]
    differing = _differing(connection, again)
    taken = {source: number for source, number in new.items() if source.appliance not in differing}
    fresh = {
        source: list({event.seq: event for event in heard[source] if event.seq >= number}.values())
        for source, number in taken.items()
    }
    together = Together(connection, (each for events in fresh.values() for each in events), now)
    kept: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for source, events in fresh.items():
        for event in events:
            together.apply(source.appliance, event.body, event.at)
            kept.append(_row(source.appliance, event))
        if events:
            moved.append({"of": source.appliance, "to": events[-1].seq + 1})
    together.write()
    if kept:
        connection.execute(sa.insert(schema.events), kept)
        connection.execute(_MOVED, moved)
    return set(taken)


def _cursors(connection: sa.Connection, sources: Iterable[Source]) -> dict[str, Any]:
    """Where appliances are, and whether events of theirs wait."""
    found: dict[str, Any] = {}
    for some in _batches([source.appliance for source in sources]):
        rows = connection.execute(_CURSORS, {"these": some})
        found.update({row.appliance: row for row in rows})
    return found


def _next(row: Any, events: list[Event]) -> int | None:
    """The first number that is new, when the events are as they should be."""
    if row is None or row.waits or any(event.epoch != row.epoch for event in events):
        return None
    wanted = int(row.next_seq)
    seen: dict[int, Event] = {}
    for event in events:
        if event.seq >= wanted + len(seen) + 1:
            return None  # some are missing
        if event.seq >= wanted and seen.setdefault(event.seq, event) != event:
            return None
    return wanted


def _differing(connection: sa.Connection, again: list[tuple[str, Event]]) -> set[str]:
    """Appliances that tell a number again with another event than before, or than is stored."""
    told: dict[str, list[Event]] = {}
    for name, event in again:
        told.setdefault(name, []).append(event)
    return {name for name, events in told.items() if _differs(connection, name, events)}


def _differs(connection: sa.Connection, appliance: str, events: list[Event]) -> bool:
    numbers = [event.seq for event in events]
    these = {"of": appliance, "in_epoch": events[0].epoch, "a": min(numbers), "b": max(numbers)}
    stored = {row.seq: row.body for row in connection.execute(_STORED_FROM_TO, these)}
    return any(stored.get(event.seq) != msgspec.to_builtins(event.body) for event in events)


def take_statuses(
    connection: sa.Connection, heard: dict[Source, list[Status]]
) -> tuple[set[Source], dict[Source, Replay]]:
    """Keep the statuses of appliances that go on in their epoch, or were never heard of.

    Gives those appliances, and what is to be asked for. For all others nothing is done.
    """
    rows = _cursors(connection, heard)
    taken: set[Source] = set()
    wanted: dict[Source, Replay] = {}
    begun: list[dict[str, Any]] = []
    for source, statuses in heard.items():
        row = rows.get(source.appliance)
        epochs = {each.epoch for each in statuses if each.online and each.epoch}
        epoch, next_seq = (row.epoch, int(row.next_seq)) if row is not None else ("", 1)
        if not epoch and len(epochs) == 1:
            # Nothing was ever followed, so no event of this epoch is in the store.
            epoch, next_seq = next(iter(epochs)), 1
            begun.append({"of": source.appliance, "in_epoch": epoch, "to": 1})
        if epochs - {epoch}:
            continue
        taken.add(source)
        last_seq = max((e.last_seq for e in statuses if e.online and e.epoch), default=0)
        if last_seq >= next_seq:
            wanted[source] = Replay(epoch, next_seq)
    know_all(connection, [source for source in taken if source.appliance not in rows])
    if begun:
        connection.execute(_BEGUN, begun)
    return taken, wanted


def missing(
    connection: sa.Connection, source: Source, epoch: str, last_seq: int, now: datetime
) -> Replay | None:
    """What to ask for when the appliance says that `last_seq` is its newest event."""
    next_seq = follow(connection, source, epoch, now)
    if next_seq is None or last_seq < next_seq:
        return None
    return Replay(epoch, next_seq)


def follow(connection: sa.Connection, source: Source, epoch: str, now: datetime) -> int | None:
    """The first number wanted of `epoch`, which is followed from now on; None if it is over."""
    row = know(connection, source)
    if row.epoch == epoch:
        return int(row.next_seq)
    over = sa.select(_events.seq).where(
        _events.appliance == source.appliance, _events.epoch == epoch
    )
    if connection.scalar(over.limit(1)) is not None:
        _alarm_reused(connection, source, f"{source.appliance} speaks in epoch {epoch} again", now)
        return None
    if row.epoch:
        log.warning("[5251] %s begins epoch %s", source.appliance, epoch)
        message = f"{source.appliance} lost its memory: its unfinished work is planned anew"
        raise_alarm(connection, Alarm(f"epoch-{source.appliance}", "events", 5251, message), now)
        forget_work(connection, source.appliance, SteleError(5251, message), now)
    _move(connection, source.appliance, epoch, 1)
    return 1


def skip_lost(
    connection: sa.Connection, source: Source, epoch: str, oldest_seq: int, now: datetime
) -> None:
    """Give up events before `oldest_seq`: the appliance no longer holds them."""
    row = know(connection, source)
    if row.epoch != epoch or oldest_seq <= row.next_seq:
        return
    message = f"events {row.next_seq} to {oldest_seq - 1} of {source.appliance} are lost"
    log.error("[5252] %s", message)
    raise_alarm(connection, Alarm(f"lost-{source.appliance}", "events", 5252, message), now)
    forget_work(connection, source.appliance, SteleError(5252, message), now)
    _move(connection, source.appliance, epoch, oldest_seq)
    _advance(connection, source.appliance, epoch, oldest_seq, now)


def _advance(
    connection: sa.Connection, appliance: str, epoch: str, seq: int, now: datetime
) -> Replay | None:
    """Apply what is stored from `seq` on, up to the next gap."""
    effects = Effects(connection, appliance, now)
    while (stored := _stored(connection, appliance, epoch, seq)) is not None:
        _apply(connection, effects, stored, f"{appliance} {epoch}/{seq}")
        seq += 1
    _move(connection, appliance, epoch, seq)
    later = sa.select(_events.seq).where(
        _events.appliance == appliance, _events.epoch == epoch, _events.seq > seq
    )
    return Replay(epoch, seq) if connection.scalar(later.limit(1)) is not None else None


def _apply(connection: sa.Connection, effects: Effects, stored: Any, name: str) -> None:
    """One event's effects, whole or not at all; a fault of ours must not stop those after it."""
    body: EventBody = msgspec.convert(stored.body, EventBody)
    try:
        with connection.begin_nested():
            effects.apply(body, stored.at)
    except Exception as error:  # the boundary of an event
        log.exception("[5000] event %s has no effect", name)
        alarm = Alarm(f"event-{name}", "events", 5000, f"event {name}: {info_of(error).message}")
        raise_alarm(connection, alarm, effects.now)


def _stored(connection: sa.Connection, appliance: str, epoch: str, seq: int) -> Any:
    this = {"of": appliance, "in_epoch": epoch, "number": seq}
    return connection.execute(_STORED, this).first()


def _keep(connection: sa.Connection, appliance: str, event: Event) -> None:
    connection.execute(sa.insert(schema.events), _row(appliance, event))


def _row(appliance: str, event: Event) -> dict[str, Any]:
    body = msgspec.to_builtins(event.body)
    return {
        "appliance": appliance,
        "epoch": event.epoch,
        "seq": event.seq,
        "at": event.at,
        "kind": body["type"],
        "body": body,
    }


def _compare(
    connection: sa.Connection, source: Source, event: Event, stored: Any, now: datetime
) -> None:
    """A number that comes again must bring the same event."""
    if stored is not None and stored.body != msgspec.to_builtins(event.body):
        text = f"{source.appliance} sent two different events {event.epoch}/{event.seq}"
        _alarm_reused(connection, source, text, now)


def _alarm_reused(connection: sa.Connection, source: Source, text: str, now: datetime) -> None:
    log.error("[5253] %s", text)
    raise_alarm(connection, Alarm(f"reused-{source.appliance}", "events", 5253, text), now)


def _move(connection: sa.Connection, appliance: str, epoch: str, next_seq: int) -> None:
    connection.execute(
        sa.update(schema.appliances)
        .where(_appliances.appliance == appliance)
        .values(epoch=epoch, next_seq=next_seq)
    )
