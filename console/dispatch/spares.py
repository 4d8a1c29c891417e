"""Spares: verified media of a copy that has one already.

They are told and counted for nothing, until the one that counts is lost.
"""

import logging
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.messages import CopyVerified
from console.dispatch.alarms import Alarm, clear_alarm, raise_alarm
from console.store import schema
from console.store.states import CopyState
from console.store.upsert import insert_into

log = logging.getLogger(__name__)

_spares, _copies = schema.spares.c, schema.copies.c


def keep_spare(
    connection: sa.Connection,
    copy: Any,
    appliance: str,
    body: CopyVerified,
    *,
    why: str,
    at: datetime,
) -> None:
    """Record and tell a medium that holds a copy once more. Told again, it changes nothing."""
    counted = connection.scalar(
        sa.select(_copies.copy_id).where(
            _copies.medium_id == body.medium_id, _copies.copy_id == body.copy_id
        )
    )
    known = connection.scalar(sa.select(_spares.job_id).where(_spares.job_id == body.job_id))
    if counted is not None or known is not None:
        return
    connection.execute(
        insert_into(connection, schema.spares).on_conflict_do_nothing(),
        {
            "job_id": body.job_id,
            "copy_id": body.copy_id,
            "volume_id": body.volume_id,
            "appliance": appliance,
            "medium_id": body.medium_id,
            "slot": body.slot,
            "bytes_read": body.bytes_read,
            "verified_at": at,
        },
    )
    text = (
        f"{appliance} has a spare on {body.medium_id}: the {copy.role} copy of volume "
        f"{copy.volume_id} once more; {why}"
    )
    log.warning("[5267] %s", text)
    raise_alarm(connection, Alarm(_alarm_id(body.medium_id), copy.volume_id, 5267, text), at)


def take_spare(connection: sa.Connection, copy: Any, at: datetime) -> bool:
    """Let a spare take the place of a copy that was lost; False when there is none."""
    query = sa.select(schema.spares).where(
        _spares.copy_id == copy.copy_id, _spares.medium_id != copy.medium_id
    )
    spare = connection.execute(query.order_by(_spares.verified_at, _spares.job_id)).first()
    if spare is None:
        return False
    connection.execute(
        sa.update(schema.copies)
        .where(_copies.copy_id == copy.copy_id)
        .values(
            state=CopyState.VERIFIED,
            appliance=spare.appliance,
            job_id=spare.job_id,
            medium_id=spare.medium_id,
            slot=spare.slot,
            bytes_read=spare.bytes_read,
            verified_at=spare.verified_at,
            recalled_at=None,
            error_code=None,
            error_message=None,
        )
    )
    _forget(connection, spare, at)
    log.info("the spare %s takes the place of copy %s", spare.medium_id, copy.copy_id)
    return True


def lose_spare(connection: sa.Connection, appliance: str, medium_id: str, at: datetime) -> bool:
    """Count a spare no more that its appliance cannot rely on; False when it is none."""
    query = sa.select(schema.spares).where(
        _spares.medium_id == medium_id, _spares.appliance == appliance
    )
    spares = connection.execute(query).all()
    for spare in spares:
        _forget(connection, spare, at)
    return bool(spares)


def _forget(connection: sa.Connection, spare: Any, at: datetime) -> None:
    connection.execute(sa.delete(schema.spares).where(_spares.job_id == spare.job_id))
    clear_alarm(connection, _alarm_id(spare.medium_id), at)


def _alarm_id(medium_id: str) -> str:
    return f"spare-{medium_id}"
