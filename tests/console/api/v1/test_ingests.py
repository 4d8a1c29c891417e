"""Files come in over REST: announced, sent in one stream or by uploads that go on, completed."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.access.scopes import Scope
from console.access.tokens import NewToken, create_token
from console.api.v1.application import EVERYTHING, create_api
from console.planning.proposal import propose
from console.rules.namespaces import put_namespace
from console.store.schema import files, notices, packages, uploads
from console.store.workspace import Workspace, open_workspace
from tests.console.ingest.folders import landing_is_sound, rows
from tests.console.ingest.tars import checked, header, pax, tar_of


class Sender:
    """Somebody who sends files to a console over REST."""

    def __init__(self, workspace: Workspace, client: FlaskClient, token: str) -> None:
        self.workspace = workspace
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def ask(self, method: str, path: str, code: int = 0, **options: Any) -> Any:
        answer = self.call(method, path, **options)
        found = answer.get_json()
        assert found.get("code", 0) == code, found
        return found

    def begin(self, **order: Any) -> str:
        what = {"fonds": "F1", "series": "S1", "source": "papers", **order}
        found: str = self.ask("POST", "/ingests", json=what)["ingest_id"]
        return found

    def lines(self, ingest: str, what: str, rows: list[dict[str, Any]], code: int = 0) -> Any:
        body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        return self.ask(
            "POST",
            f"/ingests/{ingest}/{what}",
            code,
            data=body,
            content_type="application/x-ndjson",
        )

    def send(self, ingest: str, tar: bytes, code: int = 0) -> Any:
        path = f"/ingests/{ingest}/contents"
        return self.ask("POST", path, code, data=tar, content_type="application/x-tar")

    def complete(self, ingest: str) -> Any:
        return self.ask("POST", f"/ingests/{ingest}/complete")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = open_workspace(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def sender(workspace: Workspace) -> Sender:
    client = create_api(workspace).test_client()
    return Sender(workspace, client, (workspace.data / "local.token").read_text().strip())


def limited(sender: Sender, *namespaces: str) -> Sender:
    """The same console, with a token that may only bring files into these namespaces."""
    new = NewToken(f"for {', '.join(namespaces)}", [Scope.INGEST], namespaces=list(namespaces))
    with sender.workspace.store.begin() as connection:
        made = create_token(connection, new, EVERYTHING, datetime.now(UTC))
    return Sender(sender.workspace, sender.client, made.secret)


def listed(path: str, content: bytes, **more: Any) -> dict[str, Any]:
    return {"path": path, "size_bytes": len(content), "mtime_ns": 1_700_000_000 * 10**9, **more}


def refused(answer: Any) -> dict[str, int]:
    return {one["path"]: one["code"] for one in answer["refusals"]}


def test_what_a_listing_wants_comes_in_one_stream(sender: Sender) -> None:
    ingest = sender.begin()
    contents = {"A/1.txt": b"one", "A/deep/2.txt": b"two", "loose.txt": b"three"}
    listing = [listed(path, content) for path, content in contents.items()]
    assert sender.lines(ingest, "listing", listing)["wanted"] == list(contents)
    taken = sender.send(ingest, tar_of({"A/empty": None, **contents}))
    assert (taken["files_taken"], taken["files_refused"]) == (3, 0)
    assert rows(sender.workspace, packages.c.state) == [("open",)] * 2
    report = sender.complete(ingest)
    assert (report["state"], report["files_taken"], len(report["packages"])) == ("done", 3, 2)
    columns = (packages.c.dossier, packages.c.restore_prefix, packages.c.files, packages.c.state)
    assert rows(sender.workspace, *columns) == [
        ("A", "A", 2, "landed"),
        ("papers/*", "", 1, "landed"),
    ]
    assert landing_is_sound(sender.workspace)
    again = sender.begin()
    answer = sender.lines(again, "listing", listing)
    assert (answer["wanted"], answer["files_known"]) == ([], 3)
    assert sender.complete(again)["files_known"] == 3


def test_a_stream_needs_no_listing_and_comes_again_without_harm(sender: Sender) -> None:
    tar = tar_of({"./A/1.txt": b"one", "./A/2.txt": b"one"})
    for known in (0, 2):
        ingest = sender.begin()
        assert sender.send(ingest, tar)["files_known"] == known
        assert sender.complete(ingest)["state"] == "done"
    assert rows(sender.workspace, files.c.path) == [("1.txt",), ("2.txt",)]


def test_gnu_tar_through_curls_content_type(sender: Sender, tmp_path: Path) -> None:
    long = "d" * 120 + "/" + "n" * 200 + ".txt"
    for name in ("会议/一.txt", f"A/{long}"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    argv = ["tar", "-C", str(tmp_path / "in"), "-c", "."]
    for fmt in ("pax", "gnu", "posix"):
        tar = subprocess.run([*argv, f"--format={fmt}"], capture_output=True, check=True).stdout
        ingest = sender.begin(series=fmt)
        form = "application/x-www-form-urlencoded"
        path = f"/ingests/{ingest}/contents"
        assert sender.ask("POST", path, data=tar, content_type=form)["files_taken"] == 2
        sender.complete(ingest)
    assert {path for (path,) in rows(sender.workspace, files.c.path)} == {"一.txt", long}
    when = (tmp_path / "in" / "会议" / "一.txt").stat().st_mtime_ns
    assert when in {row[0] for row in rows(sender.workspace, files.c.mtime_ns)}


HOSTILE = [
    (header("../../etc/passwd", size=0), {"../../etc/passwd": 3409}),
    (header("/etc/passwd", size=0), {"/etc/passwd": 3409}),
    (header("A/../../x", size=0), {"A/../../x": 3409}),
    (pax([("path", b"A/x\0y")]) + header("A/x", size=0), {"A/x\u2400y": 3409}),
    (pax([("path", b"A/" + b"n" * 300)]) + header("A/n", size=0), {"A/" + "n" * 300: 3409}),
    (header("A/link", kind=b"2", link="/etc/passwd"), {"A/link": 3405}),
    (header("A/hard", kind=b"1", link="A/1"), {"A/hard": 3405}),
    (header("A/disk", kind=b"4"), {"A/disk": 3406}),
    (header("A/pipe", kind=b"6"), {"A/pipe": 3406}),
    (
        pax([("GNU.sparse.major", b"1"), ("GNU.sparse.realsize", b"9" * 12)]) + header("A/sparse"),
        {"A/sparse": 3423},
    ),
]


@pytest.mark.parametrize(("member", "expected"), HOSTILE)
def test_a_hostile_member_is_refused_by_name_and_the_rest_goes_on(
    sender: Sender, member: bytes, expected: dict[str, int]
) -> None:
    ingest = sender.begin()
    answer = sender.send(ingest, member + tar_of({"A/good": b"x"}))
    assert refused(answer) == expected
    assert answer["files_taken"] == 1
    report = sender.complete(ingest)
    assert (report["state"], refused(report)) == ("partly", expected)
    assert rows(sender.workspace, files.c.path) == [("good",)]


def _lying(size: int) -> bytes:
    block = bytearray(header("A/2"))
    block[124:136] = b"\x80" + size.to_bytes(11, "big")
    return checked(block)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (pax([("path", b"x")], said_size=2 << 30), 3421),
        (pax([("path", b"x")]) * 20, 3421),
        (_lying(1 << 70), 3420),
        (_lying(1 << 40) + b"not so much", 3420),
        (b"\xff" * 512, 3420),
        (header("A/2", size=1000) + b"cut off", 3420),
        (b"x" * 100, 3420),
        (bytes(1024) + b"behind the end", 3420),
    ],
)
def test_of_a_damaged_archive_stays_what_came_whole(sender: Sender, end: bytes, code: int) -> None:
    ingest = sender.begin()
    whole = tar_of({"A/1": b"one"})[:1024]
    sender.send(ingest, whole + end, code)
    assert rows(sender.workspace, files.c.path) == [("1",)]
    assert sender.send(ingest, tar_of({"A/2": b"two"}))["files_taken"] == 1
    assert sender.complete(ingest)["files_taken"] == 2


def test_more_files_than_the_settings_allow_are_told_and_the_first_stay(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "console.toml").write_text("[ingest]\nfiles_at_once = 3\n")
    workspace = open_workspace(tmp_path / "data")
    client = create_api(workspace).test_client()
    sender = Sender(workspace, client, (workspace.data / "local.token").read_text().strip())
    ingest = sender.begin()
    sender.send(ingest, tar_of({f"A/{n}": b"x" for n in range(9)}), 3422)
    assert len(rows(workspace, files.c.path)) == 3
    many = [listed(f"A/{n}", b"x") for n in range(9)]
    sender.lines(ingest, "listing", many, 3422)
    workspace.close()


def test_the_senders_digests_are_compared_and_what_was_promised_must_come(sender: Sender) -> None:
    ingest = sender.begin()
    right, wrong = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"other").hexdigest()
    manifest = f"{right}  data/A/1\n{wrong} *data/A/2\r\n{wrong}  data/A/3%0Ax\n"
    path = f"/ingests/{ingest}/manifest?strip=data/"
    assert sender.ask("POST", path, data=manifest, content_type="text/plain") == {"count": 3}
    answer = sender.send(ingest, tar_of({"A/1": b"one", "A/2": b"two"}))
    assert refused(answer) == {"A/2": 3413}
    report = sender.complete(ingest)
    assert refused(report) == {"A/2": 3413, "A/3\nx": 3418}
    assert rows(sender.workspace, files.c.path) == [("1",)]
    assert rows(sender.workspace, notices.c.path) == []


@pytest.mark.parametrize("manifest", ["no digest\n", f"{'0' * 64}  ../x\n", f"{'0' * 64}  x\0y\n"])
def test_a_manifest_that_is_none_is_refused(sender: Sender, manifest: str) -> None:
    path = f"/ingests/{sender.begin()}/manifest"
    sender.ask("POST", path, 3427, data=manifest, content_type="text/plain")


def test_titles_and_descriptions_come_along(sender: Sender) -> None:
    ingest = sender.begin()
    told = [
        {"dossier": "A", "year": 1998, "retention": "10 years", "description": {"creator": "X"}},
        {"path": "A/1", "title": "Minutes", "description": {"date": ["1998-02-01"]}},
        {"path": "A/nowhere", "title": "?"},
        {"dossier": "nowhere", "year": 1},
    ]
    assert sender.lines(ingest, "descriptions", told) == {"count": 4}
    sender.send(ingest, tar_of({"A/1": b"one", "A/2": b"two"}))
    assert refused(sender.complete(ingest)) == {"A/nowhere": 3419, "nowhere/": 3419}
    columns = (packages.c.year, packages.c.retention, packages.c.description)
    assert rows(sender.workspace, *columns) == [(1998, "10 years", {"creator": "X"})]
    found = dict(rows(sender.workspace, files.c.path, files.c.title))
    assert found == {"1": "Minutes", "2": ""}
    # The same may be said later of files that are there already.
    later = sender.begin()
    sender.lines(later, "descriptions", [{"path": "A/2", "title": "Annex"}])
    sender.complete(later)
    assert dict(rows(sender.workspace, files.c.path, files.c.title))["2"] == "Annex"
    numbers = rows(sender.workspace, files.c.number)
    assert all(number is not None for (number,) in numbers)


@pytest.mark.parametrize(
    "told", [{"title": "of nothing"}, {"path": "A/1", "year": 1}, {"path": "../x", "title": "t"}]
)
def test_a_description_that_does_not_fit_is_refused(sender: Sender, told: dict[str, Any]) -> None:
    sender.lines(sender.begin(), "descriptions", [told], 3428)


def test_a_listing_refuses_what_cannot_be_taken(sender: Sender) -> None:
    first = sender.begin()
    sender.send(first, tar_of({"A/1": b"one"}))
    sender.complete(first)
    other = hashlib.sha256(b"other").hexdigest()
    answer = sender.lines(
        sender.begin(),
        "listing",
        [
            listed("../x", b""),
            listed("/x", b""),
            listed("A/" + "x" * 300, b""),
            listed("A/1", b"other", sha256=other),
            listed("A/2", b"new"),
        ],
    )
    assert refused(answer) == {"../x": 3409, "/x": 3409, "A/" + "x" * 300: 3409, "A/1": 3404}
    assert answer["wanted"] == ["A/2"]


def test_a_large_file_comes_in_parts_and_goes_on_where_it_stood(sender: Sender) -> None:
    content = bytes(range(256)) * 20_000
    ingest = sender.begin()
    new = listed("A/big", content, sha256=hashlib.sha256(content).hexdigest())
    upload = sender.ask("POST", f"/ingests/{ingest}/uploads", json=new)
    path = f"/uploads/{upload['upload_id']}"
    half = len(content) // 2
    put = {"data": content[:half], "headers": {"Upload-Offset": "0"}}
    assert sender.ask("PATCH", path, **put)["offset_bytes"] == half
    # Another process goes on.
    elsewhere = open_workspace(sender.workspace.data)
    token = sender.headers["Authorization"].removeprefix("Bearer ")
    other = Sender(elsewhere, create_api(elsewhere).test_client(), token)
    assert other.call("HEAD", path).headers["Upload-Offset"] == str(half)
    assert other.ask("POST", f"/ingests/{ingest}/uploads", json=new) == {
        **upload,
        "offset_bytes": half,
    }
    sender.ask("PATCH", path, 3424, data=b"x", headers={"Upload-Offset": "7"})
    sender.ask("PATCH", path, 3424, data=b"x")
    too_much = content[half:] + b"x"
    sender.ask("PATCH", path, 3415, data=too_much, headers={"Upload-Offset": str(half)})
    rest = {"data": content[half:], "headers": {"Upload-Offset": str(half)}}
    assert other.ask("PATCH", path, **rest)["state"] == "done"
    elsewhere.close()
    assert sender.complete(ingest)["files_taken"] == 1
    assert landing_is_sound(sender.workspace)
    assert list((sender.workspace.data / "uploads").iterdir()) == []
    sender.ask("PATCH", path, 3414, **rest)


def test_an_upload_of_another_content_is_refused_and_can_begin_anew(sender: Sender) -> None:
    ingest = sender.begin()
    new = listed("A/big", b"right", sha256=hashlib.sha256(b"right").hexdigest())
    for content, state in ((b"wrong", "refused"), (b"right", "done")):
        upload = sender.ask("POST", f"/ingests/{ingest}/uploads", json=new)
        path = f"/uploads/{upload['upload_id']}"
        done = sender.ask("PATCH", path, data=content, headers={"Upload-Offset": "0"})
        assert done["state"] == state
    assert rows(sender.workspace, files.c.path) == [("big",)]
    assert refused(sender.complete(ingest)) == {"A/big": 3413}


def test_an_empty_file_is_there_as_soon_as_it_is_announced(sender: Sender) -> None:
    ingest = sender.begin()
    new = listed("A/empty", b"")
    assert sender.ask("POST", f"/ingests/{ingest}/uploads", json=new)["state"] == "done"
    assert rows(sender.workspace, files.c.size_bytes) == [(0,)]


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "x\u0001" + "y" * 400])
def test_an_upload_cannot_go_anywhere_else(sender: Sender, path: str) -> None:
    ingest = sender.begin()
    sender.ask("POST", f"/ingests/{ingest}/uploads", 3409, json=listed(path, b"x"))
    sender.ask("GET", "/uploads/..%2f..%2fx", 5424)
    assert rows(sender.workspace, uploads.c.path) == []


def test_nothing_is_added_to_an_ingest_that_is_over(sender: Sender) -> None:
    ingest = sender.begin()
    sender.send(ingest, tar_of({"A/1": b"one"}))
    report = sender.complete(ingest)
    assert sender.complete(ingest) == report
    sender.send(ingest, tar_of({"A/2": b"two"}), 3414)
    sender.lines(ingest, "listing", [listed("A/2", b"two")], 3414)
    sender.ask("POST", f"/ingests/{ingest}/uploads", 3414, json=listed("A/2", b"two"))
    sender.send("in-unknown", tar_of({}), 5412)


def test_a_token_reaches_its_namespaces_only(sender: Sender) -> None:
    put_namespace(sender.workspace, "court", title="Court", policy="default", by="me")
    ingest = sender.begin()
    sender.send(ingest, tar_of({"A/1": b"one"}))
    sender.complete(ingest)
    court = limited(sender, "court")
    court.ask("POST", "/ingests", 4075, json={"fonds": "F1", "series": "S1"})
    for path in ("", "/report"):
        court.ask("GET", f"/ingests/{ingest}{path}", 5412)
    court.send(ingest, tar_of({"A/2": b"two"}), 5412)
    mine = court.begin(namespace="court")
    answer = court.send(mine, tar_of({"A/2": b"into another's dossier", "B/1": b"own"}))
    assert refused(answer) == {"A/2": 3416}
    assert court.lines(mine, "listing", [listed("A/3", b"x")])["files_refused"] == 1
    court.ask("POST", f"/ingests/{mine}/uploads", 3416, json=listed("A/4", b"x"))
    folder = {"folder": "/etc"}
    court.ask("POST", f"/ingests/{mine}/folder", 4075, json=folder)
    court.complete(mine)
    found = rows(sender.workspace, packages.c.dossier, packages.c.namespace, packages.c.files)
    assert found == [("A", "default", 1), ("B", "court", 1)]
    assert [row["ingest_id"] for row in court.ask("GET", "/ingests")["items"]] == [mine]


def test_only_the_machines_own_token_names_a_folder(sender: Sender, tmp_path: Path) -> None:
    new = NewToken("everything", list(Scope))
    with sender.workspace.store.begin() as connection:
        made = create_token(connection, new, EVERYTHING, datetime.now(UTC))
    other = Sender(sender.workspace, sender.client, made.secret)
    ingest = other.begin()
    other.ask("POST", f"/ingests/{ingest}/folder", 3426, json={"folder": "/etc"})
    (tmp_path / "in" / "A").mkdir(parents=True)
    (tmp_path / "in" / "A" / "1").write_text("one")
    answer = sender.call("POST", f"/ingests/{ingest}/folder", json={"folder": str(tmp_path / "in")})
    assert json.loads(answer.data.splitlines()[-1]) == {"done": True}
    assert sender.complete(ingest)["files_taken"] == 1


def test_a_later_content_takes_the_place_only_while_nothing_was_promised(sender: Sender) -> None:
    ingest = sender.begin()
    sender.send(ingest, tar_of({"A/1": b"one"}))
    sender.send(ingest, tar_of({"A/1": b"two", "A/2": b"x"}))
    sender.complete(ingest)
    assert rows(sender.workspace, sa.func.count(files.c.file_id)) == [(2,)]
    later = sender.begin()
    sender.send(later, tar_of({"A/3": b"new"}))
    assert refused(sender.send(later, tar_of({"A/1": b"three"}))) == {"A/1": 3404}
    sender.complete(later)
    assert landing_is_sound(sender.workspace)


def test_a_name_that_is_file_and_folder_keeps_what_came_first(sender: Sender) -> None:
    first = sender.begin()
    sender.send(first, tar_of({"A/ok.txt": b"file", "A/ok.txt/below": b"x", "A/dir/b": b"y"}))
    report = sender.complete(first)
    assert refused(report) == {"A/ok.txt/below": 3409}
    second = sender.begin()
    sender.send(second, tar_of({"A/dir": b"now a file", "A/dir/c/": None, "A/ok.txt/": None}))
    assert refused(sender.complete(second)) == {"A/dir": 3409}
    paths = rows(sender.workspace, files.c.path)
    assert sorted(path for (path,) in paths) == ["dir/b", "ok.txt"]
    # What matters to everybody else: the archive can still be planned.
    assert propose(sender.workspace).explanation.too_large == []
