"""The archive over REST: searched, and gone through level by level, within one's namespaces."""

from typing import Any

import pytest

from console.catalogue.indexing import catch_up
from console.store.workspace import Workspace
from tests.console.api.v1.caller import Caller
from tests.console.catalogue.corpus import Dossier, Item, put

ARCHIVE = (
    Dossier(
        "民事/案件 1998",
        tuple(Item(f"第{n}页.tif", title=f"Page {n}") for n in range(5)),
        fonds="法院/2",
        series="判决",
        namespace="court",
        year=1998,
        description={"creator": ["张三", "Li"]},
    ),
    Dossier("Minutes", (Item("a/民事.txt"),), fonds="法院/2", series="永久", state="landed"),
    Dossier("Hidden 民事", (Item("民事.txt"),), fonds="法院/2", namespace="Court"),
)


@pytest.fixture
def caller(local: Caller, workspace: Workspace) -> Caller:
    put(workspace.store, ARCHIVE)
    catch_up(workspace.store)
    return local


def all_items(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    """The items of all pages, two at a time."""
    items: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        answer = caller.get(path, query_string={"limit": 2} | query | after)
        assert answer.status_code == 200, answer.json
        items += answer.json["items"]
        if answer.json["next"] is None:
            return items
        after = {"after": answer.json["next"]}


def test_a_search_gives_dossiers_then_files_with_what_matched(caller: Caller) -> None:
    items = all_items(caller, "/search", q="民事 namespace:court")
    assert [item["kind"] for item in items] == ["dossier", "dossier", "file"]
    assert items[0]["fragments"] == [
        {"field": "dossier", "text": "民事/案件 1998", "marks": [[0, 2]]}
    ]
    (page,) = all_items(caller, "/search", q="第3页 张三", kind="file")
    assert page["path"] == "第3页.tif"
    assert {each["field"] for each in page["fragments"]} == {"path", "description"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"q": "x" * 1001}, 5421),
        ({"q": " ".join(f"w{n}" for n in range(30))}, 5310),
        ({"q": "year:soon"}, 5311),
        ({"q": "seris:3"}, 5311),
        ({"q": "x", "after": "nonsense"}, 5312),
        ({"q": "x", "kind": "box"}, 5421),
        ({}, 5421),
    ],
)
def test_a_query_that_makes_no_sense_is_told_so(caller: Caller, query: Any, code: int) -> None:
    status, found = caller.told("GET", "/search", query_string=query)
    assert (status // 100, found) == (4, code)


def test_levels_are_summed_up(caller: Caller) -> None:
    fonds = {row["fonds"]: row for row in all_items(caller, "/fonds")}
    assert fonds["法院/2"] == {
        "fonds": "法院/2",
        "series": 3,
        "dossiers": 3,
        "archived": 2,
        "files": 7,
        "size_bytes": 0,
    }
    series = all_items(caller, "/series", fonds="法院/2")
    assert [row["series"] for row in series] == ["1", "判决", "永久"]
    (row,) = all_items(caller, "/dossiers", fonds="法院/2", series="判决")
    view = caller.get(f"/dossiers/{row['package_id']}").json
    assert view["description"] == {"creator": ["张三", "Li"]}
    items = all_items(caller, f"/dossiers/{row['package_id']}/items")
    assert [item["title"] for item in items] == [f"Page {n}" for n in range(5)]
    file = caller.get(f"/files/{items[2]['file_id']}").json
    assert file["dossier"] == view["dossier"] == row
    assert (
        all_items(caller, "/dossiers", state="landed", series="永久")[0]["dossier"]
        == "Minutes\u200b"
    )


def test_a_namespace_is_a_wall(caller: Caller) -> None:
    """Also between names that differ in case alone, which the index does not tell apart."""
    one = caller.made("one", "read", namespaces=["court"])
    assert {item["namespace"] for item in all_items(one, "/search", q="民事")} == {"court"}
    assert all_items(one, "/search", q="民事 namespace:default") == []
    (fonds,) = all_items(one, "/fonds")
    assert (fonds["dossiers"], fonds["series"]) == (1, 1)
    assert [row["namespace"] for row in all_items(one, "/dossiers")] == ["court"]
    for path in ("/dossiers/pk-000001", "/dossiers/pk-000002/items", "/files/f-000002-000000"):
        assert one.told("GET", path) == (403, 4075)
    none = caller.made("none", "read", namespaces=["empty"])
    assert all_items(none, "/search", q="民事") == []


def test_what_is_not_there_is_404(caller: Caller) -> None:
    for path in ("/dossiers/x", "/dossiers/x/items", "/files/x"):
        assert caller.told("GET", path) == (404, 5426)


def test_how_far_the_index_is_can_be_asked(caller: Caller, workspace: Workspace) -> None:
    put(workspace.store, [Dossier("new", (Item("x"),))], first=9)
    assert caller.get("/search/standing").json["waiting"] == 2
    catch_up(workspace.store)
    assert caller.get("/search/standing").json["waiting"] == 0
