"""Proposing a plan: which dossiers go on which disc, and why; nothing is burned before approval."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from appliance.contract.messages import LibraryTelemetry
from appliance.contract.states import MediumKind
from appliance.volume.image import Image
from appliance.volume.plan import plan_sha256
from console.planner.packing import PackageSize, PackedVolume, lower_bound, pack
from console.planning.capacity import Blanks, CapacityChoice, blanks_of, choose_capacity
from console.planning.explanation import (
    Explanation,
    TooLarge,
    VolumeExplanation,
    explain_too_large,
    explain_volume,
    warnings_of,
)
from console.planning.record import CopyDraft, Draft, record_plan
from console.planning.volume_plans import build_volume_plan, write_volume_plan
from console.rules.labels import make_label
from console.rules.policy import Policy, policy_from_document
from console.store.engine import reading
from console.store.ids import new_id
from console.store.schema import appliances, files, packages, policies, volumes
from console.store.states import PackageState
from console.store.workspace import Workspace


class ProposedPlan(Struct, frozen=True):
    """A plan as it was proposed, with the reasons for every decision."""

    plan_id: str
    explanation: Explanation


Progress = Callable[[int, int, str], None]
"""Gets volumes done, volumes in all, and the label of the last one."""


def propose(workspace: Workspace, progress: Progress = lambda *_: None) -> ProposedPlan:
    """Plan everything that has landed.

    Dossiers that no disc can hold stay where they are and are named in the explanation.

    Raises:
        SteleError: 5202 nothing has landed; 5201 no disc holds any of it; 5207 packages changed
            meanwhile.
    """
    drafts: list[Draft] = []
    try:
        with reading(workspace.store).connect() as connection:
            proposal = _Proposal(workspace, connection)
            for draft in proposal.drafts(progress):
                drafts.append(draft)
            explanation = proposal.explanation([draft.explanation for draft in drafts])
        if not drafts:
            raise SteleError(5201, explanation.too_large[0].advice)
        return ProposedPlan(record_plan(workspace.store, drafts, explanation), explanation)
    except BaseException:
        for draft in drafts:
            workspace.plan_file(draft.explanation.volume_id).unlink(missing_ok=True)
        raise


class _Proposal:
    """One proposal, on one snapshot of the store."""

    def __init__(self, workspace: Workspace, connection: sa.Connection) -> None:
        self._workspace = workspace
        self._connection = connection
        self._blanks = _blanks(connection)
        self._too_large: list[TooLarge] = []
        self._lower_bound = 0
        self._capacity: dict[str, CapacityChoice] = {}
        self._numbers = _last_numbers(connection)
        self._now = datetime.now(UTC).replace(microsecond=0)

    def drafts(self, progress: Progress) -> Iterator[Draft]:
        """Every volume, worked out, with its plan file written."""
        packed: list[tuple[Policy, PackedVolume]] = []
        for policy, waiting in _landed(self._connection):
            packed += [(policy, volume) for volume in self._pack(policy, waiting)]
        for number, (policy, volume) in enumerate(packed, 1):
            draft = self._draft(policy, volume)
            progress(number, len(packed), draft.explanation.label)
            yield draft

    def explanation(self, described: list[VolumeExplanation]) -> Explanation:
        return Explanation(
            volumes=described,
            too_large=self._too_large,
            discs=sum(volume.discs for volume in described),
            lower_bound=self._lower_bound,
            blanks=self._blanks.count,
            capacity=[
                f"policy {policy_id}: {choice.source}"
                for policy_id, choice in self._capacity.items()
            ],
            warnings=warnings_of(described, self._blanks),
        )

    def _pack(self, policy: Policy, waiting: list[PackageSize]) -> list[PackedVolume]:
        choice = self._capacity[policy.policy_id] = choose_capacity(policy, self._blanks)
        packing = pack(waiting, choice.sectors)
        self._lower_bound += lower_bound(waiting, choice.sectors)
        for package in packing.too_large:
            largest = self._connection.scalar(
                sa.select(sa.func.max(files.c.size_bytes)).where(
                    files.c.package_id == package.package_id
                )
            )
            self._too_large.append(explain_too_large(package, choice, largest or 0))
        return packing.volumes

    def _draft(self, policy: Policy, volume: PackedVolume) -> Draft:
        volume_id = new_id("v")
        self._numbers[volume.fonds, volume.series] += 1
        number = self._numbers[volume.fonds, volume.series]
        label = make_label(policy.label.value, volume.fonds, volume.series, self._now.year, number)
        plan = build_volume_plan(
            self._connection,
            volume,
            policy,
            volume_id=volume_id,
            label=label,
            organisation=self._workspace.config.archive.organisation,
            created_at=self._now,
        )
        image = Image(plan)
        if image.size_bytes > volume.capacity_bytes:
            message = f"volume {label} came out larger than its disc: {image.size_bytes} bytes"
            raise SteleError(5000, message, f"planned for {volume.sectors} sectors")
        write_volume_plan(plan, self._workspace.plan_file(volume_id))
        copies = _copies(policy)
        return Draft(
            number,
            plan_sha256(plan),
            [package.package_id for package in volume.packages],
            copies,
            explain_volume(
                volume, volume_id, label, image.size_bytes, [copy.medium_kind for copy in copies]
            ),
        )


def _copies(policy: Policy) -> list[CopyDraft]:
    """The copies of each volume; labels are for discs."""
    prints = policy.print_labels.value
    kinds = [(role, policy.medium_of(role)) for role in policy.copies.value]
    return [CopyDraft(role, kind, prints and kind is MediumKind.DISC) for role, kind in kinds]


def _blanks(connection: sa.Connection) -> Blanks:
    """What the libraries last reported; a snapshot that cannot be read counts for nothing."""
    libraries = []
    for snapshot in connection.scalars(sa.select(appliances.c.library)):
        with contextlib.suppress(msgspec.ValidationError):
            libraries.append(msgspec.convert(snapshot, LibraryTelemetry))
    return blanks_of(libraries)


def _last_numbers(connection: sa.Connection) -> Counter[tuple[str, str]]:
    """The highest volume number of each series so far."""
    query = sa.select(volumes.c.fonds, volumes.c.series, sa.func.max(volumes.c.number))
    rows = connection.execute(query.group_by(volumes.c.fonds, volumes.c.series))
    return Counter({(row[0], row[1]): row[2] for row in rows})


def _landed(connection: sa.Connection) -> list[tuple[Policy, list[PackageSize]]]:
    """What waits for a plan, by policy: discs do not mix policies either."""
    by_policy: defaultdict[str, list[PackageSize]] = defaultdict(list)
    query = sa.select(packages).where(packages.c.state == PackageState.LANDED)
    for row in connection.execute(query):
        by_policy[row.policy_id].append(
            PackageSize(
                row.package_id,
                row.fonds,
                row.series,
                row.dossier,
                row.sectors,
                row.files,
                row.size_bytes,
            )
        )
    if not by_policy:
        raise SteleError(5202, "no package waits for a plan")
    documents = sa.select(policies.c.document)
    return [
        (
            policy_from_document(
                connection.execute(documents.where(policies.c.policy_id == policy_id)).scalar_one()
            ),
            by_policy[policy_id],
        )
        for policy_id in sorted(by_policy)
    ]
