"""Media, and the copies that are on them or are to be."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.store.schema import copies, media, volumes


class MediumRow(Struct, frozen=True):
    """One medium. `place` says where it is, `home_slot` where it belongs."""

    medium_id: str
    appliance: str
    kind: str
    place: str
    home_slot: str | None
    magazine_id: str | None
    state: str
    volume_id: str | None
    label: str | None
    capacity_bytes: int | None
    error_code: int | None
    error_message: str | None
    updated_at: datetime | None


class CopyDetail(Struct, frozen=True):
    """One copy of a volume, wherever it is in its life."""

    copy_id: str
    volume_id: str
    label: str
    fonds: str
    series: str
    role: str
    medium_kind: str
    state: str
    image_size_bytes: int
    pool: str | None
    intended: str | None
    """The appliance that the plan meant it for."""
    appliance: str | None
    medium_id: str | None
    slot: str | None
    job_id: str | None
    attempt: int
    bytes_read: int | None
    verified_at: datetime | None
    error_code: int | None
    error_message: str | None


def media_query() -> sa.Select[Any]:
    """All media that were ever told of."""
    return sa.select(media)


def show_medium(row: Any) -> MediumRow:
    """A row of `media_query`."""
    values = row._mapping
    return MediumRow(**{name: values[name] for name in MediumRow.__struct_fields__})


def copies_query() -> sa.Select[Any]:
    """All copies with their volumes."""
    return sa.select(
        copies,
        volumes.c.label,
        volumes.c.fonds,
        volumes.c.series,
        volumes.c.image_size_bytes,
        volumes.c.namespace,
    ).join_from(copies, volumes, volumes.c.volume_id == copies.c.volume_id)


def show_copy(row: Any) -> CopyDetail:
    """A row of `copies_query`."""
    values = row._mapping
    return CopyDetail(**{name: values[name] for name in CopyDetail.__struct_fields__})
