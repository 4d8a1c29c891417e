"""One plan as it is shown: as it was proposed, and how far it has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from console.dispatch.waiting import place_of
from console.planning.changes import Changes
from console.planning.decision import find_plan
from console.planning.explanation import Cost, Explanation, TooLarge, VolumeExplanation
from console.rules.problems import Problem
from console.store.schema import copies, plans, volumes
from console.store.states import CopyState, VolumeState

_SHOWN = 1_000
"""Dossiers that are too large, at most."""


class PlanDetail(Struct, frozen=True):
    """A plan without its volumes: what it is of, what it costs, what stands in its way."""

    plan_id: str
    state: str
    revision: int
    replaces: str | None
    """The plan whose place it took."""
    replaced_by: str | None
    because: list[str]
    """Why it took that place."""
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    volumes: int
    volumes_archived: int
    dossiers: int
    files: int
    payload_bytes: int
    discs: int
    lower_bound: int
    blanks: int
    cost: Cost
    problems: list[Problem]
    warnings: list[str]
    capacity: list[str]
    groups: list[str]
    too_large: list[TooLarge]
    too_large_count: int
    changes: Changes
    copies_moved: int
    """Copies that are elsewhere than the plan meant them to be."""


class CopyNow(Struct, frozen=True):
    """Where a planned copy is by now. `moved`: elsewhere than the plan meant it to be."""

    copy_id: str
    role: str
    state: str
    appliance: str | None
    medium_id: str | None
    moved: bool


class PlannedVolume(Struct, frozen=True):
    """A volume as it was planned, and its copies as they are; none for a plan that is over."""

    planned: VolumeExplanation
    state: str | None
    copies: list[CopyNow]


def show_plan(connection: sa.Connection, name: str) -> PlanDetail:
    """Everything about a plan but its volumes.

    Raises:
        SteleError: 5205 there is none of this name.
    """
    row = find_plan(connection, name)
    told = _explanation(row)
    archived = sa.select(sa.func.count()).where(
        volumes.c.plan_id == row.plan_id, volumes.c.state == VolumeState.ARCHIVED
    )
    later = sa.select(plans.c.plan_id).where(plans.c.replaces == row.plan_id)
    now = _copies_now(connection, row.plan_id, told.volumes)
    return PlanDetail(
        row.plan_id,
        row.state,
        row.revision,
        row.replaces,
        connection.scalar(later),
        told.because,
        row.created_at,
        row.decided_at,
        row.decided_by,
        len(told.volumes),
        connection.scalar(archived) or 0,
        sum(volume.dossiers for volume in told.volumes),
        sum(volume.files for volume in told.volumes),
        sum(volume.payload_bytes for volume in told.volumes),
        told.discs,
        told.lower_bound,
        told.blanks,
        told.cost,
        told.problems,
        told.warnings,
        told.capacity,
        told.groups,
        told.too_large[:_SHOWN],
        len(told.too_large),
        told.changes,
        sum(copy.moved for each in now.values() for copy in each),
    )


def plan_volumes(
    connection: sa.Connection, name: str, first: int, count: int
) -> tuple[list[PlannedVolume], bool]:
    """Volumes of a plan from number `first` on, in the order of their labels; whether more follow.

    Raises:
        SteleError: 5205 there is no such plan.
    """
    row = find_plan(connection, name)
    every = _explanation(row).volumes
    some = every[first : first + count]
    now = _copies_now(connection, row.plan_id, some)
    states: dict[str, str] = {
        found.volume_id: found.state
        for found in connection.execute(
            sa.select(volumes.c.volume_id, volumes.c.state).where(
                volumes.c.plan_id == row.plan_id,
                volumes.c.volume_id.in_([volume.volume_id for volume in some]),
            )
        )
    }
    shown = [
        PlannedVolume(volume, states.get(volume.volume_id), now.get(volume.volume_id, []))
        for volume in some
    ]
    return shown, first + count < len(every)


def _explanation(row: Any) -> Explanation:
    return msgspec.convert(row.explanation, Explanation)


def _copies_now(
    connection: sa.Connection, plan_id: str, planned: Sequence[VolumeExplanation]
) -> dict[str, list[CopyNow]]:
    """The copies of these volumes, by volume; of those that are this plan's still."""
    meant = {(v.volume_id, place.role): place.appliance for v in planned for place in v.places}
    found: dict[str, list[CopyNow]] = {}
    ids = [volume.volume_id for volume in planned]
    for start in range(0, len(ids), 500):
        query = (
            sa.select(copies)
            .join(volumes, volumes.c.volume_id == copies.c.volume_id)
            .where(volumes.c.plan_id == plan_id, copies.c.volume_id.in_(ids[start : start + 500]))
            .order_by(copies.c.copy_id)
        )
        for row in connection.execute(query):
            place = place_of(row)
            before = meant.get((row.volume_id, row.role))
            moved = None not in (place, before) and place != before
            found.setdefault(row.volume_id, []).append(
                CopyNow(
                    row.copy_id,
                    row.role,
                    row.state,
                    place,
                    row.medium_id if row.state == CopyState.VERIFIED else None,
                    moved,
                )
            )
    return found
