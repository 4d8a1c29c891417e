"""Proposing a plan: which dossiers go on which disc, where each copy goes, and why.

Nothing is burned before approval.
"""

from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.dispatch.fleet import read_fleet
from console.dispatch.rulebook import Rulebook, open_rulebook
from console.planning.approval import approve_by_policy
from console.planning.changes import Changes
from console.planning.drafting import Drafting, Progress, Waiting
from console.planning.explanation import Explanation, VolumeExplanation, warnings_of
from console.planning.record import Draft, Replaced, record_plan
from console.planning.siting import CopyToSite, Sited, find_sites, worth_telling
from console.planning.waiting import blanks_there, landed
from console.rules.policy import Policy
from console.store.engine import reading
from console.store.states import PlanState
from console.store.workspace import Workspace


class ProposedPlan(Struct, frozen=True):
    """A plan as it was proposed, with the reasons for every decision. A preview has no id."""

    plan_id: str
    explanation: Explanation
    state: str = PlanState.PROPOSED
    revision: int = 1
    replaces: str | None = None


def propose(
    workspace: Workspace,
    progress: Progress = lambda *_: None,
    *,
    namespaces: Collection[str] | None = None,
    left_out: Sequence[str] = (),
    capacity_bytes: int | None = None,
) -> ProposedPlan:
    """Plan everything that has landed, or what of it is in these namespaces.

    Dossiers that no disc can hold stay where they are and are named in the explanation. A plan
    that its policies let begin by themselves is approved.

    Raises:
        SteleError: 5202 nothing has landed; 5201 no disc holds any of it; 5207 packages changed
            meanwhile.
    """
    changes = Changes([], sorted(set(left_out)), capacity_bytes)
    with reading(workspace.store).connect() as connection:
        waiting = landed(connection, namespaces, left_out)
        made = Making(workspace, connection, waiting, changes)
        plan = made.plan(progress)
    proposed = made.record(plan, None)
    state = approve_by_policy(workspace, proposed.plan_id, plan.policies, plan.explanation)
    return msgspec.structs.replace(proposed, state=state)


def preview(
    workspace: Workspace,
    *,
    namespaces: Collection[str] | None = None,
    left_out: Sequence[str] = (),
    capacity_bytes: int | None = None,
) -> ProposedPlan:
    """What `propose` would propose now; nothing is written.

    Raises:
        SteleError: 5202 nothing has landed; 5201 no disc holds any of it.
    """
    changes = Changes([], sorted(set(left_out)), capacity_bytes)
    with reading(workspace.store).connect() as connection:
        waiting = landed(connection, namespaces, left_out)
        plan = Making(workspace, connection, waiting, changes, dry=True).plan()
    return ProposedPlan("", plan.explanation)


class MadePlan(Struct, frozen=True):
    """A plan that is worked out and not yet in the store."""

    drafts: list[Draft]
    explanation: Explanation
    sited: Sited

    @property
    def policies(self) -> list[Policy]:
        return list({draft.policy.policy_id: draft.policy for draft in self.drafts}.values())


class Making:
    """One plan, made on one snapshot of the store. `replaces` is the plan whose place it takes."""

    def __init__(
        self,
        workspace: Workspace,
        connection: sa.Connection,
        waiting: Waiting,
        changes: Changes,
        *,
        replaces: str | None = None,
        because: Sequence[str] = (),
        dry: bool = False,
    ) -> None:
        self._workspace = workspace
        self._connection = connection
        self._waiting = waiting
        self._changes = changes
        self._because = list(because)
        blanks = blanks_there(connection)
        self._drafting = Drafting(
            workspace, connection, blanks, changes.capacity_bytes, replaces, dry
        )

    def plan(self, progress: Progress = lambda *_: None) -> MadePlan:
        """Pack, label, place; the plan files of new volumes are written, unless it fails.

        Raises:
            SteleError: 5202 there is nothing to plan; 5201 no disc holds any of it.
        """
        if not self._waiting:
            raise SteleError(5202, "no package waits for a plan")
        drafts: list[Draft] = []
        try:
            for draft in self._drafting.drafts(self._waiting, progress):
                drafts.append(draft)
            if not drafts:
                raise SteleError(5201, self._drafting.too_large[0].advice)
            return self._sited(drafts)
        except BaseException:
            self.forget(drafts)
            raise

    def record(self, plan: MadePlan, replaced: Replaced | None) -> ProposedPlan:
        """Write the plan into the store; its files go again when that fails."""
        try:
            plan_id, gone = record_plan(
                self._workspace.store, plan.drafts, plan.explanation, replaced
            )
        except BaseException:
            self.forget(plan.drafts)
            raise
        for volume_id in gone:
            self._workspace.plan_file(volume_id).unlink(missing_ok=True)
        if replaced is None:
            return ProposedPlan(plan_id, plan.explanation)
        return ProposedPlan(
            plan_id,
            plan.explanation,
            revision=replaced.revision + 1,
            replaces=replaced.plan_id,
        )

    def forget(self, drafts: list[Draft]) -> None:
        """Delete the files of volumes that will not be."""
        for draft in drafts:
            if not draft.kept and not self._drafting.dry:
                self._workspace.plan_file(draft.explanation.volume_id).unlink(missing_ok=True)

    def _sited(self, drafts: list[Draft]) -> MadePlan:
        fleet = read_fleet(self._connection)
        policies = {draft.policy.policy_id for draft in drafts}
        rules: Rulebook = open_rulebook(self._connection, policies, fleet)
        there = {draft.explanation.volume_id for draft in drafts}
        pins = {
            key: appliance for key, appliance in self._changes.pinned().items() if key[0] in there
        }
        sited = find_sites([copy for draft in drafts for copy in _to_site(draft)], rules, pins)
        drafts = [_with_places(draft, sited) for draft in drafts]
        return MadePlan(drafts, self._explanation(drafts, sited), sited)

    def _explanation(self, drafts: list[Draft], sited: Sited) -> Explanation:
        drafting = self._drafting
        described = [draft.explanation for draft in drafts]
        there = {volume.volume_id for volume in described}
        return Explanation(
            volumes=described,
            too_large=drafting.too_large,
            discs=sum(volume.discs for volume in described),
            lower_bound=drafting.lower_bound,
            blanks=drafting.blanks.count,
            capacity=[
                f"policy {policy_id}: {choice.source}"
                for policy_id, choice in drafting.capacity.items()
            ],
            warnings=[
                *warnings_of(described, drafting.blanks),
                *worth_telling(sited.problems),
                *_about_places(described),
                *(
                    f"a pin is gone: volume {pin.volume_id} is packed anew"
                    for pin in self._changes.pins
                    if pin.volume_id not in there
                ),
            ],
            problems=sited.problems,
            groups=drafting.groups,
            cost=sited.cost,
            changes=msgspec.structs.replace(
                self._changes, pins=[pin for pin in self._changes.pins if pin.volume_id in there]
            ),
            because=self._because,
        )


def _to_site(draft: Draft) -> list[CopyToSite]:
    volume = draft.explanation
    return [
        CopyToSite(
            volume.volume_id, copy.role, volume.image_size_bytes, copy.medium_kind, draft.policy
        )
        for copy in draft.copies
    ]


def _with_places(draft: Draft, sited: Sited) -> Draft:
    volume = draft.explanation
    places = [sited.places[volume.volume_id, copy.role] for copy in draft.copies]
    described = msgspec.structs.replace(volume, places=places)
    return msgspec.structs.replace(draft, explanation=described)


def _about_places(volumes: Sequence[VolumeExplanation]) -> list[str]:
    """Copies without a place and copies side by side, counted, with one of each as an example."""
    nowhere = [(v, p) for v in volumes for p in v.places if p.appliance is None]
    shared = [(v, p) for v in volumes for p in v.places if p.shares]
    lines: list[str] = []
    if nowhere:
        volume, place = nowhere[0]
        lines.append(
            f"copies without a place yet: {len(nowhere)}, such as {place.role} of "
            f"{volume.label}: {place.reason}; what would help: {place.advice}"
        )
    if shared:
        volume, place = shared[0]
        lines.append(
            f"copies in one appliance with another of the same volume: {len(shared)}, such as "
            f"{place.role} of {volume.label} in {place.appliance}"
        )
    return lines
