"""Copies that wait to be given out, and what placement asks of each."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from appliance.contract.states import MediumKind
from console.dispatch.rulebook import Rulebook
from console.placement.fleet import Beside, Wanted
from console.store import schema
from console.store.states import BlobState, CopyState, VolumeState

_copies, _volumes = schema.copies.c, schema.volumes.c

HAS_PLACE = (CopyState.DISPATCHED, CopyState.BURNING, CopyState.VERIFIED)
"""States of a copy that is somewhere, or is being made there."""


def waiting_copies() -> sa.Select[Any]:
    """Copies of approved volumes that are to be made, with what a burn wants to know."""
    return (
        sa.select(
            schema.copies,
            _volumes.label,
            _volumes.plan_sha256,
            _volumes.image_size_bytes,
            _volumes.plan_id,
            _volumes.series,
            _volumes.fonds,
            _volumes.policy_id,
        )
        .join_from(schema.copies, schema.volumes, _volumes.volume_id == _copies.volume_id)
        .where(_copies.state == CopyState.PLANNED, _volumes.state == VolumeState.APPROVED)
    )


def unread() -> sa.Exists:
    """Whether the volume of the enclosing query has contents that nobody has read yet."""
    blobs, files, of_volume = schema.blobs.c, schema.files.c, schema.volume_packages.c
    return (
        sa.exists()
        .select_from(
            schema.volume_packages.join(
                schema.files, files.package_id == of_volume.package_id
            ).join(schema.blobs, blobs.sha256 == files.sha256)
        )
        .where(
            of_volume.volume_id == _volumes.volume_id,
            blobs.state == BlobState.LANDED,
            blobs.checked_at.is_(None),
        )
        .correlate(schema.volumes)
    )


def neighbours(connection: sa.Connection, volume_ids: Iterable[str]) -> dict[str, list[Any]]:
    """Every copy of these volumes, by volume."""
    ids = sorted(set(volume_ids))
    found: dict[str, list[Any]] = {volume_id: [] for volume_id in ids}
    for start in range(0, len(ids), 500):
        some = _copies.volume_id.in_(ids[start : start + 500])
        for row in connection.execute(sa.select(schema.copies).where(some)):
            found[row.volume_id].append(row)
    return found


def wanted(
    row: Any, others: Iterable[Any], rules: Rulebook, *, moved: frozenset[str] = frozenset()
) -> Wanted:
    """A waiting copy as placement sees it, beside the copies of its volume that have a place.

    `moved` are appliances that it is to leave.
    """
    beside = tuple(
        Beside(other.role, place, _site(place))
        for other in others
        if other.copy_id != row.copy_id and (place := place_of(other)) is not None
    )
    failed_at = {row.appliance} if row.appliance else set()
    return Wanted(
        row.copy_id,
        row.volume_id,
        row.role,
        row.image_size_bytes,
        MediumKind(row.medium_kind),
        rules.source(row.policy_id, row.role),
        rules.sites_apart(row.policy_id, row.role),
        rules.appliances_apart(row.policy_id, row.role),
        beside,
        failed_at=frozenset(failed_at) | moved,
    )


def place_of(copy: Any) -> str | None:
    """The appliance that a copy is in, is made in, or is meant for."""
    if copy.state in HAS_PLACE:
        return str(copy.appliance) if copy.appliance else None
    if copy.state == CopyState.PLANNED and copy.intended:
        return str(copy.intended)
    return None


def _site(appliance: str) -> str:
    return appliance.partition("/")[0]
