"""Appliances as they last reported: in a line each, one with its parts, and its slots."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.messages import (
    AccessTelemetry,
    BayView,
    DoorView,
    DriveView,
    EnvironmentTelemetry,
    LibraryTelemetry,
    MagazineView,
    ReadingView,
    RobotView,
)
from appliance.contract.states import MediumKind
from console.store.schema import appliances, holdings

Picture = TypeVar("Picture")
_columns = appliances.c


class ApplianceRow(Struct, frozen=True):
    """One appliance as it last reported. What it has is None before its first report."""

    appliance: str
    online: bool
    profile: str
    firmware: str
    status_at: datetime | None
    discs: int | None
    disks: int | None
    tapes: int | None
    blanks: int
    """Blank discs."""
    drives: int | None
    drives_busy: int | None
    robot: str | None


class ApplianceParts(Struct, frozen=True):
    """One appliance with its parts. A group that was never told, or not readably, is empty."""

    appliance: ApplianceRow
    library_at: datetime | None
    robots: list[RobotView]
    drives: list[DriveView]
    bays: list[BayView]
    magazines: list[MagazineView]
    environment_at: datetime | None
    readings: list[ReadingView]
    burning_paused_by: list[str]
    work_paused_by: list[str]
    access_at: datetime | None
    doors: list[DoorView]
    slots: int


class SlotRow(Struct, frozen=True):
    """One slot, and the medium whose home it is."""

    slot: str
    state: str
    kind: MediumKind
    medium_id: str | None
    medium_state: str | None
    volume_id: str | None
    label: str | None
    capacity_bytes: int | None
    free_bytes: int | None
    magazine_id: str | None
    lit: bool


def appliances_query(*, site: str | None = None, online: bool | None = None) -> sa.Select[Any]:
    """The appliances that were ever heard, with their figures, without their large pictures."""
    query = sa.select(
        _columns.appliance,
        _columns.online,
        _columns.profile,
        _columns.firmware,
        _columns.status_at,
        *(column for column in holdings.c if column.name != "appliance"),
    ).outerjoin_from(appliances, holdings, holdings.c.appliance == _columns.appliance)
    if site is not None:
        query = query.where(_columns.site == site)
    if online is not None:
        query = query.where(_columns.online.is_(online))
    return query


def show_appliance(row: Any) -> ApplianceRow:
    """A row of `appliances_query`."""
    values = row._mapping
    names = (name for name in ApplianceRow.__struct_fields__ if name != "blanks")
    return ApplianceRow(blanks=values["blank_discs"] or 0, **{name: values[name] for name in names})


def read_appliance(connection: sa.Connection, appliance: str) -> ApplianceParts | None:
    """One appliance with its parts, or None when it was never heard."""
    found = connection.execute(appliances_query().where(_columns.appliance == appliance)).first()
    if found is None:
        return None
    row: Any = connection.execute(
        sa.select(appliances).where(_columns.appliance == appliance)
    ).one()
    library = read_picture(row.library, LibraryTelemetry)
    air = read_picture(row.environment, EnvironmentTelemetry)
    access = read_picture(row.access, AccessTelemetry)
    return ApplianceParts(
        appliance=show_appliance(found),
        library_at=row.library_at,
        robots=library.robots if library else [],
        drives=library.drives if library else [],
        bays=library.bays if library else [],
        magazines=library.magazines if library else [],
        environment_at=row.environment_at,
        readings=air.readings if air else [],
        burning_paused_by=air.burning_paused_by if air else [],
        work_paused_by=air.work_paused_by if air else [],
        access_at=row.access_at,
        doors=access.doors if access else [],
        slots=len(library.slots) if library else 0,
    )


def read_slots(connection: sa.Connection, appliance: str) -> list[SlotRow] | None:
    """All slots in the order of the appliance, or None when it was never heard."""
    query = sa.select(_columns.library).where(_columns.appliance == appliance)
    row = connection.execute(query).first()
    if row is None:
        return None
    library = read_picture(row.library, LibraryTelemetry)
    names = SlotRow.__struct_fields__
    return [
        SlotRow(**{name: getattr(slot, name) for name in names})
        for slot in (library.slots if library else [])
    ]


def read_picture(document: Any, kind: type[Picture]) -> Picture | None:
    """Stored telemetry as a message; None when it is not one."""
    try:
        return msgspec.convert(document, kind) if document else None
    except msgspec.ValidationError:
        return None
