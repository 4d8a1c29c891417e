"""The three tiers. A package is on the fastest one that has all of it."""

from collections.abc import Collection
from enum import IntEnum, StrEnum

import sqlalchemy as sa

from console.store import schema
from console.store.states import BlobState, CopyState

OUTSIDE, IN_MAGAZINE = "outside", "magazine:"

_packages, _files, _blobs = schema.packages.c, schema.files.c, schema.blobs.c
_copies, _media, _of_volume = schema.copies.c, schema.media.c, schema.volume_packages.c


class Tier(IntEnum):
    FAST = 1
    """The console holds every byte: landing zone, or what came back from media."""
    LONG_TERM = 2
    """A verified copy is in an appliance."""
    OFFLINE = 3
    """Verified copies are outside all appliances alone: a person has to bring one."""


class MoveState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    NEEDLESS = "needless"


def is_away() -> sa.ColumnElement[bool]:
    """Whether the medium of the enclosing query is outside every appliance."""
    return sa.or_(_media.place == OUTSIDE, _media.place.startswith(IN_MAGAZINE))


def tiers_of(connection: sa.Connection, package_ids: Collection[str]) -> dict[str, Tier]:
    """The tier of each package; one of which nothing can be had is in none of the answer."""
    not_at_hand = (
        sa.exists()
        .where(
            _files.package_id == _packages.package_id,
            ~sa.exists().where(_blobs.sha256 == _files.sha256, _blobs.state == BlobState.LANDED),
            ~sa.exists().where(schema.delivered.c.sha256 == _files.sha256),
        )
        .correlate(schema.packages)
    )
    query = sa.select(
        _packages.package_id,
        not_at_hand.label("not_at_hand"),
        has_copy(~is_away()).label("online"),
        has_copy(sa.true()).label("anywhere"),
    ).where(_packages.package_id.in_(package_ids))
    found: dict[str, Tier] = {}
    for row in connection.execute(query):
        if not row.not_at_hand:
            found[row.package_id] = Tier.FAST
        elif row.online:
            found[row.package_id] = Tier.LONG_TERM
        elif row.anywhere:
            found[row.package_id] = Tier.OFFLINE
    return found


def has_copy(condition: sa.ColumnElement[bool]) -> sa.Exists:
    """Whether a verified copy of the enclosing query's package is on a medium like that."""
    return (
        sa.exists()
        .select_from(
            schema.volume_packages.join(
                schema.copies, _copies.volume_id == _of_volume.volume_id
            ).join(schema.media, _media.medium_id == _copies.medium_id)
        )
        .where(
            _of_volume.package_id == _packages.package_id,
            _copies.state == CopyState.VERIFIED,
            condition,
        )
        .correlate(schema.packages)
    )
