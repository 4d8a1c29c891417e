"""The effects of many events at once: what most events say is a row of three statements.

Of a job that nobody here asked for, of a medium and of an alarm the rows are gathered, and written
when something else has to see them. Any other event takes effect by itself (`Effects`), after what
was gathered before it. So the store comes to the same as when each event is applied in its turn.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.messages import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    DoorChanged,
    Event,
    EventBody,
    JobChanged,
    MediumChanged,
)
from console.dispatch.alarms import Alarm, Note, acknowledge_alarms, clear_alarms, raise_alarms
from console.dispatch.effects import (
    OUTSIDE,
    Effects,
    job_row,
    job_told,
    medium_row,
    medium_told,
    taken_elsewhere,
)
from console.store import schema

_BATCH = 500
_media, _commands = schema.media.c, schema.commands.c
_AlarmTold = AlarmRaised | AlarmCleared | AlarmAcknowledged


class Together:
    """Applies events of many appliances within one transaction; `write` brings them to an end."""

    def __init__(self, connection: sa.Connection, events: Iterable[Event], now: datetime) -> None:
        """`events` are all that will be applied: what they speak of is read at once."""
        self._connection = connection
        self._now = now
        bodies = [event.body for event in events]
        self._given = self._read_given(bodies)
        self._held = self._read_held(bodies)
        self._jobs: dict[tuple[str, str], dict[str, Any]] = {}
        self._told_media: dict[str, dict[str, Any]] = {}
        self._raised: dict[tuple[str, str], tuple[Alarm, datetime]] = {}
        self._seen: dict[tuple[str, str], Note] = {}
        self._cleared: dict[tuple[str, str], Note] = {}

    def apply(self, appliance: str, body: EventBody, at: datetime) -> None:
        """Make an event true in the store: at once, or with `write`."""
        match body:
            case JobChanged() if body.job_id not in self._given:
                self._job(job_row(appliance, body, at))
            case MediumChanged():
                self._medium(appliance, body, at)
            case AlarmRaised() | AlarmCleared() | AlarmAcknowledged():
                self._alarm(appliance, body, at)
            case DoorChanged():
                pass
            case _:
                self.write()
                Effects(self._connection, appliance, self._now).apply(body, at)

    def write(self) -> None:
        """Bring what was gathered into the store."""
        dialect = self._connection.dialect.name
        if self._jobs:
            self._connection.execute(job_told(dialect), list(self._jobs.values()))
            self._jobs = {}
        if self._told_media:
            self._connection.execute(medium_told(dialect), list(self._told_media.values()))
            self._told_media = {}
        self._write_alarms()

    def _write_alarms(self) -> None:
        if self._raised:
            raise_alarms(self._connection, self._raised.values())
            self._raised = {}
        if self._seen:
            acknowledge_alarms(self._connection, self._seen.values())
            self._seen = {}
        if self._cleared:
            clear_alarms(self._connection, self._cleared.values())
            self._cleared = {}

    def _job(self, row: dict[str, Any]) -> None:
        """Two rows of a job become the one that the second would leave behind."""
        key = (row["job_id"], row["appliance"])
        before = self._jobs.get(key)
        if before is None:
            self._jobs[key] = row
        elif not before["state"].is_final:
            started_at = before["started_at"] or row["started_at"]
            since = {"created_at": before["created_at"], "started_at": started_at}
            self._jobs[key] = row | since

    def _medium(self, appliance: str, body: MediumChanged, at: datetime) -> None:
        holder, place = self._held.get(body.medium_id, (appliance, OUTSIDE))
        if holder != appliance and place != OUTSIDE:
            alarm = taken_elsewhere(appliance, body.medium_id)
            raise_alarms(self._connection, [(alarm, at)])
            return
        self._held[body.medium_id] = (appliance, body.place)
        self._told_media[body.medium_id] = medium_row(appliance, body, at)

    def _alarm(self, appliance: str, body: _AlarmTold, at: datetime) -> None:
        key = (appliance, body.alarm_id)
        match body:
            case AlarmRaised(alarm_id=alarm_id, where=where, error=error):
                if key in self._seen or key in self._cleared:
                    self._write_alarms()
                alarm = Alarm(alarm_id, where, error.code, error.message, appliance)
                _, since = self._raised.get(key, (alarm, at))
                self._raised[key] = (alarm, since)
            case AlarmAcknowledged() if key not in self._cleared:
                self._seen[key] = Note(appliance, body.alarm_id, at, body.person)
            case AlarmCleared():
                self._cleared.setdefault(
                    key, Note(appliance, body.alarm_id, at, body.person or None)
                )

    def _read_given(self, bodies: list[EventBody]) -> set[str]:
        """The jobs that somebody here asked for."""
        jobs = {body.job_id for body in bodies if isinstance(body, JobChanged)}
        found: set[str] = set()
        for some in _batches(jobs):
            query = sa.select(_commands.command_id).where(_commands.command_id.in_(some))
            found.update(self._connection.scalars(query))
        return found

    def _read_held(self, bodies: list[EventBody]) -> dict[str, tuple[str, str]]:
        """Who has the media, and where. Nothing but events of media changes that."""
        media = {body.medium_id for body in bodies if isinstance(body, MediumChanged)}
        found: dict[str, tuple[str, str]] = {}
        for some in _batches(media):
            query = sa.select(_media.medium_id, _media.appliance, _media.place)
            rows = self._connection.execute(query.where(_media.medium_id.in_(some)))
            found.update({row.medium_id: (row.appliance, row.place) for row in rows})
        return found


def _batches(names: set[str]) -> Iterable[list[str]]:
    ordered = sorted(names)
    return (ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH))
