"""Approving and rejecting plans. Approval only marks rows; the worker does the rest."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.planning.approval import blocking, mark_approved, misfits
from console.planning.explanation import Explanation
from console.planning.record import leave_proposed, overtaken, take_back
from console.planning.revision import plan_again
from console.store.engine import reading
from console.store.schema import plans
from console.store.states import PlanState
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
        raise SteleError(5205, f"there is no plan {name[:64]!r}")
    return row


def approve(workspace: Workspace, name: str, by: str, *, accept_problems: bool = False) -> str:
    """Let the discs of a plan be burned; gives the plan's id. Doing it twice changes nothing.

    A plan that no longer fits the fleet is made again and has to be looked at again.

    Raises:
        SteleError: 5205 there is no such plan; 5206 it was rejected; 5230 it was replaced; 5234 the
            fleet can never keep its policy, and `accept_problems` is not set; 5235 it no longer
            fits the fleet: another revision takes its place.
    """
    with reading(workspace.store).connect() as connection:
        plan = find_plan(connection, name)
        if plan.state == PlanState.PROPOSED:
            reasons = misfits(connection, plan.plan_id)
            problems = [] if accept_problems else blocking(connection, _problems(plan))
    if plan.state == PlanState.PROPOSED and reasons:
        again = plan_again(workspace, plan.plan_id, by, reasons)
        raise SteleError(
            5235,
            f"{plan.plan_id} no longer fits the fleet and was made again as {again.plan_id}: "
            f"{'; '.join(reasons)}",
            f"plan_id={again.plan_id}",
        )
    if plan.state == PlanState.PROPOSED and problems:
        told = "; ".join(f"{each.message}; what would help: {each.advice}" for each in problems)
        raise SteleError(5234, f"{plan.plan_id}: {told}")
    with workspace.store.begin() as connection:
        if not mark_approved(connection, plan.plan_id, by):
            state = connection.scalar(
                sa.select(plans.c.state).where(plans.c.plan_id == plan.plan_id)
            )
            if state not in (PlanState.APPROVED, PlanState.DONE):
                raise overtaken(connection, plan.plan_id)
    return str(plan.plan_id)


def _problems(plan: sa.Row[Any]) -> Any:
    return msgspec.convert(plan.explanation, Explanation).problems


def reject(workspace: Workspace, name: str, by: str) -> str:
    """Give a plan up: its packages wait for another. Doing it twice changes nothing.

    Raises:
        SteleError: 5205 there is no such plan; 5206 it was approved; 5230 it was replaced.
    """
    gone: list[str] = []
    with workspace.store.begin() as connection:
        plan = find_plan(connection, name)
        now = datetime.now(UTC)
        if leave_proposed(connection, plan.plan_id, PlanState.REJECTED, by, now):
            gone = take_back(connection, plan.plan_id)
        elif plan.state != PlanState.REJECTED:
            raise overtaken(connection, plan.plan_id)
    for volume_id in gone:
        workspace.plan_file(volume_id).unlink(missing_ok=True)
    return str(plan.plan_id)
