"""Approving and rejecting plans. Approval only marks rows; the worker does the rest."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.store.schema import copies, packages, plans, volume_packages, volumes
from console.store.states import PackageState, PlanState, VolumeState
from console.store.workspace import Workspace

LATEST = "latest"


def find_plan(connection: sa.Connection, name: str) -> sa.Row[Any]:
    """A plan by its id, its number, or `latest`.

    Raises:
        SteleError: 5205 there is none.
    """
    query = sa.select(plans)
    if name == LATEST:
        row = connection.execute(query.order_by(plans.c.created_at.desc()).limit(1)).one_or_none()
    else:
        ids = [name, f"plan-{name}"]
        row = connection.execute(query.where(plans.c.plan_id.in_(ids))).one_or_none()
    if row is None:
        raise SteleError(5205, f"there is no plan {name!r}")
    return row


def approve(workspace: Workspace, name: str, by: str) -> str:
    """Let the discs of a plan be burned; gives the plan's id. Doing it twice changes nothing.

    Raises:
        SteleError: 5205 there is no such plan; 5206 it was rejected.
    """
    with workspace.store.begin() as connection:
        plan = find_plan(connection, name)
        if plan.state == PlanState.PROPOSED:
            _decide(connection, plan.plan_id, PlanState.APPROVED, by)
            connection.execute(
                volumes.update()
                .where(volumes.c.plan_id == plan.plan_id)
                .values(state=VolumeState.APPROVED)
            )
        elif plan.state == PlanState.REJECTED:
            raise SteleError(5206, f"{plan.plan_id} was rejected by {plan.decided_by}")
        return str(plan.plan_id)


def reject(workspace: Workspace, name: str, by: str) -> str:
    """Give a plan up: its packages wait for another. Doing it twice changes nothing.

    Raises:
        SteleError: 5205 there is no such plan; 5206 it was approved.
    """
    with workspace.store.begin() as connection:
        plan = find_plan(connection, name)
        gone: list[Path] = []
        if plan.state == PlanState.PROPOSED:
            _decide(connection, plan.plan_id, PlanState.REJECTED, by)
            gone = [workspace.plan_file(v) for v in _take_back(connection, plan.plan_id)]
        elif plan.state != PlanState.REJECTED:
            raise SteleError(5206, f"{plan.plan_id} was approved by {plan.decided_by}")
    for file in gone:
        file.unlink(missing_ok=True)
    return str(plan.plan_id)


def _decide(connection: sa.Connection, plan_id: str, state: PlanState, by: str) -> None:
    connection.execute(
        plans.update()
        .where(plans.c.plan_id == plan_id)
        .values(state=state, decided_at=datetime.now(UTC), decided_by=by)
    )


def _take_back(connection: sa.Connection, plan_id: str) -> list[str]:
    """Remove a plan's volumes, of which nothing was burned; gives their ids."""
    of_plan = sa.select(volumes.c.volume_id).where(volumes.c.plan_id == plan_id)
    inside = sa.select(volume_packages.c.package_id).where(volume_packages.c.volume_id.in_(of_plan))
    connection.execute(
        packages.update()
        .where(packages.c.package_id.in_(inside), packages.c.state == PackageState.PLANNED)
        .values(state=PackageState.LANDED)
    )
    ids = list(connection.scalars(of_plan))
    connection.execute(copies.delete().where(copies.c.volume_id.in_(of_plan)))
    connection.execute(volume_packages.delete().where(volume_packages.c.volume_id.in_(of_plan)))
    connection.execute(volumes.delete().where(volumes.c.plan_id == plan_id))
    return ids
