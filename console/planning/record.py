"""Writing a proposal into the store: all of it, or nothing when something overtook it."""

from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.planning.explanation import Explanation, VolumeExplanation
from console.store.ids import new_id
from console.store.schema import copies, packages, plans, volume_packages, volumes
from console.store.states import CopyState, PackageState, PlanState, VolumeState


class CopyDraft(Struct, frozen=True):
    """One copy that a volume is to have."""

    role: str
    medium_kind: MediumKind
    print_label: bool


class Draft(Struct, frozen=True):
    """One volume that is worked out, and not yet in the store."""

    number: int
    plan_sha256: str
    package_ids: list[str]
    copies: list[CopyDraft]
    explanation: VolumeExplanation


def record_plan(store: sa.Engine, drafts: list[Draft], explanation: Explanation) -> str:
    """Write plan, volumes and copies, and close their packages; gives the plan's id.

    Raises:
        SteleError: 5207, another plan or ingest was faster.
    """
    try:
        with store.begin() as connection:
            plan_id = f"plan-{1 + (connection.scalar(_count(plans)) or 0)}"
            connection.execute(
                plans.insert(),
                {
                    "plan_id": plan_id,
                    "state": PlanState.PROPOSED,
                    "created_at": datetime.now(UTC),
                    "explanation": msgspec.to_builtins(explanation),
                },
            )
            for draft in drafts:
                _record_volume(connection, plan_id, draft)
    except sa.exc.IntegrityError as error:
        raise SteleError(5207, "another plan was made at the same time", str(error.orig)) from error
    return plan_id


def _count(table: sa.Table) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table)


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
        },
    )
    connection.execute(
        volume_packages.insert(),
        [{"volume_id": described.volume_id, "package_id": p} for p in draft.package_ids],
    )
    connection.execute(
        copies.insert(),
        [
            {
                "copy_id": new_id("c"),
                "volume_id": described.volume_id,
                "state": CopyState.PLANNED,
                **msgspec.structs.asdict(copy),
            }
            for copy in draft.copies
        ],
    )
    _close_packages(connection, draft)


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
