"""Writing a proposal into the store: all of it, or nothing when something overtook it."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.planning.explanation import CopyPlace, Explanation, VolumeExplanation
from console.rules.policy import Policy
from console.store.ids import new_id
from console.store.schema import copies, packages, plans, volume_packages, volumes
from console.store.states import CopyState, PackageState, PlanState, VolumeState

_ATTEMPTS = 5
"""Of writing a plan while others take the number that it was to have."""


class CopyDraft(Struct, frozen=True):
    """One copy that a volume is to have."""

    role: str
    medium_kind: MediumKind
    print_label: bool
    pool: str | None = None


class Draft(Struct, frozen=True):
    """One volume that is worked out, and not yet in the store."""

    number: int
    plan_sha256: str
    package_ids: list[str]
    copies: list[CopyDraft]
    explanation: VolumeExplanation
    policy: Policy
    kept: bool = False
    """It is a volume of the plan that this one replaces, as it was."""


class Replaced(Struct, frozen=True):
    """The plan that a revision takes the place of, and who wants that."""

    plan_id: str
    revision: int
    by: str


def record_plan(
    store: sa.Engine,
    drafts: list[Draft],
    explanation: Explanation,
    replaced: Replaced | None = None,
) -> tuple[str, list[str]]:
    """Write plan, volumes and copies, and close their packages.

    Gives the plan's id, and the volumes of the plan before that are no more.

    Raises:
        SteleError: 5207 another plan or ingest was faster; 5206, 5230 the plan before was decided,
            or replaced by somebody else.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with store.begin() as connection:
                return _record(connection, drafts, explanation, replaced)
        except sa.exc.IntegrityError as error:  # two plans took the same number
            if attempt + 1 == _ATTEMPTS:
                text = "another plan was made at the same time"
                raise SteleError(5207, text, str(error.orig)) from error
    raise AssertionError("every attempt returns or raises")


def _record(
    connection: sa.Connection,
    drafts: list[Draft],
    explanation: Explanation,
    replaced: Replaced | None,
) -> tuple[str, list[str]]:
    now = datetime.now(UTC)
    gone: list[str] = []
    if replaced is not None:
        if not leave_proposed(connection, replaced.plan_id, PlanState.REPLACED, replaced.by, now):
            raise overtaken(connection, replaced.plan_id)
        kept = {draft.explanation.volume_id for draft in drafts if draft.kept}
        gone = take_back(connection, replaced.plan_id, kept)
    plan_id = f"plan-{1 + (connection.scalar(_count(plans)) or 0)}"
    connection.execute(
        plans.insert(),
        {
            "plan_id": plan_id,
            "state": PlanState.PROPOSED,
            "created_at": now,
            "explanation": msgspec.to_builtins(explanation, str_keys=True),
            "revision": replaced.revision + 1 if replaced is not None else 1,
            "replaces": replaced.plan_id if replaced is not None else None,
        },
    )
    for draft in drafts:
        if draft.kept:
            _keep_volume(connection, plan_id, draft)
        else:
            _record_volume(connection, plan_id, draft)
    return plan_id, gone


def leave_proposed(
    connection: sa.Connection, plan_id: str, state: PlanState, by: str, now: datetime
) -> bool:
    """Decide a proposed plan; False when somebody else was faster."""
    result = connection.execute(
        plans.update()
        .where(plans.c.plan_id == plan_id, plans.c.state == PlanState.PROPOSED)
        .values(state=state, decided_at=now, decided_by=by)
    )
    return result.rowcount > 0


def overtaken(connection: sa.Connection, plan_id: str) -> SteleError:
    """Why a plan can no longer be decided or changed: 5206 or 5230."""
    row = connection.execute(sa.select(plans).where(plans.c.plan_id == plan_id)).one()
    if row.state == PlanState.REPLACED:
        newest = newest_revision(connection, plan_id)
        return SteleError(
            5230, f"{plan_id} was replaced by {newest.plan_id}, revision {newest.revision}"
        )
    decided = "approved" if row.state in (PlanState.APPROVED, PlanState.DONE) else row.state
    return SteleError(5206, f"{plan_id} was {decided} by {row.decided_by}")


def newest_revision(connection: sa.Connection, plan_id: str) -> sa.Row[Any]:
    """The last plan of those that replaced each other, beginning with this one."""
    row = connection.execute(sa.select(plans).where(plans.c.plan_id == plan_id)).one()
    while row.state == PlanState.REPLACED:
        later = connection.execute(sa.select(plans).where(plans.c.replaces == row.plan_id)).first()
        if later is None:
            break
        row = later
    return row


def take_back(connection: sa.Connection, plan_id: str, kept: Collection[str] = ()) -> list[str]:
    """Remove a plan's volumes but the kept ones; their packages wait again. Gives their ids."""
    ids = [
        volume_id
        for volume_id in connection.scalars(
            sa.select(volumes.c.volume_id).where(volumes.c.plan_id == plan_id)
        )
        if volume_id not in kept
    ]
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        inside = sa.select(volume_packages.c.package_id).where(
            volume_packages.c.volume_id.in_(some)
        )
        connection.execute(
            packages.update()
            .where(packages.c.package_id.in_(inside), packages.c.state == PackageState.PLANNED)
            .values(state=PackageState.LANDED)
        )
        for table in (copies, volume_packages, volumes):
            connection.execute(table.delete().where(table.c.volume_id.in_(some)))
    return ids


def _count(table: sa.Table) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table)


def _keep_volume(connection: sa.Connection, plan_id: str, draft: Draft) -> None:
    volume_id = draft.explanation.volume_id
    result = connection.execute(
        volumes.update()
        .where(volumes.c.volume_id == volume_id, volumes.c.state == VolumeState.PLANNED)
        .values(plan_id=plan_id)
    )
    if not result.rowcount:
        raise SteleError(5207, f"volume {draft.explanation.label} is no longer in the plan")
    for place in draft.explanation.places:
        connection.execute(
            copies.update()
            .where(copies.c.volume_id == volume_id, copies.c.role == place.role)
            .values(intended=place.appliance, expected_s=place.seconds or None)
        )


def _record_volume(connection: sa.Connection, plan_id: str, draft: Draft) -> None:
    described = draft.explanation
    connection.execute(
        volumes.insert(),
        {
            "volume_id": described.volume_id,
            "plan_id": plan_id,
            "fonds": described.fonds,
            "series": described.series,
            "number": draft.number,
            "label": described.label,
            "state": VolumeState.PLANNED,
            "copies_wanted": described.copies,
            "image_size_bytes": described.image_size_bytes,
            "payload_bytes": described.payload_bytes,
            "capacity_bytes": described.capacity_bytes,
            "files": described.files,
            "plan_sha256": draft.plan_sha256,
            "namespace": described.namespace,
            "policy_id": draft.policy.policy_id,
            "grouping": described.grouping,
        },
    )
    connection.execute(
        volume_packages.insert(),
        [{"volume_id": described.volume_id, "package_id": p} for p in draft.package_ids],
    )
    places = {place.role: place for place in described.places}
    connection.execute(
        copies.insert(),
        [_copy_row(described.volume_id, copy, places.get(copy.role)) for copy in draft.copies],
    )
    _close_packages(connection, draft)


def _copy_row(volume_id: str, copy: CopyDraft, place: CopyPlace | None) -> dict[str, object]:
    return {
        "copy_id": new_id("c"),
        "volume_id": volume_id,
        "state": CopyState.PLANNED,
        **msgspec.structs.asdict(copy),
        "intended": place.appliance if place is not None else None,
        "expected_s": place.seconds or None if place is not None else None,
    }


def _close_packages(connection: sa.Connection, draft: Draft) -> None:
    """A package that was reopened since it was read is not in the plan as it is now."""
    closed = 0
    for start in range(0, len(draft.package_ids), 500):
        some = draft.package_ids[start : start + 500]
        closed += connection.execute(
            packages.update()
            .where(packages.c.package_id.in_(some), packages.c.state == PackageState.LANDED)
            .values(state=PackageState.PLANNED)
        ).rowcount
    if closed != len(draft.package_ids):
        label = draft.explanation.label
        raise SteleError(5207, f"a package of volume {label} changed while the plan was made")
