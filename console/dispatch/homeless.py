"""Copies that can go nowhere: said on each of them, and once as an alarm."""

from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.states import MediumKind
from console.dispatch.alarms import Alarm, clear_alarm, raise_alarm
from console.placement.fleet import NoPlace
from console.store import schema

_ALARM = "homeless-copies"
_WANTS = {
    MediumKind.DISC: "a blank disc",
    MediumKind.DISK: "a hard disk with room",
    MediumKind.TAPE: "a tape with room",
}
NO_MEDIUM, NO_APPLIANCE = 5250, 5259
CODES = (NO_MEDIUM, NO_APPLIANCE)

_copies = schema.copies.c


def tell_homeless(
    connection: sa.Connection,
    rows: list[Any],
    nowhere: dict[str, NoPlace],
    now: datetime,
    *,
    code: int = NO_MEDIUM,
) -> None:
    """Say on each copy what is wanted and why nothing would do; the alarm counts them."""
    for row in rows:
        want = _want(row, code)
        text = f"waits for {want}: {row.image_size_bytes} bytes are to be written"
        if (why := nowhere.get(row.copy_id)) is not None:
            text = f"{text}; {why.reason}; what would help: {why.advice}"
        if (row.error_code, row.error_message) != (code, text):
            explain(connection, row.copy_id, code, text)
    _settle_alarm(connection, now)


def _want(row: Any, code: int) -> str:
    return _WANTS[MediumKind(row.medium_kind)] if code == NO_MEDIUM else "an appliance with drives"


def _settle_alarm(connection: sa.Connection, now: datetime) -> None:
    """One alarm for all that wait, as long as any does."""
    query = sa.select(_copies.medium_kind, _copies.error_code).where(
        _copies.state == "planned", _copies.error_code.in_(CODES)
    )
    rows = connection.execute(query).all()
    if not rows:
        clear_alarm(connection, _ALARM, now)
        return
    wants = Counter(_want(row, row.error_code) for row in rows)
    text = "; ".join(
        f"{count} {'copy waits' if count == 1 else 'copies wait'} for {want}"
        for want, count in sorted(wants.items())
    )
    code = NO_MEDIUM if any(row.error_code == NO_MEDIUM for row in rows) else NO_APPLIANCE
    raise_alarm(connection, Alarm(_ALARM, "fleet", code, text), now)


def explain(connection: sa.Connection, copy_id: str, code: int | None, message: str | None) -> None:
    """Say on a copy why it waits; with None, that nothing keeps it."""
    connection.execute(
        sa.update(schema.copies)
        .where(_copies.copy_id == copy_id)
        .values(error_code=code, error_message=message)
    )
