"""How the whole stands: the console's parts, the archive, the fleet, and what is wrong."""

import sqlalchemy as sa
from msgspec import Struct

from console.addresses import read_addresses
from console.overview.alarms import AlarmRow, alarms_query, show_alarm
from console.overview.appliances import ApplianceRow, appliances_query, show_appliance
from console.overview.worker import worker_is_running
from console.store.engine import reading
from console.store.schema import alarms, appliances, blobs, copies, packages, plans, volumes
from console.store.states import BlobState
from console.store.workspace import Workspace


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
        fleet = connection.execute(appliances_query().order_by(appliances.c.appliance))
        standing = connection.execute(alarms_query().order_by(alarms.c.raised_at))
        return Status(
            data=str(workspace.data),
            page_url=addresses.page_url if addresses else None,
            broker_url=addresses.broker_url if addresses else None,
            worker_running=worker_is_running(workspace.data),
            archive=archive_figures(connection),
            appliances=[show_appliance(row) for row in fleet],
            alarms=[show_alarm(row) for row in standing],
        )


def archive_figures(connection: sa.Connection) -> Archive:
    """Counts of what is kept."""
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
