"""Where each magazine is, or was before somebody took it out."""

from datetime import datetime

import sqlalchemy as sa

from appliance.contract.messages import MagazineMoved
from console.store import schema
from console.store.upsert import insert_into

_magazines = schema.magazines.c


def take_moved(
    connection: sa.Connection, appliance: str, body: MagazineMoved, at: datetime
) -> None:
    """An appliance tells that a magazine was put in or taken out."""
    known = connection.execute(
        sa.select(schema.magazines).where(_magazines.magazine_id == body.magazine_id)
    ).one_or_none()
    if known is not None and body.place is None and known.appliance != appliance:
        return  # it is somewhere else by now: this one speaks of before
    values = {
        "appliance": appliance,
        "place": body.place,
        "last_place": known.place or known.last_place if known is not None else None,
        "discs": body.discs,
        "moved_at": at,
    }
    connection.execute(
        insert_into(connection, schema.magazines).on_conflict_do_update(
            index_elements=["magazine_id"], set_=values
        ),
        {"magazine_id": body.magazine_id, **values},
    )
