"""/api/v1/plans: what goes on which disc, and where: seen, changed, approved, rejected."""

from typing import Annotated

from msgspec import Meta, Struct

from console.api.rest import Call, Key, Order, Page, PageQuery, Resource, Scope, page_of
from console.api.rest.paging import read_cursor, write_cursor
from console.planning.changes import Bytes, PlanChange
from console.planning.decision import approve, find_plan, reject
from console.planning.listing import PlanRow, plans_query, show_row
from console.planning.proposal import ProposedPlan, preview, propose
from console.planning.revision import change, plan_again, preview_change
from console.planning.showing import PlanDetail, PlannedVolume, plan_volumes, show_plan
from console.store.schema import plans as table
from console.store.states import PlanState

plans = Resource("plans", "Plans: what goes on which medium, and where each copy goes.")


class PlanQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    state: Annotated[tuple[PlanState, ...], Meta(max_length=len(PlanState))] = ()


class Proposal(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be planned: everything that has landed, unless it is said otherwise."""

    namespaces: Annotated[list[Key], Meta(max_length=1_000)] | None = None
    """Only what is filed in these."""
    leave_out: Annotated[list[Key], Meta(max_length=100_000)] = []
    """Dossiers (package ids) that wait for another plan."""
    capacity_bytes: Bytes | None = None
    """Plan for discs of this capacity; without it for the commonest blank that there is."""


class Approval(Struct, frozen=True, forbid_unknown_fields=True):
    """`accept_problems`: approve although the fleet cannot keep the policy as it is."""

    accept_problems: bool = False


class Decided(Struct, frozen=True):
    plan_id: str
    state: str


@plans.get("/plans", scope=Scope.READ, errors=(5429,))
def list_plans(call: Call, query: PlanQuery) -> Page[PlanRow]:
    """List plans, newest first; of several states when `state` is given more than once."""
    rows = plans_query()
    if query.state:
        rows = rows.where(table.c.state.in_(query.state))
    by = [Order(table.c.created_at, descending=True), Order(table.c.plan_id, descending=True)]
    with call.reading() as connection:
        return page_of(connection, rows, by, query, show_row)


@plans.post("/plans", scope=Scope.PLAN, status=201, errors=(5201, 5202, 5207))
def propose_plan(call: Call, body: Proposal) -> ProposedPlan:
    """Plan what has landed.

    Nothing is burned before the plan is approved. One that all its policies let begin by
    themselves is approved at once: see `state`.
    """
    return propose(
        call.workspace,
        namespaces=body.namespaces,
        left_out=body.leave_out,
        capacity_bytes=body.capacity_bytes,
    )


@plans.post("/plan-previews", scope=Scope.PLAN, errors=(5201, 5202))
def preview_plan(call: Call, body: Proposal) -> ProposedPlan:
    """Show what a proposal would be, without making one: its `plan_id` is empty."""
    return preview(
        call.workspace,
        namespaces=body.namespaces,
        left_out=body.leave_out,
        capacity_bytes=body.capacity_bytes,
    )


@plans.get("/plans/{plan}", scope=Scope.READ, errors=(5205,))
def show_one_plan(call: Call, plan: Key) -> PlanDetail:
    """Show a plan without its volumes: by its id, its number, or `latest`."""
    with call.reading() as connection:
        return show_plan(connection, plan)


@plans.get("/plans/{plan}/volumes", scope=Scope.READ, errors=(5205, 5429))
def list_plan_volumes(call: Call, plan: Key, query: PageQuery) -> Page[PlannedVolume]:
    """List the volumes of a plan with their fill, where each copy goes, why, and where it is now.

    They stay as they were planned, also when the plan was rejected or replaced.
    """
    first = read_cursor(query.after, [int])[0] if query.after is not None else 0
    with call.reading() as connection:
        shown, more = plan_volumes(connection, plan, max(0, first), query.limit)
    return Page(shown, write_cursor([max(0, first) + query.limit]) if more else None)


@plans.post(
    "/plans/{plan}/approve", scope=Scope.APPROVE, errors=(5201, 5205, 5206, 5207, 5230, 5234, 5235)
)
def approve_plan(call: Call, plan: Key, body: Approval) -> Decided:
    """Let a plan begin. Doing it twice changes nothing.

    A plan that no longer fits the fleet is made again (5235): the new revision, which `detail`
    names, has to be looked at and approved.
    """
    plan_id = approve(call.workspace, plan, call.who, accept_problems=body.accept_problems)
    return Decided(plan_id, PlanState.APPROVED)


@plans.post("/plans/{plan}/reject", scope=Scope.APPROVE, errors=(5205, 5206, 5230))
def reject_plan(call: Call, plan: Key) -> Decided:
    """Give a plan up: its dossiers wait for another. Doing it twice changes nothing."""
    return Decided(reject(call.workspace, plan, call.who), PlanState.REJECTED)


@plans.post(
    "/plans/{plan}/change",
    scope=Scope.APPROVE,
    status=201,
    max_body_bytes=8 << 20,
    errors=(5201, 5202, 5205, 5206, 5207, 5230, 5231, 5232, 5233, 5236),
)
def change_plan(call: Call, plan: Key, body: PlanChange) -> ProposedPlan:
    """Change a proposed plan: a new revision takes its place, unless it would break a rule.

    Copies go to another appliance or stay where they are, dossiers are left out or taken in, discs
    of another capacity are planned for.
    """
    return change(call.workspace, _id_of(call, plan), body, call.who)


@plans.post(
    "/plans/{plan}/change/preview",
    scope=(Scope.APPROVE, Scope.PLAN),
    max_body_bytes=8 << 20,
    errors=(5201, 5202, 5205, 5206, 5230, 5231, 5232, 5233, 5236),
)
def preview_plan_change(call: Call, plan: Key, body: PlanChange) -> ProposedPlan:
    """Show what a change would make of a plan, without making it: its `plan_id` is empty."""
    return preview_change(call.workspace, _id_of(call, plan), body)


@plans.post(
    "/plans/{plan}/again",
    scope=Scope.PLAN,
    status=201,
    errors=(5201, 5202, 5205, 5206, 5207, 5230),
)
def make_plan_again(call: Call, plan: Key) -> ProposedPlan:
    """Make a proposed plan again, of the same dossiers, for the fleet as it is now."""
    return plan_again(call.workspace, _id_of(call, plan), call.who, [f"asked for by {call.who}"])


def _id_of(call: Call, name: str) -> str:
    with call.reading() as connection:
        return str(find_plan(connection, name).plan_id)
