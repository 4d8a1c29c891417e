"""Reading what there is: whole, in pages, by filters, and within namespaces."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from appliance.contract.messages import AcknowledgeAlarm, CommandBody
from console.dispatch.alarms import Alarm, raise_alarm
from console.store import schema
from console.store.workspace import Workspace
from tests.console.api.v1.caller import Caller
from tests.console.api.v1.contents import fill_more
from tests.console.web import rows


def pages(caller: Caller, path: str, limit: int = 7) -> Iterator[list[Any]]:
    """Every page of a list."""
    after = ""
    while True:
        answer = caller.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{after}")
        assert answer.status_code == 200, answer.text
        assert len(answer.json["items"]) <= limit
        yield answer.json["items"]
        if answer.json["next"] is None:
            return
        after = f"&after={answer.json['next']}"


def test_the_status_adds_the_whole_up(local: Caller, workspace: Workspace) -> None:
    found = local.get("/status").json
    assert found["archive"]["files"] == 350
    assert found["archive"]["landing_bytes"] == len(rows.LANDED_BYTES)
    assert found["fleet"] == {
        "appliances": 1,
        "online": 1,
        "drives": 4,
        "drives_busy": 2,
        "blanks": {"disc": 157, "tape": 0},
        "media": {"disc": 196, "disk": 0, "tape": 0},
        "jobs": {"running": 2, "waiting": 1},
        "commands": 0,
        "alarms": {},
    }
    assert found["worker_running"]


@pytest.mark.parametrize("limit", [1, 7, 199, 200, 1000])
def test_slots_come_in_the_cabinets_order_each_once(local: Caller, limit: int) -> None:
    found = [
        slot for page in pages(local, "/appliances/north/rack-1/slots", limit) for slot in page
    ]
    assert [slot["slot"] for slot in found] == [f"s{n:03}" for n in range(1, 201)]


def test_slots_may_be_chosen_and_still_come_in_pages(local: Caller) -> None:
    path = "/appliances/north/rack-1/slots?medium_state=verified"
    found = [slot["slot"] for page in pages(local, path, 5) for slot in page]
    assert found == [f"s{n:03}" for n in range(1, 34)]
    empty = local.get("/appliances/north/rack-1/slots?state=empty&kind=tape").json
    assert empty == {"items": [], "next": None}


def test_an_appliance_shows_its_parts(local: Caller) -> None:
    found = local.get("/appliances/north/rack-1").json
    assert found["slots"] == 200
    assert [drive["drive"] for drive in found["drives"]] == ["d1", "d2", "d3", "d4"]
    assert found["robots"][0]["state"] == "moving"
    assert local.told("GET", "/appliances/north/rack-2") == (404, 5426)
    assert local.told("GET", "/appliances/north/rack-2/slots") == (404, 5426)


def test_a_picture_that_cannot_be_read_hides_no_appliance(
    local: Caller, workspace: Workspace
) -> None:
    with workspace.store.begin() as connection:
        connection.execute(sa.update(schema.appliances).values(library={"slots": 3}))
    assert local.get("/appliances/north/rack-1").json["drives"] == []
    assert local.get("/appliances/north/rack-1/slots").json["items"] == []


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("/media", "medium_id", ["m001", "m002", "m041", "m042"]),
        ("/media?volume_id=v2", "medium_id", ["m041", "m042"]),
        ("/media?state=blank", "medium_id", []),
        ("/copies", "copy_id", ["c1", "c2", "c41", "c42"]),
        ("/copies?state=burning&state=dispatched", "copy_id", ["c41", "c42"]),
        ("/copies?role=use", "copy_id", ["c1", "c41"]),
        ("/jobs", "job_id", ["j5", "j4", "j3", "j2", "j1"]),
        ("/jobs?open=true", "job_id", ["j3", "j2", "j1"]),
        ("/jobs?open=false&state=failed", "job_id", ["j4"]),
        ("/jobs?verb=fetch", "job_id", ["j3"]),
        ("/appliances?online=false", "appliance", []),
        ("/appliances?site=north&online=true", "appliance", ["north/rack-1"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_lists_come_whole_in_pages_of_any_size(
    local: Caller, path: str, key: str, expected: list[str], limit: int
) -> None:
    assert [item[key] for page in pages(local, path, limit) for item in page] == expected


def test_what_comes_while_one_pages_is_neither_skipped_nor_repeated(
    local: Caller, workspace: Workspace
) -> None:
    going = pages(local, "/media", 2)
    first = next(going)
    row = {"appliance": rows.APPLIANCE, "place": "slot:s100", "state": "blank"}
    with workspace.store.begin() as connection:
        connection.execute(sa.delete(schema.media).where(schema.media.c.medium_id == "m001"))
        rows.add(connection, schema.media, {"medium_id": "m000", **row})
        rows.add(connection, schema.media, {"medium_id": "m030", **row})
    rest = [item["medium_id"] for page in going for item in page]
    assert [item["medium_id"] for item in first] + rest == ["m001", "m002", "m030", "m041", "m042"]


@pytest.mark.parametrize("after", ["x", "W10", "WzFd", "WyJhIiwiYiJd", "bnVsbA", "W3t9XQ", "%F0"])
def test_a_place_in_no_list_is_refused(local: Caller, after: str) -> None:
    for path in ("/media", "/jobs", "/appliances/north/rack-1/slots", "/alarms"):
        answer = local.get(f"{path}?after={after}")
        if (path, after) in FITS:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.json["code"]) in {(422, 5429), (400, 5420)}


FITS = {("/appliances/north/rack-1/slots", "WzFd")}
"""[1] is a place among slots."""


def test_one_of_each_is_found_and_a_stranger_is_not(local: Caller) -> None:
    assert local.get("/jobs/j1").json["label"] == "court-1998 0002"
    assert local.get("/copies/c1").json["medium_id"] == "m001"
    held = local.get("/media/m001").json
    assert (held["medium"]["place"], held["copies"][0]["copy_id"]) == ("slot:s001", "c1")
    for path in ("/jobs/x", "/copies/x", "/media/x", "/commands/x"):
        assert local.told("GET", path) == (404, 5426)


def test_a_token_of_a_namespace_sees_the_copies_and_refusals_of_that_alone(
    local: Caller, workspace: Workspace
) -> None:
    fill_more(workspace)
    with workspace.store.begin() as connection:
        v2 = schema.volumes.c.volume_id == "v2"
        connection.execute(sa.update(schema.volumes).where(v2).values(namespace="court"))
    court = local.made("court", "read", namespaces=["court"])
    assert [c["copy_id"] for c in court.get("/copies").json["items"]] == ["c41", "c42"]
    assert court.told("GET", "/copies/c1") == (404, 5426)
    assert court.get("/copies/c41").status_code == 200
    assert len(local.get("/refusals").json["items"]) == 1
    assert court.get("/refusals").json["items"] == []


def test_inventories_are_ordered_once_until_they_are_answered(local: Caller) -> None:
    order = {"appliances": ["north/rack-1"], "slots": ["s001"], "by": "identity"}
    first = local.post("/inventories", json=order)
    assert first.status_code == 202
    assert local.post("/inventories", json=order).json == first.json
    command = local.get(f"/commands/{first.json['inventories']['north/rack-1']}").json
    assert command["body"] == {"type": "take_inventory", "slots": ["s001"], "by": "identity"}
    assert (command["state"], command["answered_at"]) == ("waiting", None)
    assert local.told("POST", "/inventories", json={"appliances": ["x/y"]}) == (404, 5263)


def test_copies_that_were_given_up_are_wanted_again_all_or_none(
    local: Caller, workspace: Workspace
) -> None:
    assert local.told("POST", "/retries", json={}) == (409, 5262)
    with workspace.store.begin() as connection:
        failed = schema.copies.c.copy_id.in_(["c41", "c42"])
        connection.execute(sa.update(schema.copies).where(failed).values(state="failed"))
    assert local.told("POST", "/retries", json={"copies": ["c41", "c1"]}) == (409, 5262)
    assert local.get("/copies/c41").json["state"] == "failed"
    assert local.post("/retries", json={"copies": ["c41", "c41"]}).json == {"copies": ["c41"]}
    assert local.post("/retries").json == {"copies": ["c42"]}
    assert local.get("/copies?state=failed").json["items"] == []


def test_an_alarm_of_an_appliance_is_acknowledged_by_a_command_in_the_callers_name(
    local: Caller, workspace: Workspace
) -> None:
    with workspace.store.begin() as connection:
        raise_alarm(connection, Alarm("door/front", "door", 4010, "open", rows.APPLIANCE), rows.NOW)
    which = {"appliance": rows.APPLIANCE, "alarm_id": "door/front"}
    operator = local.made("王芳", "operate", "read")
    command_id = operator.post("/alarms/acknowledge", json=which).json["command_id"]
    body = msgspec.convert(operator.get(f"/commands/{command_id}").json["body"], CommandBody)
    assert body == AcknowledgeAlarm("door/front", "王芳")
    again = local.post("/alarms/acknowledge", json=which)
    assert again.json["command_id"] == command_id


def test_an_alarm_of_the_console_is_acknowledged_at_once(
    local: Caller, workspace: Workspace
) -> None:
    with workspace.store.begin() as connection:
        raise_alarm(connection, Alarm("a", "here", 5258, "wrong"), rows.NOW)
    which = {"appliance": "console", "alarm_id": "a"}
    assert local.post("/alarms/acknowledge", json=which).json == {"command_id": None}
    (alarm,) = local.get("/alarms").json["items"]
    assert (alarm["acknowledged_by"], alarm["code"]) == ("local", 5258)
    assert local.told("POST", "/alarms/acknowledge", json=which | {"alarm_id": "b"}) == (404, 4060)
