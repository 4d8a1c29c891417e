"""Plans with places: seen before they run, changed, made again, decided once."""

import threading
from collections.abc import Callable

import msgspec
import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.planning.changes import CopyName, Move, PlanChange
from console.planning.decision import approve, reject
from console.planning.explanation import CopyPlace
from console.planning.listing import list_plans
from console.planning.proposal import ProposedPlan, preview, propose
from console.planning.revision import change, preview_change
from console.store.schema import copies, packages, plans, volume_packages, volumes
from tests.console.planning.conftest import MB, Archive


def code_of(work: Callable[[], object]) -> int:
    with pytest.raises(SteleError) as caught:
        work()
    return caught.value.code


def places(plan: ProposedPlan) -> dict[tuple[str, str], CopyPlace]:
    return {(v.label, p.role): p for v in plan.explanation.volumes for p in v.places}


def planned(archive: Archive) -> ProposedPlan:
    """Two volumes with a copy on each of two sites; three appliances."""
    archive.land({f"{n}/1": 3 * MB for n in range(4)})
    archive.keep_far()
    for name in ("north/a", "north/b", "south/c"):
        archive.appliance(name)
    return propose(archive.workspace)


def test_a_plan_says_where_each_copy_goes_and_what_it_costs(archive: Archive) -> None:
    plan = planned(archive)
    found = places(plan)
    assert {place.site for (_, role), place in found.items() if role == "use"} == {"north"} or {
        place.site for (_, role), place in found.items() if role == "off-site"
    } == {"north"}
    for volume in plan.explanation.volumes:
        assert len({place.site for place in volume.places}) == 2
        assert all(place.reason and place.ends_s >= place.seconds > 0 for place in volume.places)
    cost = plan.explanation.cost
    assert cost.media == {"disc": 4}
    assert cost.drive_hours == pytest.approx(sum(p.seconds for p in found.values()) / 3600)
    assert cost.hours == pytest.approx(max(p.ends_s for p in found.values()) / 3600)
    assert 0 < cost.hours_at_least <= cost.hours
    assert plan.explanation.problems == []
    kept = {(label, role): place.appliance for (label, role), place in found.items()}
    assert {(row[0], row[1]): row[2] for row in joined(archive)} == kept


def joined(archive: Archive) -> list[tuple[object, ...]]:
    with archive.workspace.store.connect() as connection:
        query = sa.select(volumes.c.label, copies.c.role, copies.c.intended, volumes.c.plan_id)
        query = query.join_from(volumes, copies, copies.c.volume_id == volumes.c.volume_id)
        return [tuple(row) for row in connection.execute(query)]


def test_a_preview_writes_nothing(archive: Archive) -> None:
    archive.land({"A/1": 10})
    archive.appliance("north/a")
    seen = preview(archive.workspace)
    assert (seen.plan_id, len(seen.explanation.volumes)) == ("", 1)
    assert archive.rows(plans.c.plan_id) == archive.rows(volumes.c.volume_id) == []
    assert not list((archive.workspace.data / "plans").glob("*"))
    assert archive.rows(packages.c.state) == [("landed",)]


def test_what_the_fleet_can_never_keep_is_told_and_not_approved_by_the_way(
    archive: Archive,
) -> None:
    archive.land({"A/1": 10})
    archive.keep_far()
    archive.appliance("north/a")
    plan = propose(archive.workspace)
    assert [problem.code for problem in plan.explanation.problems] == [5213]
    (lost,) = [p for p in places(plan).values() if p.appliance is None]
    assert "an appliance" in lost.advice
    assert code_of(lambda: approve(archive.workspace, plan.plan_id, "Ada")) == 5234
    assert approve(archive.workspace, plan.plan_id, "Ada", accept_problems=True) == plan.plan_id


def test_a_policy_approves_by_itself_up_to_its_limit(archive: Archive) -> None:
    archive.land({"A/1": 10})
    archive.keep_far("itself", 2)
    archive.appliance("north/a")
    archive.appliance("south/c")
    assert propose(archive.workspace).state == "approved"
    assert archive.rows(plans.c.decided_by) == [("policy far:1",)]
    archive.land({"B/1": 10})
    archive.keep_far("itself", 1, version=2)
    assert propose(archive.workspace).state == "proposed"


def test_a_policy_does_not_approve_what_is_not_as_it_asked(archive: Archive) -> None:
    archive.land({"A/1": 10})
    archive.keep_far("itself", 10)
    archive.appliance("north/a")
    assert propose(archive.workspace).state == "proposed"


def test_a_copy_is_moved_and_stays_there_when_planned_again(archive: Archive) -> None:
    plan = planned(archive)
    ((label, role), place) = next((key, p) for key, p in places(plan).items() if p.site == "north")
    other = "north/b" if place.appliance == "north/a" else "north/a"
    moved = change(
        archive.workspace, plan.plan_id, PlanChange(move=[Move(label, role, other)]), "Ada"
    )
    assert (moved.plan_id, moved.revision, moved.replaces) == ("plan-2", 2, "plan-1")
    assert places(moved)[label, role].appliance == other
    assert places(moved)[label, role].pinned
    assert [v.volume_id for v in moved.explanation.volumes] == [
        v.volume_id for v in plan.explanation.volumes
    ]
    assert moved.explanation.because == [f"changed: {role} of {label} to {other}"]
    assert archive.rows(plans.c.plan_id, plans.c.state) == [
        ("plan-1", "replaced"),
        ("plan-2", "proposed"),
    ]
    assert {row[3] for row in joined(archive)} == {"plan-2"}
    again = change(
        archive.workspace, moved.plan_id, PlanChange(pin=[CopyName(label, "use")]), "Ada"
    )
    assert places(again)[label, role].appliance == other
    free = change(
        archive.workspace, again.plan_id, PlanChange(unpin=[CopyName(label, role)]), "Ada"
    )
    assert not places(free)[label, role].pinned or role == "use"
    assert approve(archive.workspace, free.plan_id, "Ada") == "plan-4"


def test_a_move_that_breaks_a_rule_is_refused_with_its_number(archive: Archive) -> None:
    plan = planned(archive)
    archive.appliance("west/empty", blanks=0)
    (label, role), near = next((k, p) for k, p in places(plan).items() if p.site == "north")
    far_role = "use" if role == "off-site" else "off-site"

    def move(volume: str, which: str, to: str) -> int:
        order = PlanChange(move=[Move(volume, which, to)])
        return code_of(lambda: change(archive.workspace, plan.plan_id, order, "Ada"))

    assert near.appliance is not None
    both = [Move(label, role, "north/a"), Move(label, far_role, "north/b")]
    assert (
        code_of(lambda: change(archive.workspace, plan.plan_id, PlanChange(move=both), "Ada"))
        == 5233
    )
    assert move(label, role, "west/empty") == 5232
    assert move(label, role, "nowhere/x") == 5231
    assert move("no-such-volume", role, "north/a") == 5231
    assert move(label, "sealed", "north/a") == 5231
    nothing = PlanChange()
    assert code_of(lambda: change(archive.workspace, plan.plan_id, nothing, "Ada")) == 5236
    strange = PlanChange(leave_out=["pk-none"])
    assert code_of(lambda: change(archive.workspace, plan.plan_id, strange, "Ada")) == 5231
    assert archive.rows(plans.c.plan_id, plans.c.state) == [("plan-1", "proposed")]
    files = {v.volume_id for v in plan.explanation.volumes}
    assert {f.stem for f in (archive.workspace.data / "plans").iterdir()} == files


def test_a_dossier_is_left_out_and_taken_in_again(archive: Archive) -> None:
    plan = planned(archive)
    (one, *_) = [row[0] for row in archive.rows(packages.c.package_id)]
    less = change(archive.workspace, plan.plan_id, PlanChange(leave_out=[str(one)]), "Ada")
    states = dict(archive.rows(packages.c.package_id, packages.c.state))
    assert states[one] == "landed"
    assert [v.dossiers for v in less.explanation.volumes] == [2, 1]
    assert {v.label for v in less.explanation.volumes} == {"F1-S1-0001", "F1-S1-0002"}
    assert len(archive.rows(volume_packages.c.package_id)) == 3
    more = change(archive.workspace, less.plan_id, PlanChange(take_in=[str(one)]), "Ada")
    assert sum(v.dossiers for v in more.explanation.volumes) == 4
    every = PlanChange(leave_out=[str(row[0]) for row in archive.rows(packages.c.package_id)])
    assert code_of(lambda: change(archive.workspace, more.plan_id, every, "Ada")) == 5233
    there = {f.stem for f in (archive.workspace.data / "plans").iterdir()}
    assert there == {str(row[0]) for row in archive.rows(volumes.c.volume_id)}


def test_another_capacity_packs_anew_and_the_usual_one_comes_back(archive: Archive) -> None:
    plan = planned(archive)
    for name in ("north/a", "south/c"):
        archive.appliance(name, size_bytes=16 * MB)
    order = PlanChange(capacity_bytes=16 * MB)
    seen = preview_change(archive.workspace, plan.plan_id, order)
    assert [v.dossiers for v in seen.explanation.volumes] == [4]
    assert archive.rows(plans.c.plan_id, plans.c.state) == [("plan-1", "proposed")]
    large = change(archive.workspace, plan.plan_id, order, "Ada")
    assert [v.label for v in large.explanation.volumes] == ["F1-S1-0001"]
    assert {p.appliance for p in places(large).values()} == {"north/a", "south/c"}
    usual = change(archive.workspace, large.plan_id, PlanChange(usual_capacity=True), "Ada")
    assert usual.explanation.changes.capacity_bytes is None


def test_a_plan_that_no_longer_fits_is_made_again_and_not_silently_approved(
    archive: Archive,
) -> None:
    plan = planned(archive)
    used = {p.appliance for p in places(plan).values() if p.site == "north"}
    gone = sorted(str(name) for name in used)[0]
    archive.appliance(gone, online=False)
    with pytest.raises(SteleError) as caught:
        approve(archive.workspace, plan.plan_id, "Ada")
    assert caught.value.code == 5235
    assert "it is offline" in caught.value.message
    assert "plan-2" in caught.value.message
    assert archive.rows(plans.c.plan_id, plans.c.state, plans.c.revision) == [
        ("plan-1", "replaced", 1),
        ("plan-2", "proposed", 2),
    ]
    assert gone not in {row[2] for row in joined(archive)}
    assert {state for (state,) in archive.rows(volumes.c.state)} == {"planned"}
    assert code_of(lambda: approve(archive.workspace, "plan-1", "Ada")) == 5230
    assert approve(archive.workspace, "plan-2", "Ada") == "plan-2"


def test_blanks_that_are_gone_are_noticed_at_approval(archive: Archive) -> None:
    plan = planned(archive)
    archive.appliance("south/c", blanks=1)
    assert code_of(lambda: approve(archive.workspace, plan.plan_id, "Ada")) == 5235
    with archive.workspace.store.connect() as connection:
        newest = list_plans(connection)[0]
        document = connection.scalar(
            sa.select(plans.c.explanation).where(plans.c.plan_id == newest.plan_id)
        )
    assert (newest.revision, newest.replaces) == (2, "plan-1")
    assert any("without a place" in line for line in document["warnings"])
    assert "south/c cannot have" in document["because"][0]


def test_discs_that_turn_out_smaller_make_the_plan_again(archive: Archive) -> None:
    archive.land({"A/1": 6 * MB})
    archive.keep_far()
    plan = propose(archive.workspace)
    archive.appliance("north/a", size_bytes=4 * MB)
    archive.appliance("south/c", size_bytes=4 * MB)
    assert code_of(lambda: approve(archive.workspace, plan.plan_id, "Ada")) == 5201


def test_a_pin_that_cannot_hold_any_more_is_given_up_and_told(archive: Archive) -> None:
    plan = planned(archive)
    (label, role), _ = next((k, p) for k, p in places(plan).items() if p.site == "north")
    moved = change(
        archive.workspace, plan.plan_id, PlanChange(move=[Move(label, role, "north/b")]), "Ada"
    )
    archive.appliance("north/b", online=False)
    assert code_of(lambda: approve(archive.workspace, moved.plan_id, "Ada")) == 5235
    with archive.workspace.store.connect() as connection:
        document = connection.scalar(
            sa.select(plans.c.explanation).where(plans.c.plan_id == "plan-3")
        )
    assert document["changes"]["pins"] == []
    assert any("cannot hold" in line for line in document["because"])
    assert places(msgspec.convert({"plan_id": "x", "explanation": document}, ProposedPlan))


def test_what_is_decided_cannot_be_changed(archive: Archive) -> None:
    plan = planned(archive)
    order = PlanChange(capacity_bytes=16 * MB)
    approve(archive.workspace, plan.plan_id, "Ada")
    assert code_of(lambda: change(archive.workspace, plan.plan_id, order, "Bob")) == 5206
    assert code_of(lambda: reject(archive.workspace, plan.plan_id, "Bob")) == 5206
    assert code_of(lambda: change(archive.workspace, "plan-9", order, "Bob")) == 5205


@pytest.mark.parametrize("seed", range(4))
def test_of_people_who_decide_at_once_one_is_first(archive: Archive, seed: int) -> None:
    plan = planned(archive)
    label = plan.explanation.volumes[0].label
    workspace, name = archive.workspace, plan.plan_id
    order = PlanChange(pin=[CopyName(label, "use")])
    deeds: list[Callable[[], object]] = [
        lambda: approve(workspace, name, "Ada"),
        lambda: reject(workspace, name, "Bob"),
        lambda: change(workspace, name, order, "Cy"),
        lambda: change(workspace, name, order, "Di"),
    ]
    deeds = deeds[seed:] + deeds[:seed]
    outcomes: list[object] = []
    begin = threading.Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> None:
        begin.wait()
        try:
            outcomes.append(deed())
        except SteleError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [each for each in outcomes if isinstance(each, int)]
    assert len(refused) == 3
    assert set(refused) <= {5206, 5230}
    states = [state for _, state in archive.rows(plans.c.plan_id, plans.c.state)]
    assert states in (["approved"], ["rejected"], ["replaced", "proposed"])
    owners = {"approved": {"plan-1"}, "rejected": set(), "replaced": {"plan-2"}}[str(states[0])]
    assert {row[3] for row in joined(archive)} == owners
    there = {f.stem for f in (workspace.data / "plans").iterdir()}
    assert there == {str(row[0]) for row in archive.rows(volumes.c.volume_id)}
