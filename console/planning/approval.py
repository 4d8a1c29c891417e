"""Whether a plan may begin: what its policies say of it, and whether the fleet still fits it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.states import MediumKind
from console.dispatch.fleet import read_fleet
from console.dispatch.rulebook import Rulebook, open_rulebook
from console.planning.explanation import Explanation
from console.planning.record import leave_proposed
from console.planning.siting import NEVER, CopyToSite, find_sites
from console.rules.policy import Policy
from console.rules.problems import Problem, Severity
from console.store.schema import appliances, copies, volumes
from console.store.states import PlanState, VolumeState
from console.store.workspace import Workspace

_SHOWN = 5
"""Reasons that are named; more are counted."""


def approve_by_policy(
    workspace: Workspace, plan_id: str, policies: Sequence[Policy], explanation: Explanation
) -> PlanState:
    """Approve a new plan if every policy in it lets it begin by itself; gives its state.

    A plan that is not as it was asked for waits for a person, whatever its policies say.
    """
    by = may_begin(policies, explanation)
    if by:
        with workspace.store.begin() as connection:
            if mark_approved(connection, plan_id, by):
                return PlanState.APPROVED
    return PlanState.PROPOSED


def may_begin(policies: Sequence[Policy], explanation: Explanation) -> str:
    """Who approves a plan without a person: its policies' names; empty if nobody does."""
    media = sum(explanation.cost.media.values())
    rules = [policy.approval.value for policy in policies]
    if not rules or any(rule.by != "itself" or media > rule.discs_max for rule in rules):
        return ""
    wrong = any(problem.severity is not Severity.WARNS for problem in explanation.problems)
    nowhere = any(p.appliance is None or p.shares for v in explanation.volumes for p in v.places)
    if wrong or nowhere or explanation.too_large:
        return ""
    return "policy " + ", ".join(sorted(policy.policy_id for policy in policies))


def mark_approved(connection: sa.Connection, plan_id: str, by: str) -> bool:
    """Let a proposed plan begin; False when somebody else decided first."""
    if not leave_proposed(connection, plan_id, PlanState.APPROVED, by, datetime.now(UTC)):
        return False
    connection.execute(
        volumes.update()
        .where(volumes.c.plan_id == plan_id, volumes.c.state == VolumeState.PLANNED)
        .values(state=VolumeState.APPROVED)
    )
    return True


def misfits(connection: sa.Connection, plan_id: str) -> list[str]:
    """Why a proposed plan no longer fits the fleet, copy by copy; empty if it does.

    Asked is whether every copy could still go where the plan says. A copy for which there was no
    place when the plan was made finds one later, if its volume fits on any medium that is there.
    """
    query = (
        sa.select(
            copies.c.role,
            copies.c.medium_kind,
            copies.c.intended,
            volumes.c.volume_id,
            volumes.c.label,
            volumes.c.image_size_bytes,
            volumes.c.policy_id,
        )
        .join_from(copies, volumes, volumes.c.volume_id == copies.c.volume_id)
        .where(volumes.c.plan_id == plan_id)
        .order_by(volumes.c.label, copies.c.role)
    )
    rows = connection.execute(query).all()
    fleet = read_fleet(connection)
    rules = open_rulebook(connection, {row.policy_id for row in rows}, fleet)
    rows = [row for row in rows if row.policy_id in rules.policies]
    found = [
        f"the {row.role} copy of {row.label} is larger than every {row.medium_kind} there is"
        for row in rows
        if row.intended is None and _is_too_large(row.image_size_bytes, row.medium_kind, rules)
    ]
    return _shortened([*found, *_displaced([row for row in rows if row.intended], rules)])


def _displaced(rows: Sequence[Any], rules: Rulebook) -> list[str]:
    """Copies that can no longer go where they were meant to."""
    to_site = [
        CopyToSite(
            row.volume_id,
            row.role,
            row.image_size_bytes,
            MediumKind(row.medium_kind),
            rules.policies[row.policy_id],
        )
        for row in rows
    ]
    meant = {(row.volume_id, row.role): row.intended for row in rows}
    labels = {row.volume_id: row.label for row in rows}
    places = find_sites(to_site, rules, meant).places
    return [
        f"{meant[key]} cannot have the {place.role} copy of {labels[key[0]]}: "
        f"{why_not_there(place.reason, meant[key])}"
        for key, place in places.items()
        if place.appliance is None
    ]


def why_not_there(reason: str, appliance: str) -> str:
    """Of the reasons why a copy has no place, the one of the appliance that it is pinned to."""
    for part in reason.split("; "):
        names, _, why = part.partition(": ")
        if appliance in names.split(", "):
            return why
    return "it is not there any more" if "pinned to" in reason else reason


def _is_too_large(size_bytes: int, kind: str, rules: Rulebook) -> bool:
    """Whether there are media of the kind, and all of them are too small."""
    rooms = [
        room.free_bytes
        for name in rules.fleet.members
        for room in rules.fleet.rooms(name, MediumKind(kind), rules.assumed_bytes)
    ]
    return bool(rooms) and max(rooms) < size_bytes


def _shortened(reasons: list[str]) -> list[str]:
    if len(reasons) <= _SHOWN:
        return reasons
    return [*reasons[:_SHOWN], f"and {len(reasons) - _SHOWN} more"]


def blocking(connection: sa.Connection, problems: Sequence[Problem]) -> list[Problem]:
    """Problems for which a plan is not approved unless a person insists.

    While the console knows no appliance at all, nothing can be said of what the fleet lacks.
    """
    if connection.scalar(sa.select(appliances.c.appliance).limit(1)) is None:
        return []
    return [problem for problem in problems if problem.code in NEVER]
