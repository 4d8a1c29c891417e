"""Events take effect exactly once and in order (I5): a cursor for each appliance, kept with them.

The cursor is the epoch that is followed and the first number not yet taken in. An event and its
effects, and the cursor that moves past it, are one transaction. What comes too early waits in the
store; what was missed is asked for again; what came before is ignored.

An epoch ends when an appliance loses its outbox. The console then begins the new epoch at 1, and
plans anew what it had given to that appliance, because the appliance no longer knows of it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import Event, EventBody, Replay
from console.dispatch.alarms import Alarm, raise_alarm
from console.dispatch.copies import forget_work
from console.dispatch.effects import Effects
from console.store import schema

log = logging.getLogger(__name__)

AHEAD_MAX = 20_000
"""Events further ahead are not kept: they come again with the replay."""

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
_MOVED = (
    sa.update(schema.appliances)
    .where(_appliances.appliance == sa.bindparam("of"))
    .values(next_seq=sa.bindparam("to"))
)


@dataclass(frozen=True, slots=True)
class Source:
    """Which appliance a message came from, by its topic."""

    site: str
    name: str

    @property
    def appliance(self) -> str:
        return f"{self.site}/{self.name}"


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

    Many events of many appliances cost a few statements, and their effects. Gives the appliances
    whose events were taken in; for all others nothing is done. A fault in an effect is raised: the
    caller begins anew, one event at a time.
    """
    rows = _cursors(connection, heard)
    taken = {s for s, events in heard.items() if _is_next(rows.get(s.appliance), events)}
    kept: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    for source in taken:
        effects = Effects(connection, source.appliance, now)
        for event in heard[source]:
            effects.apply(event.body, event.at)
            kept.append(_row(source.appliance, event))
        moved.append({"of": source.appliance, "to": heard[source][-1].seq + 1})
    if taken:
        connection.execute(sa.insert(schema.events), kept)
        connection.execute(_MOVED, moved)
    return taken


def _cursors(connection: sa.Connection, heard: dict[Source, list[Event]]) -> dict[str, Any]:
    """Where the appliances are that were heard, and whether events of theirs wait."""
    waits = (
        sa.exists()
        .where(
            _events.appliance == _appliances.appliance,
            _events.epoch == _appliances.epoch,
            _events.seq >= _appliances.next_seq,
        )
        .correlate(schema.appliances)
    )
    query = sa.select(
        _appliances.appliance, _appliances.epoch, _appliances.next_seq, waits.label("waits")
    ).where(_appliances.appliance.in_([source.appliance for source in heard]))
    return {row.appliance: row for row in connection.execute(query)}


def _is_next(row: Any, events: list[Event]) -> bool:
    return (
        row is not None
        and not row.waits
        and all(event.epoch == row.epoch for event in events)
        and [event.seq for event in events] == list(range(row.next_seq, row.next_seq + len(events)))
    )


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
