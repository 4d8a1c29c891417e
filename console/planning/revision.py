"""Another revision of a proposed plan: as a person wants it changed, or as the fleet is by now.

A revision takes the place of the plan before it, in one transaction: of two people who change,
approve or reject a plan at once, one is first, and the other is told.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.planning.approval import why_not_there
from console.planning.changes import Changes, CopyName, Pin, PlanChange
from console.planning.explanation import CopyPlace, Explanation
from console.planning.proposal import MadePlan, Making, ProposedPlan
from console.planning.record import Replaced, overtaken
from console.planning.waiting import of_plan, these
from console.store.engine import reading
from console.store.schema import appliances, packages, plans
from console.store.states import PlanState
from console.store.workspace import Workspace

_NO_ORDER = PlanChange()
_PARTED = ("on the site of", "holds the copy")


def change(workspace: Workspace, plan_id: str, order: PlanChange, by: str) -> ProposedPlan:
    """A new revision of a proposed plan, in which what `order` names is different.

    Raises:
        SteleError: 5206 it was decided; 5230 it was replaced; 5231 the order names what is not in
            it; 5232 an appliance cannot have a copy; 5233 a rule of the policy is broken; 5236 the
            order asks for nothing; 5201, 5202, 5207 as with a proposal.
    """
    return _change(workspace, plan_id, order, by, dry=False)


def preview_change(workspace: Workspace, plan_id: str, order: PlanChange) -> ProposedPlan:
    """What `change` would make; nothing is written. The errors are the same."""
    return _change(workspace, plan_id, order, "", dry=True)


def plan_again(workspace: Workspace, plan_id: str, by: str, because: Sequence[str]) -> ProposedPlan:
    """The same dossiers, planned for the fleet as it is now. Pins that cannot hold are given up.

    Raises:
        SteleError: 5206 it was decided; 5230 it was replaced; 5201, 5207 as with a proposal.
    """
    with reading(workspace.store).connect() as connection:
        before = _Before(connection, plan_id)
        made = before.making(workspace, connection, before.changes, because)
        plan = made.plan()
        if lost := _without_place(plan):
            made.forget(plan.drafts)
            pins = [pin for pin in before.changes.pins if (pin.volume_id, pin.role) not in lost]
            changes = msgspec.structs.replace(before.changes, pins=pins)
            gone = [f"the pin of {role} of volume {volume}" for volume, role in sorted(lost)]
            why = [*because, *(f"{each} cannot hold" for each in gone)]
            made = before.making(workspace, connection, changes, why)
            plan = made.plan()
    return made.record(plan, before.replaced(by))


def _change(
    workspace: Workspace, plan_id: str, order: PlanChange, by: str, *, dry: bool
) -> ProposedPlan:
    order.check()
    with reading(workspace.store).connect() as connection:
        before = _Before(connection, plan_id)
        changes = before.changed(connection, order)
        made = before.making(workspace, connection, changes, [_words(order)], order, dry=dry)
        plan = made.plan()
        try:
            before.compare(plan, changes)
        except SteleError:
            made.forget(plan.drafts)
            raise
    if dry:
        replaced = before.replaced(by)
        return ProposedPlan("", plan.explanation, revision=replaced.revision + 1, replaces=plan_id)
    return made.record(plan, before.replaced(by))


def _without_place(plan: MadePlan) -> set[tuple[str, str]]:
    """Pinned copies that could not go where they are pinned to."""
    return {key for key, p in plan.sited.places.items() if p.pinned and p.appliance is None}


class _Before:
    """The plan that is to be replaced, as it was read. Raises 5206, 5230 when it is not open."""

    def __init__(self, connection: sa.Connection, plan_id: str) -> None:
        row: Any = connection.execute(sa.select(plans).where(plans.c.plan_id == plan_id)).first()
        if row is None:
            raise SteleError(5205, f"there is no plan {plan_id[:64]!r}")
        if row.state != PlanState.PROPOSED:
            raise overtaken(connection, plan_id)
        self._row = row
        self._explanation = msgspec.convert(row.explanation, Explanation)
        self._packages = of_plan(connection, plan_id)
        self.changes = self._explanation.changes

    def replaced(self, by: str) -> Replaced:
        return Replaced(self._row.plan_id, self._row.revision, by)

    def making(
        self,
        workspace: Workspace,
        connection: sa.Connection,
        changes: Changes,
        because: Sequence[str],
        order: PlanChange = _NO_ORDER,
        *,
        dry: bool = False,
    ) -> Making:
        """The same dossiers, but for those left out; with them those that were too large."""
        left_out = set(changes.left_out)
        waiting = {package.package_id for package in self._explanation.too_large}
        waiting = (waiting | set(order.take_in)) - left_out
        planned = [each for each in self._packages if each not in left_out]
        chosen = these(connection, planned, sorted(waiting - set(planned)))
        if not chosen:
            raise SteleError(5233, "no dossier is left in the plan: reject it instead")
        return Making(
            workspace,
            connection,
            chosen,
            changes,
            replaces=self._row.plan_id,
            because=because,
            dry=dry,
        )

    def changed(self, connection: sa.Connection, order: PlanChange) -> Changes:
        """What is asked of the plan from now on."""
        pins = dict(self.changes.pinned())
        for name in order.unpin:
            pins.pop(self._key(name), None)
        for name in order.pin:
            key = self._key(name)
            appliance = self._places()[key].appliance
            if appliance is None:
                text = f"the {name.role} copy of {name.volume} has no appliance to stay in"
                raise SteleError(5231, text)
            pins[key] = appliance
        for move in order.move:
            known = sa.select(appliances.c.appliance).where(
                appliances.c.appliance == move.appliance
            )
            if connection.scalar(known) is None:
                raise SteleError(5231, f"no appliance {move.appliance!r} has reported")
            pins[self._key(move)] = move.appliance
        capacity = order.capacity_bytes or self.changes.capacity_bytes
        return Changes(
            [Pin(volume, role, appliance) for (volume, role), appliance in sorted(pins.items())],
            self._left_out(connection, order),
            None if order.usual_capacity else capacity,
        )

    def _left_out(self, connection: sa.Connection, order: PlanChange) -> list[str]:
        inside = set(self._packages)
        if strange := set(order.leave_out) - inside:
            raise SteleError(5231, f"dossier {min(strange)!r} is not in {self._row.plan_id}")
        known: set[str] = set()
        for start in range(0, len(order.take_in), 500):
            some = packages.c.package_id.in_(order.take_in[start : start + 500])
            known.update(connection.scalars(sa.select(packages.c.package_id).where(some)))
        if strange := set(order.take_in) - known:
            raise SteleError(5231, f"there is no dossier {min(strange)!r}")
        left = set(self.changes.left_out) | set(order.leave_out)
        return sorted(left - set(order.take_in))

    def _places(self) -> Mapping[tuple[str, str], CopyPlace]:
        return {(v.volume_id, p.role): p for v in self._explanation.volumes for p in v.places}

    def _key(self, name: CopyName) -> tuple[str, str]:
        for volume in self._explanation.volumes:
            if name.volume in (volume.volume_id, volume.label):
                if any(place.role == name.role for place in volume.places):
                    return volume.volume_id, name.role
                raise SteleError(5231, f"volume {name.volume} has no copy {name.role!r}")
        raise SteleError(5231, f"no volume {name.volume!r} is in {self._row.plan_id}")

    def compare(self, plan: MadePlan, changes: Changes) -> None:
        """Refuse a change that breaks what the plan before it kept to."""
        there = {volume.volume_id for volume in plan.explanation.volumes}
        for pin in changes.pins:
            if pin.volume_id not in there:
                text = f"volume {pin.volume_id} is packed anew by this change: move its copies then"
                raise SteleError(5231, text)
        for (volume_id, role), place in plan.sited.places.items():
            if place.appliance is None and place.pinned:
                appliance = changes.pinned()[volume_id, role]
                why = why_not_there(place.reason, appliance)
                code = 5233 if why.startswith(_PARTED) else 5232
                raise SteleError(code, f"{appliance} cannot have the {role} copy: {why}")
        self._compare_places(plan)

    def _compare_places(self, plan: MadePlan) -> None:
        """No copy loses its place, and no two come together, for the sake of another."""
        before = self._places()
        for key, place in plan.sited.places.items():
            was = before.get(key)
            if was is None or was.appliance is None:
                continue
            if place.appliance is None:
                text = f"the {place.role} copy would be without a place: {place.reason}"
                raise SteleError(5233, text)
            if place.shares and not was.shares:
                text = f"{place.appliance} would have two copies of volume {key[0]}"
                raise SteleError(5233, text)


def _words(order: PlanChange) -> str:
    """What was asked for, in one line."""
    parts = [f"{move.role} of {move.volume} to {move.appliance}" for move in order.move[:3]]
    parts += [f"and {len(order.move) - 3} more moves"] if len(order.move) > 3 else []
    for names, what in (
        (order.pin, "copies pinned"),
        (order.unpin, "copies unpinned"),
        (order.leave_out, "dossiers left out"),
        (order.take_in, "dossiers taken in"),
    ):
        parts += [f"{what}: {len(names)}"] if names else []
    if order.capacity_bytes is not None:
        parts.append(f"discs of {order.capacity_bytes} bytes")
    if order.usual_capacity:
        parts.append("the usual discs")
    return "changed: " + ", ".join(parts)
