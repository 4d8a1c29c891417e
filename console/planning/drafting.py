"""Working a plan out on one snapshot of the store: packing, labels, plan files; all unrecorded.

A plan that takes another's place keeps the volumes that come out as they were: their ids, labels
and plan files stay.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.volume.image import Image
from appliance.volume.plan import plan_sha256
from console.planner import reasons
from console.planner.grouping import Grouping
from console.planner.package import PackageSize
from console.planner.packing import PackedVolume, pack
from console.planner.reasons import Reason
from console.planning.capacity import (
    Blanks,
    CapacityChoice,
    choose_capacity,
    wished_capacity,
)
from console.planning.explanation import TooLarge, explain_too_large, explain_volume
from console.planning.record import CopyDraft, Draft
from console.planning.volume_plans import build_volume_plan, write_volume_plan
from console.rules.labels import make_label
from console.rules.policy import Policy
from console.store.ids import new_id
from console.store.schema import files, volume_packages, volumes
from console.store.workspace import Workspace

Progress = Callable[[int, int, str], None]
"""Gets volumes done, volumes in all, and the label of the last one."""

Waiting = Mapping[str, tuple[Policy, list[PackageSize]]]
"""What is to be planned, by policy id."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One volume as the planner packed it, and why so."""

    policy: Policy
    volume: PackedVolume
    reasons: Sequence[Reason]


@dataclass(slots=True)
class Drafting:
    """One plan while it is worked out. With `dry` no file is written."""

    workspace: Workspace
    connection: sa.Connection
    blanks: Blanks
    capacity_bytes: int | None = None
    replaces: str | None = None
    dry: bool = False
    too_large: list[TooLarge] = field(default_factory=list)
    lower_bound: int = 0
    groups: list[str] = field(default_factory=list)
    capacity: dict[str, CapacityChoice] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def drafts(self, waiting: Waiting, progress: Progress) -> Iterator[Draft]:
        """Every volume, worked out, with its plan file written."""
        packed: list[Packed] = []
        for policy_id in sorted(waiting):
            packed += self._pack(*waiting[policy_id])
        numbers = _last_numbers(self.connection, self.replaces)
        kept = _volumes_of(self.connection, self.replaces) if self.replaces else {}
        for count, one in enumerate(packed, 1):
            numbers[one.volume.fonds, one.volume.series] += 1
            number = numbers[one.volume.fonds, one.volume.series]
            draft = self._draft(one, number, kept)
            progress(count, len(packed), draft.explanation.label)
            yield draft

    def _pack(self, policy: Policy, waiting: list[PackageSize]) -> list[Packed]:
        if self.capacity_bytes is None:
            choice = choose_capacity(policy, self.blanks)
        else:
            choice = wished_capacity(self.capacity_bytes, self.blanks)
        self.capacity[policy.policy_id] = choice
        grouping = Grouping(policy.by_year.value, policy.by_retention.value)
        packing = pack(waiting, choice.sectors, grouping)
        self.lower_bound += packing.lower_bound
        for package in packing.too_large:
            largest = self.connection.scalar(
                sa.select(sa.func.max(files.c.size_bytes)).where(
                    files.c.package_id == package.package_id
                )
            )
            self.too_large.append(explain_too_large(package, choice, largest or 0))
        self.groups += [reasons.explain_group(group).words for group in packing.groups]
        return [
            Packed(policy, volume, reasons.explain_volume(packing, group, volume))
            for group in packing.groups
            for volume in group.volumes
        ]

    def _draft(self, one: Packed, number: int, kept: Mapping[object, Any]) -> Draft:
        policy, volume = one.policy, one.volume
        package_ids = [package.package_id for package in volume.packages]
        before = kept.get(_likeness(policy.policy_id, volume, number, package_ids))
        if before is not None:
            volume_id, label = before.volume_id, before.label
            image_size_bytes, digest = before.image_size_bytes, before.plan_sha256
        else:
            volume_id, label = new_id("v"), self._label(policy, volume, number)
            image_size_bytes, digest = self._work_out(policy, volume, volume_id, label)
        copies = copies_of(policy)
        kinds = [copy.medium_kind for copy in copies]
        return Draft(
            number,
            digest,
            package_ids,
            copies,
            explain_volume(volume, volume_id, label, image_size_bytes, kinds, reasons=one.reasons),
            policy,
            before is not None,
        )

    def _label(self, policy: Policy, volume: PackedVolume, number: int) -> str:
        return make_label(
            policy.label.value,
            volume.fonds,
            volume.series,
            self.now.year,
            number,
            records_year=volume.group.year,
            retention=volume.group.retention,
        )

    def _work_out(
        self, policy: Policy, volume: PackedVolume, volume_id: str, label: str
    ) -> tuple[int, str]:
        """The size of a new volume's image, and the digest of its plan, which is written."""
        plan = build_volume_plan(
            self.connection,
            volume,
            policy,
            volume_id=volume_id,
            label=label,
            organisation=self.workspace.config.archive.organisation,
            created_at=self.now,
        )
        image = Image(plan)
        if image.size_bytes > volume.capacity_bytes:
            message = f"volume {label} came out larger than its disc: {image.size_bytes} bytes"
            raise SteleError(5000, message, f"planned for {volume.sectors} sectors")
        if not self.dry:
            write_volume_plan(plan, self.workspace.plan_file(volume_id))
        return image.size_bytes, plan_sha256(plan)


def copies_of(policy: Policy) -> list[CopyDraft]:
    """The copies of each volume; labels are for discs."""
    prints = policy.print_labels.value
    return [
        CopyDraft(role, kind, prints and kind == "disc", policy.pool_of(role))
        for role in policy.copies.value
        for kind in (policy.medium_of(role),)
    ]


def _last_numbers(connection: sa.Connection, without: str | None) -> Counter[tuple[str, str]]:
    """The highest volume number of each series so far, but for the plan that is replaced."""
    query = sa.select(volumes.c.fonds, volumes.c.series, sa.func.max(volumes.c.number))
    if without is not None:
        query = query.where(volumes.c.plan_id != without)
    rows = connection.execute(query.group_by(volumes.c.fonds, volumes.c.series))
    return Counter({(row[0], row[1]): row[2] for row in rows})


def _volumes_of(connection: sa.Connection, plan_id: str) -> dict[object, Any]:
    """The volumes of a plan, by everything that makes one what it is."""
    rows = connection.execute(sa.select(volumes).where(volumes.c.plan_id == plan_id)).all()
    inside: dict[str, set[str]] = {row.volume_id: set() for row in rows}
    query = (
        sa.select(volume_packages)
        .join(volumes, volumes.c.volume_id == volume_packages.c.volume_id)
        .where(volumes.c.plan_id == plan_id)
    )
    for one in connection.execute(query):
        inside[one.volume_id].add(one.package_id)
    return {
        (
            row.policy_id,
            row.namespace,
            row.fonds,
            row.series,
            row.grouping,
            row.number,
            row.capacity_bytes,
            frozenset(inside[row.volume_id]),
        ): row
        for row in rows
    }


def _likeness(
    policy_id: str, volume: PackedVolume, number: int, package_ids: Collection[str]
) -> object:
    group = volume.group
    return (
        policy_id,
        group.namespace,
        group.fonds,
        group.series,
        group.shared,
        number,
        volume.capacity_bytes,
        frozenset(package_ids),
    )
