"""How full the landing zone is: its room is one of the tiers, and what is warm gives way first."""

import shutil

import sqlalchemy as sa
from msgspec import Struct

from console.store import schema
from console.store.engine import reading
from console.store.states import BlobState
from console.store.workspace import Workspace

FILLED, RELIEVED = 0.9, 0.8
"""Shares of the room: above the first, warm packages cool until the second is reached."""


class Space(Struct, frozen=True):
    """Bytes of the landing zone: those that it may hold, and those in use."""

    room_bytes: int
    used_bytes: int

    @property
    def is_filled(self) -> bool:
        return self.used_bytes > self.room_bytes * FILLED

    def over(self, share: float) -> int:
        """Bytes in use above a share of the room; negative when there are fewer."""
        return self.used_bytes - int(self.room_bytes * share)


def landing_space(workspace: Workspace) -> Space | None:
    """What `tiers.landing_bytes_max` allows, else the disk under it; None where nobody knows."""
    allowed = workspace.config.tiers.landing_bytes_max
    if allowed:
        return Space(allowed, landed_bytes(workspace.store))
    if workspace.config.landing.url:
        return None
    disk = shutil.disk_usage(workspace.data)
    return Space(disk.total, disk.total - disk.free)


def landed_bytes(engine: sa.Engine) -> int:
    """The bytes of all contents that the landing zone holds."""
    blobs = schema.blobs.c
    query = sa.select(sa.func.coalesce(sa.func.sum(blobs.size_bytes), 0)).where(
        blobs.state == BlobState.LANDED
    )
    with reading(engine).connect() as connection:
        return int(connection.scalar(query) or 0)
