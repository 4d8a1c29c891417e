"""Plans over REST: proposed, seen, changed, decided; spares, and appliances that are lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from console.store import schema
from console.store.workspace import Workspace
from console.web.app import create_app
from console.web.live.hub import Hub
from tests.console.api.v1.caller import Caller
from tests.console.planning.conftest import MB, Archive


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The web application on a data folder of its own, with nothing in it."""
    found = create_app(tmp_path / "data")
    yield found
    hub: Hub = found.extensions["live"]
    hub.close()
    opened: Workspace = found.extensions["workspace"]
    opened.close()


@pytest.fixture
def archive(workspace: Workspace, tmp_path: Path) -> Archive:
    """Two dossiers that wait for a plan, and three appliances."""
    found = Archive(workspace, tmp_path / "sources")
    found.land({"A/1": 3 * MB, "B/1": 3 * MB}, series="plans")
    for name in ("north/a", "north/b", "south/c"):
        found.appliance(name)
    return found


@pytest.fixture
def planner(local: Caller) -> Caller:
    return local.made("Lin", "plan", "read", "approve")


def propose(planner: Caller) -> str:
    answer = planner.post("/plans", json={})
    assert answer.status_code == 201, answer.json
    return str(answer.json["plan_id"])


def test_a_plan_is_previewed_proposed_and_seen(archive: Archive, planner: Caller) -> None:
    seen = planner.post("/plan-previews", json={})
    assert (seen.status_code, seen.json["plan_id"]) == (200, "")
    name = propose(planner)
    shown = planner.get(f"/plans/{name}").json
    assert (shown["state"], shown["revision"], shown["replaces"]) == ("proposed", 1, None)
    assert shown["cost"]["hours"] >= shown["cost"]["hours_at_least"] > 0
    assert planner.get("/plans/latest").json["plan_id"] == name
    assert planner.get("/plans?state=proposed&limit=1").json["items"][0]["plan_id"] == name
    first = planner.get(f"/plans/{name}/volumes?limit=1").json
    (volume,) = first["items"]
    assert len({place["appliance"] for place in volume["planned"]["places"]}) == 2
    assert volume["planned"]["reasons"]
    assert [copy["state"] for copy in volume["copies"]] == ["planned"] * 2
    while first["next"]:
        first = planner.get(f"/plans/{name}/volumes?limit=1&after={first['next']}").json
    assert first["items"]
    assert planner.told("GET", f"/plans/{name}/volumes?after=nonsense") == (422, 5429)


def test_a_plan_is_changed_then_approved_by_whoever_has_the_token(
    archive: Archive, planner: Caller, workspace: Workspace
) -> None:
    name = propose(planner)
    volume = planner.get(f"/plans/{name}/volumes").json["items"][0]["planned"]
    places = {place["role"]: place["appliance"] for place in volume["places"]}
    free = ({"north/a", "north/b", "south/c"} - set(places.values())).pop()
    role = sorted(places)[0]
    order = {"move": [{"volume": volume["label"], "role": role, "appliance": free}]}
    seen = planner.post(f"/plans/{name}/change/preview", json=order)
    assert (seen.status_code, seen.json["plan_id"]) == (200, "")
    changed = planner.post(f"/plans/{name}/change", json=order)
    assert (changed.status_code, changed.json["revision"]) == (201, 2)
    new = changed.json["plan_id"]
    assert planner.get(f"/plans/{name}").json["replaced_by"] == new
    assert planner.get(f"/plans/{name}/volumes").json["items"][0]["copies"] == []
    assert planner.told("POST", f"/plans/{name}/approve", json={}) == (409, 5230)
    again = planner.post(f"/plans/{new}/again")
    assert (again.status_code, again.json["revision"]) == (201, 3)
    newest = again.json["plan_id"]
    assert planner.post(f"/plans/{newest}/approve", json={}).json["state"] == "approved"
    assert planner.told("POST", f"/plans/{newest}/reject") == (409, 5206)
    with workspace.store.connect() as connection:
        query = sa.select(schema.plans.c.decided_by).where(schema.plans.c.plan_id == newest)
        assert connection.scalar(query) == "Lin"


def test_what_cannot_be_is_refused_with_a_number(archive: Archive, planner: Caller) -> None:
    name = propose(planner)
    change = f"/plans/{name}/change"
    assert planner.told("POST", change, json={}) == (422, 5236)
    assert planner.told("POST", change, json={"leave_out": ["pk-x"]}) == (422, 5231)
    assert planner.told("POST", change, json={"capacity_bytes": 1})[0] in (400, 422)
    assert planner.told("GET", "/plans/plan-99999")[0] == 404
    assert planner.told("POST", "/plans", json={})[1] == 5202
    archive.appliance("north/a", online=False)
    archive.appliance("north/b", online=False)
    archive.appliance("south/c", online=False)
    status, code = planner.told("POST", f"/plans/{name}/approve", json={})
    assert (status, code) == (409, 5235)
    assert planner.get("/plans/latest").json["because"]
    assert planner.post("/plans/latest/reject").json["state"] == "rejected"


def test_scopes_are_asked_for(archive: Archive, local: Caller) -> None:
    reader = local.made("Rea", "read")
    assert reader.told("POST", "/plans", json={})[0] == 403
    assert reader.told("POST", "/plan-previews", json={})[0] == 403
    name = propose(local)
    assert reader.told("POST", f"/plans/{name}/approve", json={})[0] == 403
    assert reader.told("POST", "/losses", json={"appliance": "north/a"})[0] == 403


def test_a_loss_is_declared_only_of_what_is_silent(archive: Archive, local: Caller) -> None:
    operator = local.made("Oda", "operate", "read")
    assert operator.told("POST", "/losses", json={"appliance": "north/a"}) == (409, 5266)
    assert operator.told("POST", "/losses", json={"appliance": "x/y"}) == (404, 5263)
    archive.appliance("north/a", online=False)
    assert operator.post("/losses", json={"appliance": "north/a"}).json == {"copies": []}
    assert operator.get("/spares").json == {"items": [], "next": None}
