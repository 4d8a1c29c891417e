"""Getting files back over REST: asking, seeing how it stands, and taking the bytes in parts."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from console.access.local import ensure_local_token
from console.retrieval.serving import serve_requests
from console.store import schema
from console.web.app import create_app
from tests.console.api.v1.caller import Caller
from tests.console.dispatch.holdings import Holdings

CONTENTS = {"a/1.txt": b"one", "a/2.bin": bytes(range(256)) * 3_000, "报告.txt": "二".encode()}
BIG = CONTENTS["a/2.bin"]


@pytest.fixture
def holdings(tmp_path: Path) -> Iterator[Holdings]:
    (tmp_path / "data").mkdir()
    (tmp_path / "shelf").mkdir()
    (tmp_path / "data" / "console.toml").write_text(
        f'[delivery]\nfolder = "{tmp_path / "shelf"}"\n'
    )
    made = Holdings(tmp_path / "data")
    made.package(CONTENTS)
    made.package({"secret.txt": b"secret"})
    with made.store.begin() as db:
        packages = schema.packages
        secret = sa.select(schema.files.c.package_id).where(schema.files.c.path == "secret.txt")
        db.execute(
            sa.update(packages)
            .where(packages.c.package_id.in_(secret))
            .values(namespace="court", fonds="Court")
        )
    yield made
    made.workspace.close()


@pytest.fixture
def caller(holdings: Holdings) -> Iterator[Caller]:
    app = create_app(holdings.workspace.data)
    yield Caller(app.test_client(), ensure_local_token(holdings.workspace.data))
    app.extensions["live"].close()
    app.extensions["workspace"].close()


def ask(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = caller.post("/requests", json={"fonds": "F"} | body)
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def serve(holdings: Holdings) -> None:
    serve_requests(holdings.store, "http://x", datetime.now(UTC))


def file_id(holdings: Holdings, path: str) -> str:
    found: str = holdings.row(schema.files, path=path).file_id
    return found


def test_a_request_is_made_seen_and_withdrawn(caller: Caller, holdings: Holdings) -> None:
    due = datetime.now(UTC) + timedelta(days=2)
    made = ask(caller, priority="urgent", due_at=due.isoformat(), from_media=True, text="for court")
    assert (made["state"], made["priority"], made["files"]) == ("waiting", "urgent", 3)
    assert (made["requested_by"], made["text"]) == ("local", "for court")
    assert datetime.fromisoformat(made["due_at"]) == due
    (listed,) = caller.get("/requests", query_string={"open": "true"}).json["items"]
    assert listed == made
    path = f"/requests/{made['request_id']}"
    assert caller.call("DELETE", path).status_code == 204
    assert caller.told("DELETE", path) == (409, 5324)
    assert caller.get(path).json["error_code"] == 5325
    assert caller.get("/requests", query_string={"open": "true"}).json["items"] == []
    assert caller.told("GET", "/requests/rq-none") == (404, 5326)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"fonds": "nowhere"}, 404, 5412),
        ({"priority": "now"}, 400, 5421),
        ({"due_at": "2026-01-01T00:00:00"}, 400, 5421),
        ({"deliver_to": "../x"}, 422, 5331),
        ({"deliver_to": "/etc"}, 422, 5331),
        ({"colour": "red"}, 400, 5421),
        ({"names": [7]}, 400, 5421),
    ],
)
def test_what_makes_no_request_is_refused(
    caller: Caller, body: dict[str, Any], status: int, code: int
) -> None:
    assert caller.told("POST", "/requests", json=body) == (status, code)


def test_the_files_of_a_request_have_places_and_their_bytes_can_be_taken(
    caller: Caller, holdings: Holdings
) -> None:
    made = ask(caller, names=[file_id(holdings, "a/2.bin"), file_id(holdings, "a/1.txt")])
    serve(holdings)
    path = f"/requests/{made['request_id']}"
    now = caller.get(path).json
    assert (now["state"], now["files_ready"], now["bytes_ready"]) == ("done", 2, len(BIG) + 3)
    assert datetime.fromisoformat(now["expires_at"]) > datetime.now(UTC) + timedelta(hours=71)
    query = {"state": "ready", "limit": 1}
    first = caller.get(f"{path}/files", query_string=query).json
    second = caller.get(f"{path}/files", query_string=query | {"after": first["next"]}).json
    rows = {row["place"].partition("/")[2]: row for row in (*first["items"], *second["items"])}
    assert rows.keys() == {"a/1.txt", "a/2.bin"}
    assert second["next"] is None
    taken = caller.get(f"/files/{rows['a/2.bin']['file_id']}/content")
    assert taken.data == BIG
    assert taken.headers["ETag"] == f'"{hashlib.sha256(BIG).hexdigest()}"'


def test_a_download_goes_on_where_it_broke_off(caller: Caller, holdings: Holdings) -> None:
    path = f"/files/{file_id(holdings, 'a/2.bin')}/content"
    whole = caller.get(path)
    tag = whole.headers["ETag"]

    def part(**headers: str) -> tuple[int, bytes]:
        answer = caller.get(path, headers=headers)
        return answer.status_code, answer.data

    assert part(Range="bytes=1000-") == (206, BIG[1000:])
    assert part(Range="bytes=1000-1999") == (206, BIG[1000:2000])
    assert part(Range="bytes=-5") == (206, BIG[-5:])
    assert part(Range=f"bytes=-{len(BIG) + 1}") == (206, BIG)
    assert part(**{"Range": "bytes=1000-", "If-Range": tag}) == (206, BIG[1000:])
    assert part(**{"Range": "bytes=1000-", "If-Range": '"other"'}) == (200, BIG)
    assert part(**{"Range": "bytes=1000-", "If-Range": f"W/{tag}"}) == (200, BIG)
    assert part(**{"If-None-Match": tag})[0] == 304
    beyond = caller.get(path, headers={"Range": f"bytes={len(BIG)}-"})
    assert (beyond.status_code, beyond.json["code"]) == (416, 5427)
    head = caller.call("HEAD", path)
    assert (head.status_code, head.content_length, head.data) == (200, len(BIG), b"")


def test_a_request_comes_as_one_zip_that_resumes(caller: Caller, holdings: Holdings) -> None:
    made = ask(caller, text="案卷 / one")
    path = f"/requests/{made['request_id']}/zip"
    assert caller.told("GET", path) == (409, 5327)
    serve(holdings)
    whole = caller.get(path)
    assert whole.status_code == 200
    assert len(whole.data) == whole.content_length
    with zipfile.ZipFile(io.BytesIO(whole.data)) as found:
        assert found.testzip() is None
        assert "%E6%A1%88%E5%8D%B7" in whole.headers["Content-Disposition"]
        assert {found.read(n) for n in found.namelist()} >= set(CONTENTS.values())
    half = len(whole.data) // 2
    headers = {"Range": f"bytes={half}-", "If-Range": whole.headers["ETag"]}
    assert caller.get(path, headers=headers).data == whole.data[half:]


def test_a_folder_comes_as_a_zip_too(caller: Caller, holdings: Holdings) -> None:
    folder = holdings.row(schema.packages, fonds="F").folder
    answer = caller.get("/zip", query_string={"fonds": "F", "name": f"{folder}/a"})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as found:
        assert {f"{folder}/a/1.txt", f"{folder}/a/2.bin"} < set(found.namelist())
        assert len(found.namelist()) == 4
    assert caller.told("GET", "/zip?fonds=none") == (404, 5412)
    digest = hashlib.sha256(b"one").hexdigest()
    holdings.workspace.landing.release(digest)
    with holdings.store.begin() as db:
        released = sa.update(schema.blobs).where(schema.blobs.c.sha256 == digest)
        db.execute(released.values(state="released"))
    assert caller.told("GET", "/zip?fonds=F") == (409, 5327)
    assert caller.told("GET", f"/files/{file_id(holdings, 'a/1.txt')}/content") == (409, 5481)


def test_a_token_sees_and_takes_only_what_its_namespaces_hold(
    caller: Caller, holdings: Holdings
) -> None:
    everything = caller.post("/requests", json={}).json["request_id"]
    court = caller.made("clerk", "retrieve", namespaces=["court"])
    assert court.told("POST", "/requests", json={"fonds": "F"}) == (403, 4075)
    assert court.get(f"/files/{file_id(holdings, 'secret.txt')}/content").data == b"secret"
    assert court.told("GET", f"/files/{file_id(holdings, 'a/1.txt')}/content") == (403, 4075)
    assert court.told("GET", "/zip?fonds=F") == (403, 4075)
    mine = ask(court, fonds="Court")
    assert mine["requested_by"] == "clerk"
    serve(holdings)
    listed = court.get("/requests").json["items"]
    assert [row["request_id"] for row in listed] == [mine["request_id"]]
    for path in ("", "/files", "/zip"):
        assert court.told("GET", f"/requests/{everything}{path}") == (404, 5326)
    assert court.told("DELETE", f"/requests/{everything}") == (404, 5326)
    assert court.told("POST", f"/requests/{everything}/deliver", json={}) == (404, 5326)
    reader = caller.made("reader", "read")
    assert reader.told("GET", f"/requests/{mine['request_id']}/zip") == (403, 4074)
    assert reader.get("/requests").status_code == 200


def test_tasks_are_listed_started_and_looked_after(caller: Caller, holdings: Holdings) -> None:
    with holdings.store.begin() as db:
        db.execute(
            sa.insert(schema.tasks).values(
                task_id="tk-1",
                kind="bring_magazine",
                subject="G-0042",
                appliance="north/pb-1",
                body={
                    "to_appliance": "north/pb-1",
                    "to_place": "n03.g1",
                    "lights": ["n03.s001"],
                    "last_appliance": "north/pb-1",
                    "last_place": "n03.g1",
                },
                state="open",
                created_at=datetime.now(UTC),
            )
        )
    (task,) = caller.get("/tasks").json["items"]
    assert task["text"].startswith("put magazine G-0042 (last seen in north/pb-1 n03.g1)")
    assert "will be lit" in task["text"]
    started = caller.post("/tasks/tk-1/start").json
    assert (started["lit"], started["started_by"]) == (["n03.s001"], "local")
    assert caller.post("/tasks/tk-1/look").status_code == 200
    kinds = [row.body["type"] for row in holdings.rows(schema.commands)]
    assert kinds == ["locate", "take_inventory"]
    assert caller.told("GET", "/tasks/none") == (404, 5322)
    assert caller.get("/tasks", query_string={"state": "done"}).json["items"] == []
    reader = caller.made("reader", "read")
    assert reader.told("POST", "/tasks/tk-1/start") == (403, 4074)


def test_a_request_is_delivered_into_a_folder_also_afterwards(
    caller: Caller, holdings: Holdings
) -> None:
    made = ask(caller)
    path = f"/requests/{made['request_id']}/deliver"
    assert caller.told("POST", path, json={"folder": "a/../../b"}) == (422, 5331)
    assert caller.post(path, json={"folder": "李娜"}).json["deliver_to"] == "李娜"
