"""The encoded plan of a volume: made from the store's rows, written to the data folder."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from appliance.volume.plan import (
    DossierRef,
    Identity,
    PlanFile,
    PlanFolder,
    VolumePlan,
    encode_plan,
    make_plan,
)
from console.planner.packing import PackedVolume
from console.rules.policy import Policy
from console.store.schema import files, folders, packages


def build_volume_plan(
    connection: sa.Connection,
    volume: PackedVolume,
    policy: Policy,
    *,
    volume_id: str,
    label: str,
    organisation: str,
    created_at: datetime,
) -> VolumePlan:
    """Everything that goes on one disc.

    Raises:
        VolumeError: 3001, a name that no disc can hold slipped into the store.
    """
    ids = [package.package_id for package in volume.packages]
    placed = _folders_of(connection, ids)
    identity = Identity(
        volume_id=volume_id,
        label=label,
        fonds=volume.fonds,
        series=volume.series,
        dossiers=tuple(
            DossierRef(package.package_id, package.dossier, placed[package.package_id])
            for package in volume.packages
        ),
        created_at=created_at,
        organisation=organisation,
        digests=tuple(policy.digests.value),
    )
    with_sm3 = "sm3" in policy.digests.value
    return make_plan(
        identity,
        _plan_files(connection, placed, with_sm3=with_sm3),
        _plan_folders(connection, placed),
    )


def write_volume_plan(plan: VolumePlan, file: Path) -> None:
    """Write a plan where the content server finds it; whole and on the disk when this returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    with draft.open("wb") as out:
        for piece in encode_plan(plan):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _folders_of(connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in _in_parts(ids):
        query = sa.select(packages.c.package_id, packages.c.folder)
        for row in connection.execute(query.where(packages.c.package_id.in_(some))):
            found[row.package_id] = row.folder
    return found


def _plan_files(
    connection: sa.Connection, placed: dict[str, str], *, with_sm3: bool
) -> Iterator[PlanFile]:
    for some in _in_parts(list(placed)):
        for row in connection.execute(sa.select(files).where(files.c.package_id.in_(some))):
            yield PlanFile(
                f"{placed[row.package_id]}/{row.path}",
                row.size_bytes,
                row.mtime_ns,
                bytes.fromhex(row.sha256),
                bytes.fromhex(row.sm3) if with_sm3 else b"",
            )


def _plan_folders(connection: sa.Connection, placed: dict[str, str]) -> Iterator[PlanFolder]:
    for some in _in_parts(list(placed)):
        for row in connection.execute(sa.select(folders).where(folders.c.package_id.in_(some))):
            yield PlanFolder(f"{placed[row.package_id]}/{row.path}".rstrip("/"), row.mtime_ns)


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """SQLite takes at most 32,766 parameters in one statement."""
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]
