"""An appliance that cannot write: its work goes elsewhere, as far as it is certain that nothing is
burned twice.

Certain is it for a copy that was only meant for the appliance, for one whose command was never
handed to the broker, and for one whose job the appliance itself says it has cancelled. A command
that was sent and not answered may have been heard: its copy waits until the appliance speaks, or a
person says that it is lost. What a lost appliance burns nevertheless is a spare.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.dispatch.alarms import Alarm, clear_alarm, raise_alarm
from console.dispatch.commands import abandon, issue_cancel, withdraw
from console.dispatch.copies import take_back
from console.dispatch.fleet import Fleet, read_fleet
from console.dispatch.homeless import explain
from console.dispatch.rulebook import open_rulebook
from console.dispatch.settling import mean_for, place_rows, settle_places
from console.dispatch.waiting import waiting_copies
from console.placement.fleet import Choice
from console.store import schema
from console.store.engine import reading
from console.store.states import CommandState, CopyState, VolumeState

log = logging.getLogger(__name__)

MOVE_AFTER = timedelta(minutes=15)
"""How long an appliance may be away before its work goes elsewhere."""
_BATCH = 500

_copies, _volumes, _commands = schema.copies.c, schema.volumes.c, schema.commands.c
_appliances = schema.appliances.c


def move_work(engine: sa.Engine, now: datetime, after: timedelta = MOVE_AFTER) -> int:
    """See which appliances with work cannot write, and move what may be; gives how many copies.

    Copies that found no place before are looked at again, too.
    """
    with reading(engine).connect() as connection:
        names = _with_work(connection)
        fleet = read_fleet(connection, names)
        before = _unfit(connection, names)
    now_unfit = {name: member.unfit for name, member in fleet.members.items()}
    _note(engine, now_unfit, before, now)
    moved = 0
    for name, row in before.items():
        if now_unfit[name] and row.unfit_since is not None and row.unfit_since + after <= now:
            with engine.begin() as connection:
                moved += _leave(connection, name, now_unfit[name], now)
    with engine.begin() as connection:
        moved += _leave_bad_air(connection, names)
        _cancel_abandoned(connection, now)
    return moved + settle_places(engine, now, homeless=True)


def _with_work(connection: sa.Connection) -> list[str]:
    """Appliances that copies of approved plans are meant for, or were given to."""
    open_ = _volumes.state == VolumeState.APPROVED
    found: set[str] = set()
    for column, states in (
        (_copies.intended, [CopyState.PLANNED]),
        (_copies.appliance, [CopyState.DISPATCHED, CopyState.BURNING]),
    ):
        query = (
            sa.select(column)
            .distinct()
            .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
            .where(open_, _copies.state.in_(states), column.is_not(None))
        )
        found.update(connection.scalars(query))
    unfit = sa.select(_appliances.appliance).where(_appliances.unfit_since.is_not(None))
    return sorted(found.union(connection.scalars(unfit)))


def _unfit(connection: sa.Connection, names: Iterable[str]) -> dict[str, Any]:
    query = sa.select(_appliances.appliance, _appliances.unfit_since, _appliances.unfit_because)
    rows = connection.execute(query.where(_appliances.appliance.in_(list(names))))
    return {row.appliance: row for row in rows}


def _note(engine: sa.Engine, unfit: dict[str, str], before: dict[str, Any], now: datetime) -> None:
    """Remember since when an appliance cannot write, by this clock; forget it when it can."""
    changed = {
        name: reason
        for name, reason in unfit.items()
        if (before[name].unfit_because or "") != reason
    }
    if not changed:
        return
    with engine.begin() as connection:
        for name, reason in changed.items():
            since = _appliances.unfit_since
            values: dict[str, object] = {
                "unfit_because": reason or None,
                "unfit_since": sa.func.coalesce(since, now) if reason else None,
            }
            connection.execute(
                sa.update(schema.appliances).where(_appliances.appliance == name).values(**values)
            )
            if not reason:
                clear_alarm(connection, _alarm_id(name), now)


def _leave(connection: sa.Connection, name: str, reason: str, now: datetime) -> int:
    """Move what certainly makes no disc in an appliance; ask it for the rest, or tell."""
    meant, unsent, queued, unsure = _work_of(connection, name)
    fleet = read_fleet(connection)
    places = _elsewhere(connection, [*meant, *unsent, *queued], fleet, name)
    moved = 0
    for row in meant:
        if (choice := places.get(row.copy_id)) is not None:
            moved += mean_for(connection, row, choice)
            _say_moved(connection, row, choice, name, reason)
        elif row.error_code != 5264:
            text = f"waits for {name}: {reason}, and no other appliance can have it"
            explain(connection, row.copy_id, 5264, text)
    for row in unsent:
        choice = places.get(row.copy_id)
        if choice is not None and withdraw(connection, row.job_id, f"{name}: {reason}", now):
            moved += take_back(connection, row, choice.appliance)
            _say_moved(connection, row, choice, name, reason)
    online = fleet.members[name].online
    for row in queued if online else ():
        if row.copy_id in places and row.recalled_at is None:
            _recall(connection, row, name, reason, now)
    _tell_unsure(connection, name, reason, unsure if online else [*queued, *unsure], now)
    return moved


def _work_of(
    connection: sa.Connection, name: str
) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Copies meant for an appliance; given and not sent; sent and not begun; perhaps begun."""
    meant = list(
        connection.execute(
            waiting_copies()
            .where(_copies.intended == name)
            .order_by(_copies.volume_id, _copies.copy_id)
            .limit(_BATCH)
        )
    )
    given = (
        sa.select(
            schema.copies,
            _volumes.image_size_bytes,
            _volumes.policy_id,
            _commands.state.label("command_state"),
        )
        .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
        .outerjoin(schema.commands, _commands.command_id == _copies.job_id)
        .where(
            _copies.appliance == name,
            _copies.state.in_([CopyState.DISPATCHED, CopyState.BURNING]),
        )
        .order_by(_copies.copy_id)
    )
    parts: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(given):
        if row.state == CopyState.BURNING:
            parts["unsure"].append(row)
        elif row.command_state == CommandState.WAITING:
            parts["unsent"].append(row)
        else:
            parts["queued"].append(row)
    return meant, parts["unsent"], parts["queued"], parts["unsure"]


def _elsewhere(
    connection: sa.Connection, rows: list[Any], fleet: Fleet, name: str
) -> dict[str, Choice]:
    """Where these copies could go instead: not beside another copy of their volume."""
    if not rows:
        return {}
    rules = open_rulebook(connection, {row.policy_id for row in rows}, fleet)
    kinds = {MediumKind(row.medium_kind) for row in rows}
    writers = [w for w in fleet.writers(kinds, rules.assumed_bytes) if w.appliance != name]
    found = place_rows(connection, rows, rules, writers, leaving=name)
    return {copy_id: choice for copy_id, choice in found.choices.items() if not choice.shares}


def _recall(connection: sa.Connection, row: Any, name: str, reason: str, now: datetime) -> None:
    """Ask an appliance that still speaks to give a job back that it has not begun."""
    issue_cancel(connection, name, row.job_id, now)
    connection.execute(
        sa.update(schema.copies)
        .where(_copies.copy_id == row.copy_id, _copies.state == CopyState.DISPATCHED)
        .values(recalled_at=now)
    )
    explain(connection, row.copy_id, 5264, f"asked back from {name}: {reason}")
    log.info("copy %s is asked back from %s", row.copy_id, name)


def _say_moved(connection: sa.Connection, row: Any, choice: Choice, name: str, reason: str) -> None:
    text = f"moved from {name}, because {reason}, to {choice.appliance}: {choice.reason}"
    explain(connection, row.copy_id, 5264, text)
    log.info("copy %s %s", row.copy_id, text)


def _tell_unsure(
    connection: sa.Connection, name: str, reason: str, rows: list[Any], now: datetime
) -> None:
    """Copies that cannot be moved, because their discs may be burned where nobody hears of it."""
    for row in rows:
        if row.error_code != 5265:
            text = f"{name} may have burned it: {reason}; no other appliance is given it until then"
            explain(connection, row.copy_id, 5265, text)
    if rows:
        count = f"{len(rows)} {'copy' if len(rows) == 1 else 'copies'}"
        text = f"{name}: {reason}; {count} may be burned there, and wait for it"
        raise_alarm(connection, Alarm(_alarm_id(name), name, 5265, text), now)


def _leave_bad_air(connection: sa.Connection, names: list[str]) -> int:
    """Copies that their policy keeps out of an appliance's air go elsewhere if they can."""
    query = waiting_copies().where(_copies.error_code == 5218, _copies.intended.in_(names))
    by_name: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(query.order_by(_copies.copy_id).limit(_BATCH)):
        by_name[row.intended].append(row)
    if not by_name:
        return 0
    moved = 0
    for name, rows in by_name.items():
        places = _elsewhere(connection, rows, read_fleet(connection), name)
        for row in rows:
            if (choice := places.get(row.copy_id)) is not None:
                moved += mean_for(connection, row, choice)
                _say_moved(connection, row, choice, name, row.error_message)
    return moved


def declare_lost(connection: sa.Connection, name: str, by: str, now: datetime) -> list[str]:
    """A person says that an appliance does not come back: what it was given is made elsewhere.

    Gives the copies. Should it come back, its jobs are cancelled, and what it has burned is told:
    as the copy, if that is not verified elsewhere by then, else as a spare.

    Raises:
        SteleError: 5263 no such appliance; 5266 it is online.
    """
    row = connection.execute(
        sa.select(_appliances.online).where(_appliances.appliance == name)
    ).first()
    if row is None:
        raise SteleError(5263, f"no appliance {name!r} has reported")
    if row.online:
        raise SteleError(5266, f"{name} is online: what it was given can be asked back from it")
    meant, unsent, queued, unsure = _work_of(connection, name)
    why = f"{by} said that {name} is lost"
    for copy in [*unsent, *queued, *unsure]:
        if not withdraw(connection, copy.job_id, why, now):
            abandon(connection, copy.job_id, why, now)
        if take_back(connection, copy):
            explain(connection, copy.copy_id, 5264, f"moved away from {name}: {why}")
    for copy in meant:
        connection.execute(
            sa.update(schema.copies)
            .where(_copies.copy_id == copy.copy_id, _copies.state == CopyState.PLANNED)
            .values(intended=None)
        )
    clear_alarm(connection, _alarm_id(name), now)
    log.warning("[5266] %s", why)
    return [copy.copy_id for copy in [*meant, *unsent, *queued, *unsure]]


def _cancel_abandoned(connection: sa.Connection, now: datetime) -> None:
    """Have an appliance that is there again end the jobs that others were given meanwhile."""
    query = (
        sa.select(_commands.command_id, _commands.appliance)
        .join_from(schema.commands, schema.appliances, _appliances.appliance == _commands.appliance)
        .where(_commands.state == CommandState.WITHDRAWN, _appliances.online.is_(True))
    )
    for row in connection.execute(query).all():
        issue_cancel(connection, row.appliance, row.command_id, now)


def _alarm_id(name: str) -> str:
    return f"silent-{name}"
