"""How the whole stands: the console's parts, the archive, the fleet, and what is wrong."""

import contextlib
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind
from console.addresses import read_addresses
from console.overview.worker import worker_is_running
from console.planning.capacity import blanks_of
from console.store.engine import reading
from console.store.schema import alarms, appliances, blobs, copies, packages, plans, volumes
from console.store.states import BlobState
from console.store.workspace import Workspace


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
    drives: int | None
    drives_busy: int | None
    robot: str | None


class AlarmRow(Struct, frozen=True):
    appliance: str
    where: str
    code: int
    message: str
    raised_at: datetime


class Archive(Struct, frozen=True):
    """What is kept. The three counts go by the states of packages, copies and plans."""

    files: int
    size_bytes: int
    packages: dict[str, int]
    volumes: int
    copies: dict[str, int]
    plans: dict[str, int]
    landing_bytes: int


class Status(Struct, frozen=True):
    data: str
    page_url: str | None
    broker_url: str | None
    worker_running: bool
    archive: Archive
    appliances: list[ApplianceRow]
    alarms: list[AlarmRow]


def status(workspace: Workspace) -> Status:
    """The picture of this moment."""
    addresses = read_addresses(workspace.data)
    with reading(workspace.store).connect() as connection:
        fleet = connection.execute(sa.select(appliances).order_by(appliances.c.appliance))
        open_alarms = sa.select(alarms).where(alarms.c.cleared_at.is_(None))
        return Status(
            data=str(workspace.data),
            page_url=addresses.page_url if addresses else None,
            broker_url=addresses.broker_url if addresses else None,
            worker_running=worker_is_running(workspace.data),
            archive=_archive(connection),
            appliances=[_appliance(row) for row in fleet],
            alarms=[
                AlarmRow(row.appliance, row.where_, row.code, row.message, row.raised_at)
                for row in connection.execute(open_alarms.order_by(alarms.c.raised_at))
            ],
        )


def _archive(connection: sa.Connection) -> Archive:
    sums = connection.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(packages.c.files), 0),
            sa.func.coalesce(sa.func.sum(packages.c.size_bytes), 0),
        )
    ).one()
    landed = sa.select(sa.func.coalesce(sa.func.sum(blobs.c.size_bytes), 0)).where(
        blobs.c.state == BlobState.LANDED
    )
    return Archive(
        files=int(sums[0]),
        size_bytes=int(sums[1]),
        packages=_by_state(connection, packages),
        volumes=connection.scalar(sa.select(sa.func.count()).select_from(volumes)) or 0,
        copies=_by_state(connection, copies),
        plans=_by_state(connection, plans),
        landing_bytes=int(connection.scalar(landed) or 0),
    )


def _by_state(connection: sa.Connection, table: sa.Table) -> dict[str, int]:
    query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
    return {row[0]: row[1] for row in connection.execute(query.order_by(table.c.state))}


def _appliance(row: sa.Row[Any]) -> ApplianceRow:
    library: LibraryTelemetry | None = None
    with contextlib.suppress(msgspec.ValidationError):
        library = msgspec.convert(row.library, LibraryTelemetry)
    slots = library.slots if library else []
    media = Counter(slot.kind for slot in slots if slot.medium_id)
    drives = [drive for drive in library.drives if not drive.prints] if library else []
    return ApplianceRow(
        appliance=row.appliance,
        online=row.online,
        profile=row.profile,
        firmware=row.firmware,
        status_at=row.status_at,
        discs=media[MediumKind.DISC] if library else None,
        disks=sum(bay.medium_id is not None for bay in library.bays) if library else None,
        tapes=media[MediumKind.TAPE] if library else None,
        blanks=blanks_of([library]).count if library else 0,
        drives=len(drives) if library else None,
        drives_busy=sum(drive.job_id is not None for drive in drives) if library else None,
        robot=_robots(library) if library else None,
    )


def _robots(library: LibraryTelemetry) -> str | None:
    """The robot's state; of several robots how many are in each."""
    states = Counter(str(robot.state) for robot in library.robots)
    if len(library.robots) < 2:
        return next(iter(states), None)
    return ", ".join(f"{count} {state}" for state, count in states.items())
