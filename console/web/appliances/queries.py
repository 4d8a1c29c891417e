"""What the store knows of the appliances."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from appliance.contract.messages import (
    AccessTelemetry,
    BayView,
    DriveView,
    EnvironmentTelemetry,
    LibraryTelemetry,
    MagazineView,
    RobotView,
    SlotView,
)
from appliance.contract.states import JobState
from console.store import schema as s
from console.web.appliances.faces import KINDS, kind_of
from console.web.appliances.units import discs_of, drives_of, robot_of, tapes_of, unit_of, units_of

Picture = TypeVar("Picture", LibraryTelemetry, EnvironmentTelemetry, AccessTelemetry)

STALE_AFTER = timedelta(seconds=30)
"""Telemetry older than this is shown dimmed: the cabinet may look different by now."""
HISTORY_ROWS = 12
FINAL_STATES = tuple(state for state in JobState if state.is_final)


@dataclass(frozen=True, slots=True)
class DriveNow:
    """A drive with what its job says of the time left, and the volume in it."""

    view: DriveView
    label: str | None
    seconds_left: float | None
    stage: str | None


@dataclass(frozen=True, slots=True)
class ApplianceNow:
    """One appliance as last heard. `library` is None when it never told, or not readably."""

    row: sa.RowMapping
    library: LibraryTelemetry | None
    unit: str
    """The node or module that is shown; empty where there is one only."""
    drives: list[DriveNow]
    stale: bool
    alarms: list[sa.RowMapping]
    environment: EnvironmentTelemetry | None
    access: AccessTelemetry | None

    @property
    def units(self) -> list[str]:
        return units_of(self.library) if self.library else []

    @property
    def slots(self) -> list[SlotView]:
        """The slots for discs of the unit that is shown."""
        return discs_of(self.library, self.unit) if self.library else []

    @property
    def tapes(self) -> list[SlotView]:
        return tapes_of(self.library) if self.library else []

    @property
    def bays(self) -> list[BayView]:
        return self.library.bays if self.library else []

    @property
    def magazines(self) -> list[MagazineView]:
        """The places of magazines in the unit that is shown."""
        places = self.library.magazines if self.library else []
        return [magazine for magazine in places if unit_of(magazine.place) == self.unit]

    @property
    def robot(self) -> RobotView | None:
        """The robot of the unit that is shown; none where a person carries the discs."""
        return robot_of(self.library.robots, self.unit) if self.library else None

    @property
    def counts(self) -> dict[str, int]:
        """Slots by kind, in the order of the legend."""
        found = Counter(kind_of(slot) for slot in self.slots)
        return {kind: found[kind] for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Disc:
    """A slot and all that is known of the disc whose home it is."""

    slot: SlotView
    medium: sa.RowMapping | None
    volume: sa.RowMapping | None
    dossiers: list[sa.RowMapping]
    copies: list[sa.RowMapping]
    history: list[sa.RowMapping]


def list_appliances(connection: sa.Connection) -> list[sa.RowMapping]:
    """Every appliance that was ever heard, by site and name."""
    query = sa.select(
        s.appliances.c.appliance,
        s.appliances.c.site,
        s.appliances.c.name,
        s.appliances.c.profile,
        s.appliances.c.online,
        s.appliances.c.status_at,
    ).order_by(s.appliances.c.site, s.appliances.c.name)
    return list(connection.execute(query).mappings())


def appliance_now(
    connection: sa.Connection, appliance: str, unit: str | None = None
) -> ApplianceNow | None:
    """One appliance ("site/name") as last heard, or None; its first unit unless one is named."""
    query = sa.select(s.appliances).where(s.appliances.c.appliance == appliance)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    library = read_library(row["library"])
    heard = row["library_at"]
    stale = not row["online"] or heard is None or datetime.now(UTC) - heard > STALE_AFTER
    units = units_of(library) if library else []
    shown = unit if unit in units else (units[0] if units else "")
    drives = _drives_now(connection, library, shown) if library else []
    return ApplianceNow(
        row,
        library,
        shown,
        drives,
        stale,
        _alarms(connection, appliance),
        read_picture(row["environment"], EnvironmentTelemetry),
        read_picture(row["access"], AccessTelemetry),
    )


def read_library(document: Any) -> LibraryTelemetry | None:
    """The stored telemetry of the library; None when it is not one."""
    return read_picture(document, LibraryTelemetry)


def read_picture(document: Any, kind: type[Picture]) -> Picture | None:
    """Stored telemetry as a message; None when it is not one."""
    try:
        return msgspec.convert(document, kind) if document else None
    except msgspec.ValidationError:
        return None


def disc_in_slot(connection: sa.Connection, now: ApplianceNow, slot: str) -> Disc | None:
    """The disc whose home is `slot`, or None when the appliance has no such slot."""
    slots = now.library.slots if now.library else []
    view = next((view for view in slots if view.slot == slot), None)
    if view is None:
        return None
    medium = _one(connection, s.media, s.media.c.medium_id == view.medium_id)
    volume_id = view.volume_id or (medium["volume_id"] if medium else None)
    return Disc(
        slot=view,
        medium=medium,
        volume=_one(connection, s.volumes, s.volumes.c.volume_id == volume_id),
        dossiers=dossiers_of(connection, volume_id),
        copies=copies_of(connection, volume_id),
        history=_history(connection, now.row["appliance"], view.medium_id),
    )


def dossiers_of(connection: sa.Connection, volume_id: str | None) -> list[sa.RowMapping]:
    """The dossiers that a volume holds."""
    query = (
        sa.select(s.packages)
        .join(s.volume_packages, s.volume_packages.c.package_id == s.packages.c.package_id)
        .where(s.volume_packages.c.volume_id == volume_id)
        .order_by(s.packages.c.dossier)
        .limit(50)
    )
    return list(connection.execute(query).mappings())


def copies_of(connection: sa.Connection, volume_id: str | None) -> list[sa.RowMapping]:
    """Every copy of a volume, with the slot that is its disc's home now."""
    query = (
        sa.select(s.copies, s.media.c.home_slot, s.media.c.place)
        .join_from(s.copies, s.media, s.media.c.medium_id == s.copies.c.medium_id, isouter=True)
        .where(s.copies.c.volume_id == volume_id)
        .order_by(s.copies.c.role.desc())
    )
    return list(connection.execute(query).mappings())


def _drives_now(connection: sa.Connection, library: LibraryTelemetry, unit: str) -> list[DriveNow]:
    views = drives_of(library, unit)
    job_ids = [drive.job_id for drive in views if drive.job_id]
    query = (
        sa.select(s.jobs.c.job_id, s.jobs.c.stage, s.jobs.c.seconds_left, s.volumes.c.label)
        .join_from(s.jobs, s.volumes, s.volumes.c.volume_id == s.jobs.c.volume_id, isouter=True)
        .where(s.jobs.c.job_id.in_(job_ids))
    )
    jobs = {row["job_id"]: row for row in connection.execute(query).mappings()} if job_ids else {}
    labels = {slot.medium_id: slot.label for slot in library.slots if slot.medium_id}
    found = []
    for view in views:
        job = jobs.get(view.job_id or "")
        label = job["label"] if job else labels.get(view.medium_id or "")
        seconds_left = job["seconds_left"] if job else None
        found.append(DriveNow(view, label, seconds_left, job["stage"] if job else None))
    return found


def _alarms(connection: sa.Connection, appliance: str) -> list[sa.RowMapping]:
    query = (
        sa.select(s.alarms)
        .where(s.alarms.c.appliance == appliance, s.alarms.c.cleared_at.is_(None))
        .order_by(s.alarms.c.raised_at.desc())
    )
    return list(connection.execute(query).mappings())


def _history(
    connection: sa.Connection, appliance: str, medium_id: str | None
) -> list[sa.RowMapping]:
    if medium_id is None:
        return []
    query = (
        sa.select(s.events)
        .where(
            s.events.c.appliance == appliance,
            s.events.c.body["medium_id"].as_string() == medium_id,
            # Of a job only its end: its stages are told by where the disc was.
            sa.or_(
                s.events.c.kind != "job_changed",
                s.events.c.body["state"].as_string().in_(FINAL_STATES),
            ),
        )
        .order_by(s.events.c.at.desc(), s.events.c.seq.desc())
        .limit(HISTORY_ROWS)
    )
    return list(connection.execute(query).mappings())


def _one(
    connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]
) -> sa.RowMapping | None:
    return connection.execute(sa.select(table).where(where)).mappings().one_or_none()
