"""Where the copies of dossiers lie."""

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa
from msgspec import Struct

from console.store.schema import copies, volume_packages, volumes
from console.store.states import CopyState


class CopyPlace(Struct, frozen=True):
    """One copy of a volume, and where its disc is at home."""

    copy_id: str
    role: str
    state: CopyState
    label: str
    appliance: str | None
    medium_id: str | None
    slot: str | None


def places_of(
    connection: sa.Connection, package_ids: Collection[str]
) -> defaultdict[str, list[CopyPlace]]:
    """Every copy of each package."""
    query = (
        sa.select(volume_packages.c.package_id, volumes.c.label, copies)
        .join_from(volume_packages, volumes)
        .join(copies)
        .where(volume_packages.c.package_id.in_(package_ids))
        .order_by(volumes.c.label, copies.c.copy_id)
    )
    places: defaultdict[str, list[CopyPlace]] = defaultdict(list)
    for row in connection.execute(query):
        places[row.package_id].append(
            CopyPlace(
                row.copy_id,
                row.role,
                CopyState(row.state),
                row.label,
                row.appliance,
                row.medium_id,
                row.slot,
            )
        )
    return places
