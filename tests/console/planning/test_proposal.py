"""Proposals: plan files that agree with the store, refusals that help, and decisions."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import DriveView, LibraryTelemetry, RobotView, SlotView
from appliance.contract.states import DriveState, MediumState, RobotState, SlotState
from appliance.volume.image import Image
from appliance.volume.plan import decode_plan, plan_sha256
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.planning import drafting
from console.planning.capacity import Blanks, blanks_of, choose_capacity
from console.planning.decision import approve, reject
from console.planning.listing import list_plans
from console.planning.proposal import propose
from console.rules.policy_text import default_policy
from console.store.schema import (
    appliances,
    copies,
    packages,
    plans,
    volume_packages,
    volumes,
)
from console.store.workspace import Workspace, open_workspace

MB = 1_000_000


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = open_workspace(tmp_path / "data")
    yield opened
    opened.close()


def land(workspace: Workspace, tmp_path: Path, sizes: dict[str, int], series: str = "S1") -> None:
    source = tmp_path / f"source-{series}"
    for name, size in sizes.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(hashlib.shake_128(name.encode()).digest(size))
    ingest(workspace, IngestOrder(source, "F1", series))


def report_blanks(workspace: Workspace, *capacities: int | None) -> None:
    """An appliance reports blank discs of these capacities."""
    now = datetime.now(UTC)
    slots = [
        SlotView(f"s{n:03}", SlotState.FULL, f"m{n}", MediumState.BLANK, capacity_bytes=size)
        for n, size in enumerate(capacities, 1)
    ]
    full = SlotView("s900", SlotState.FULL, "m900", MediumState.VERIFIED, capacity_bytes=10**12)
    drives = [DriveView(f"d{n}", DriveState.EMPTY) for n in range(1, 5)]
    library = LibraryTelemetry(now, [*slots, full], drives, [RobotView(RobotState.IDLE)])
    row = {"appliance": "north/rack-1", "site": "north", "name": "rack-1", "library_at": now}
    with workspace.store.begin() as connection:
        connection.execute(
            appliances.insert(), {**row, "library": msgspec.to_builtins(library), "online": True}
        )


def rows(workspace: Workspace, *columns: Any) -> list[tuple[Any, ...]]:
    with workspace.store.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(*columns)))


def test_the_plan_file_holds_what_the_store_says(workspace: Workspace, tmp_path: Path) -> None:
    land(workspace, tmp_path, {"A/1": 5_000, "A/deep/2": 10, "B/3": 0, "loose": 7})
    (tmp_path / "source-S1" / "C").mkdir()
    land(workspace, tmp_path, {})
    proposed = propose(workspace)
    (described,) = proposed.explanation.volumes
    with workspace.plan_file(described.volume_id).open("rb") as file:
        plan = decode_plan(file)
    assert [f.path for f in plan.files] == ["A/1", "A/deep/2", "B/3", "source-S1/loose"]
    assert {f.path for f in plan.folders} >= {"A", "A/deep", "B", "C", "source-S1"}
    assert [d.title for d in plan.identity.dossiers] == ["A", "B", "C", "source-S1/*"]
    (row,) = rows(workspace, volumes.c.plan_sha256, volumes.c.image_size_bytes, volumes.c.files)
    assert row == (plan_sha256(plan), Image(plan).size_bytes, 4)
    assert plan.identity.label == "F1-S1-0001"


def test_series_go_on_discs_of_their_own_and_each_copy_too(
    workspace: Workspace, tmp_path: Path
) -> None:
    land(workspace, tmp_path, {"A/1": 10}, "S1")
    land(workspace, tmp_path, {"A/1": 10}, "S2")
    explanation = propose(workspace).explanation
    assert [(v.series, v.dossiers, v.copies) for v in explanation.volumes] == [
        ("S1", 1, 2),
        ("S2", 1, 2),
    ]
    assert (explanation.discs, explanation.lower_bound) == (4, 2)
    assert explanation.warnings[0] == "the plan takes 4 blank discs, and the fleet reports 0"
    assert {problem.code for problem in explanation.problems} == {5210}
    assert "bring in an appliance with disc drives" in explanation.warnings[1]
    assert rows(workspace, copies.c.role) == [("sealed",), ("sealed",), ("use",), ("use",)]
    assert {state for (state,) in rows(workspace, packages.c.state)} == {"planned"}


def test_dossiers_are_spread_over_discs_of_the_reported_size(
    workspace: Workspace, tmp_path: Path
) -> None:
    land(workspace, tmp_path, {f"{n}/1": 2 * MB for n in range(6)})
    report_blanks(workspace, *[8 * MB] * 12)
    explanation = propose(workspace).explanation
    assert [v.dossiers for v in explanation.volumes] == [3, 3]
    assert all(
        v.image_size_bytes <= v.capacity_bytes == 8 * MB // 2_048 * 2_048
        for v in explanation.volumes
    )
    assert explanation.problems == []
    (warning,) = explanation.warnings
    assert warning.startswith("copies in one appliance with another of the same volume: 4")
    assert [v.label for v in explanation.volumes] == ["F1-S1-0001", "F1-S1-0002"]


def test_a_dossier_larger_than_the_largest_disc_is_named_with_what_would_help(
    workspace: Workspace, tmp_path: Path
) -> None:
    land(workspace, tmp_path, {"A/1": 3 * MB, "A/2": 6 * MB, "B/1": 9 * MB, "C/1": 10})
    report_blanks(workspace, *[8 * MB] * 4)
    explanation = propose(workspace).explanation
    assert [v.dossiers for v in explanation.volumes] == [1]
    several, single = explanation.too_large
    assert (several.dossier, several.code) == ("A", 5201)
    assert several.needs_bytes > 9 * MB > several.room_bytes
    assert f"needs {several.needs_bytes} bytes" in several.advice
    assert f"has room for {several.room_bytes}" in several.advice
    assert "split it into at least 2 dossiers" in several.advice
    assert f"its largest file has {9 * MB} bytes" in single.advice
    assert "split" not in single.advice
    states = dict(rows(workspace, packages.c.dossier, packages.c.state))
    assert states == {"A": "landed", "B": "landed", "C": "planned"}


def test_a_disc_as_large_as_the_advice_says_is_large_enough(
    workspace: Workspace, tmp_path: Path
) -> None:
    land(workspace, tmp_path, {"A/1": 9 * MB})
    report_blanks(workspace, *[8 * MB] * 4)
    with pytest.raises(SteleError) as caught:
        propose(workspace)
    assert caught.value.code == 5201
    advised = int(caught.value.message.rpartition("at least ")[2].split()[0])
    with workspace.store.begin() as connection:
        connection.execute(appliances.delete())
    report_blanks(workspace, *[advised] * 2)
    assert len(propose(workspace).explanation.volumes) == 1


def test_a_large_dossier_goes_on_the_larger_disc_when_there_is_one_for_every_copy() -> None:
    policy = default_policy()
    blanks = Blanks({8 * MB: 10, 16 * MB: 2, 32 * MB: 1}, 0)
    choice = choose_capacity(policy, blanks)
    assert (choice.usual_bytes, choice.largest_bytes) == (8 * MB, 16 * MB)


def test_without_a_reported_disc_the_policy_decides_with_its_margin() -> None:
    policy = default_policy()
    choice = choose_capacity(policy, Blanks({}, 7))
    assert choice.usual_bytes == choice.largest_bytes == 25_025_314_816 - 805_306_368
    assert blanks_of([]).count == 0


def test_nothing_landed_is_nothing_to_plan(workspace: Workspace) -> None:
    with pytest.raises(SteleError, match="5202"):
        propose(workspace)


def test_numbers_of_a_series_go_on_with_the_next_plan(workspace: Workspace, tmp_path: Path) -> None:
    land(workspace, tmp_path, {"A/1": 10})
    propose(workspace)
    land(workspace, tmp_path, {"B/1": 10})
    assert propose(workspace).explanation.volumes[0].label == "F1-S1-0002"


def test_a_package_that_changes_meanwhile_overtakes_the_plan(
    workspace: Workspace, tmp_path: Path
) -> None:
    land(workspace, tmp_path, {"A/1": 10})

    def interfere(*_: object) -> None:
        with workspace.store.begin() as connection:
            connection.execute(packages.update().values(state="open"))

    with pytest.raises(SteleError, match="5207"):
        propose(workspace, interfere)
    assert rows(workspace, plans.c.plan_id) == rows(workspace, volumes.c.volume_id) == []
    assert list((workspace.data / "plans").iterdir()) == []


def test_an_image_that_outgrows_its_disc_is_never_proposed(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(workspace, tmp_path, {"A/1": 10})
    with workspace.store.begin() as connection:
        connection.execute(packages.update().values(sectors=1))
    report_blanks(workspace, 700 * 2_048, 700 * 2_048)
    monkeypatch.setattr(drafting, "Image", type("Image", (), {"__init__": _too_big}))
    with pytest.raises(SteleError, match="5000"):
        propose(workspace)
    assert rows(workspace, plans.c.plan_id) == []


def _too_big(image: Any, _plan: object) -> None:
    image.size_bytes = 10**9


def test_approving_marks_the_volumes_and_twice_is_once(
    workspace: Workspace, tmp_path: Path
) -> None:
    land(workspace, tmp_path, {"A/1": 10})
    plan_id = propose(workspace).plan_id
    assert approve(workspace, "latest", "an archivist") == plan_id
    assert approve(workspace, plan_id.removeprefix("plan-"), "another") == plan_id
    assert rows(workspace, plans.c.state, plans.c.decided_by) == [("approved", "an archivist")]
    assert rows(workspace, volumes.c.state) == [("approved",)]
    assert rows(workspace, copies.c.state) == [("planned",), ("planned",)]
    with pytest.raises(SteleError, match="5206"):
        reject(workspace, plan_id, "late")


def test_rejecting_gives_the_packages_back(workspace: Workspace, tmp_path: Path) -> None:
    land(workspace, tmp_path, {"A/1": 10})
    plan_id = propose(workspace).plan_id
    assert reject(workspace, plan_id, "an archivist") == plan_id
    assert reject(workspace, plan_id, "an archivist") == plan_id
    assert rows(workspace, packages.c.state) == [("landed",)]
    assert rows(workspace, volume_packages.c.package_id) == rows(workspace, copies.c.copy_id) == []
    assert list((workspace.data / "plans").iterdir()) == []
    with pytest.raises(SteleError, match="5206"):
        approve(workspace, plan_id, "late")
    assert propose(workspace).explanation.volumes[0].label == "F1-S1-0001"
    with workspace.store.connect() as connection:
        assert [(row.plan_id, row.state) for row in list_plans(connection)] == [
            ("plan-2", "proposed"),
            ("plan-1", "rejected"),
        ]


def test_a_plan_that_is_not_there(workspace: Workspace) -> None:
    for name in ("latest", "plan-9"):
        with pytest.raises(SteleError, match="5205"):
            approve(workspace, name, "me")
