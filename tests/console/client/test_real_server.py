"""Commands and uploads over a real server: from afar with a limited token, killed in the middle."""

import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance.contract.errors import SteleError
from console.access.scopes import Scope
from console.cli import main
from console.client.client import Client
from console.client.finding import console_at
from console.client.transport import LostError
from console.rules.namespaces import put_namespace
from console.store.schema import files, packages
from console.store.workspace import open_workspace
from tests.console.client.server import Server
from tests.console.ingest.folders import landing_is_sound, rows
from tests.console.ingest.tars import header, pax, tar_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    made.start()
    yield made
    made.kill()


def type_in(server: Server, token: str, *words: str | Path, code: int = 0) -> Any:
    argv = ["--url", server.url, *map(str, words), "--json"]
    result = CliRunner(env={"STELE_TOKEN": token}).invoke(main, argv, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def begin(client: Client, **order: str) -> str:
    what = {"fonds": "F", "series": "S", "source": "papers", **order}
    found = client.ask("POST", "/ingests", dict[str, Any], body=what)
    return str(found["ingest_id"])


def test_a_person_elsewhere_with_a_limited_token(server: Server, tmp_path: Path) -> None:
    workspace = open_workspace(server.data)
    put_namespace(workspace, "court", title="Court", policy="default", by="me")
    workspace.close()
    scopes = (Scope.INGEST, Scope.READ, Scope.RETRIEVE)
    token = server.token("court's clerk", *scopes, namespaces=["court"])
    bag = tmp_path / "bag"
    contents = {"会议/一.txt": b"one", "A/deep/2": b"two" * 1000, "big/x": os.urandom(40 << 20)}
    lines = []
    for name, content in contents.items():
        path = bag / "data" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        os.utime(path, ns=(0, 1_234_567_890_123_456_789))
        lines.append(f"{hashlib.sha256(content).hexdigest()}  data/{name}\n")
    (bag / "data" / "A" / "link").symlink_to("/etc/passwd")
    (bag / "data" / "A" / "wrong").write_text("not what was promised")
    lines += [f"{'0' * 64}  data/A/wrong\n", f"{'1' * 64}  data/A/missing\n"]
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (bag / "manifest-sha256.txt").write_text("".join(lines))
    about = tmp_path / "about.csv"
    about.write_text("dossier,path,title,year\n会议,,Meetings,1998\n会议,一.txt,First,\n")

    order = ("ingest", bag, "--fonds", "F", "--series", "S", "--metadata", about)
    type_in(server, token, *order, code=1)  # into `default`, which is not open to it
    taken = type_in(server, token, *order, "--namespace", "court", code=3)
    assert taken["files_taken"] == 3
    assert {one["path"]: one["code"] for one in taken["refusals"]} == {
        "A/link": 3405,
        "A/wrong": 3413,
        "A/missing": 3418,
    }
    (bag / "data" / "A" / "wrong").unlink()
    again = type_in(server, token, *order, "--namespace", "court", code=3)
    assert (again["files_taken"], again["files_known"]) == (0, 3)
    found = type_in(server, token, "find", "First")
    assert [hit["path"] for hit in found["files"]] == ["一.txt"]
    for words, number in ((("plan",), 4074), (("status",), 4075), (("tokens",), 4074)):
        assert type_in(server, token, *words, code=1)["error"]["code"] == number
    out = tmp_path / "out"
    back = type_in(server, token, "restore", "--all", "--to", out)
    assert back["files_written"] == 3
    for name, content in contents.items():
        assert (out / name).read_bytes() == content
        assert (out / name).stat().st_mtime_ns == 1_234_567_890_123_456_789
    # What is there is left alone; what is cut off is fetched again.
    (out / "big" / "x").write_bytes(b"half")
    back = type_in(server, token, "restore", "--all", "--overwrite", "--to", out)
    assert (back["files_written"], back["files_there"]) == (1, 2)
    wrong = type_in(server, "stele-nonsense", "plans", code=1)
    assert wrong["error"]["code"] in (4071, 4072)


def test_a_console_that_is_away_is_told(server: Server) -> None:
    server.kill()
    client = console_at(server.url, "x", patience_s=0.1)
    with pytest.raises(SteleError) as caught:
        client.ask("GET", "/plans", dict[str, Any])
    assert caught.value.code == 5415
    result = CliRunner().invoke(main, ["--url", server.url, "plans"], env={"STELE_TOKEN": ""})
    assert "error 5417" in result.stderr


def test_a_server_killed_in_a_stream_and_in_an_upload_loses_nothing(
    server: Server, tmp_path: Path
) -> None:
    """Whatever was acknowledged is there; the same list says what is still wanted."""
    client = console_at(server.url, server.token("clerk", Scope.INGEST))
    ingest = begin(client)
    names = [f"A/{n:04}" for n in range(3_000)]
    when = 1_700_000_000 * 10**9
    listing = [{"path": name, "size_bytes": 5, "mtime_ns": when} for name in names]
    tar = tar_of({name: name[-5:].encode() for name in names})
    path = f"/ingests/{ingest}"
    client.send_lines(f"{path}/listing", dict[str, Any], listing)
    half = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield tar[: len(tar) // 2]
        half.set()
        end = time.monotonic() + 30
        while time.monotonic() < end and server._process is not None:
            time.sleep(0.01)
        yield tar[len(tar) // 2 :]

    def cut_power() -> None:
        half.wait()
        _when_some_are_in(server)
        server.kill()

    killer = threading.Thread(target=cut_power)
    killer.start()
    with pytest.raises(LostError):
        client.send("POST", f"{path}/contents", dict[str, Any], pieces(), "application/x-tar")
    killer.join()
    server.start()
    answer = client.send_lines(f"{path}/listing", dict[str, Any], listing)
    assert 0 < len(answer["wanted"]) < 3_000
    rest = tar_of({name: name[-5:].encode() for name in answer["wanted"]})
    client.send("POST", f"{path}/contents", dict[str, Any], rest, "application/x-tar")

    content = os.urandom(80 << 20)
    new = {
        "path": "B/big",
        "size_bytes": len(content),
        "mtime_ns": 0,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    upload = client.ask("POST", f"{path}/uploads", dict[str, Any], body=new)
    where = f"/uploads/{upload['upload_id']}"

    def broken() -> Iterator[bytes]:
        yield content[: 70 << 20]
        while client.ask("GET", where, dict[str, Any])["offset_bytes"] < 64 << 20:
            time.sleep(0.01)
        server.kill()
        yield content[70 << 20 :]

    octets = "application/octet-stream"
    headers = {"Upload-Offset": "0"}
    with pytest.raises(LostError):
        client.send("PATCH", where, dict[str, Any], broken(), octets, headers=headers)
    server.start()
    stands = client.ask("GET", where, dict[str, Any])["offset_bytes"]
    assert stands >= 64 << 20
    headers = {"Upload-Offset": str(stands)}
    done = client.send("PATCH", where, dict[str, Any], content[stands:], octets, headers=headers)
    assert done["state"] == "done"
    report = client.ask("POST", f"{path}/complete", dict[str, Any], repeatable=True)
    assert (report["state"], report["files_taken"]) == ("done", 3_001)
    workspace = open_workspace(server.data)
    assert len(rows(workspace, files.c.path)) == 3_001
    assert rows(workspace, packages.c.state) == [("landed",)] * 2
    assert landing_is_sound(workspace)
    workspace.close()


def _when_some_are_in(server: Server) -> None:
    workspace = open_workspace(server.data)
    end = time.monotonic() + 20
    while not rows(workspace, files.c.path)[:1]:
        assert time.monotonic() < end
        time.sleep(0.02)
    workspace.close()


def test_two_who_send_one_upload_end_with_one_right_file(server: Server) -> None:
    client = console_at(server.url, server.token("clerk", Scope.INGEST))
    ingest = begin(client)
    content = os.urandom(24 << 20)
    digest = hashlib.sha256(content).hexdigest()
    new = {"path": "A/1", "size_bytes": len(content), "mtime_ns": 0, "sha256": digest}
    upload = client.ask("POST", f"/ingests/{ingest}/uploads", dict[str, Any], body=new)
    where, octets = f"/uploads/{upload['upload_id']}", "application/octet-stream"
    begun, second_done = threading.Event(), threading.Event()

    def slow() -> Iterator[bytes]:
        for start in range(0, len(content) - 1, 1 << 18):
            yield content[start : start + (1 << 18)]
            begun.set()
            if second_done.wait(0.05):
                return

    failed: list[int] = []

    def first() -> None:
        other = console_at(server.url, server.token("another", Scope.INGEST))
        headers = {"Upload-Offset": "0"}
        try:
            other.send("PATCH", where, dict[str, Any], slow(), octets, headers=headers)
        except SteleError as error:
            failed.append(error.code)

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait()
    state = "waiting"
    while state == "waiting":
        stands = client.ask("GET", where, dict[str, Any])["offset_bytes"]
        try:
            headers = {"Upload-Offset": str(stands)}
            rest = content[stands:]
            sent = client.send("PATCH", where, dict[str, Any], rest, octets, headers=headers)
            state = sent["state"]
        except SteleError as error:
            if error.code != 3424:
                raise
    second_done.set()
    thread.join()
    assert state == "done"
    assert failed
    client.ask("POST", f"/ingests/{ingest}/complete", dict[str, Any])
    workspace = open_workspace(server.data)
    assert landing_is_sound(workspace)
    workspace.close()


def test_hostile_streams_do_not_cost_memory(server: Server) -> None:
    client = console_at(server.url, server.token("clerk", Scope.INGEST))
    ingest = begin(client)
    path = f"/ingests/{ingest}/contents"
    before = server.peak_rss_mb()

    def sends(stream: Iterator[bytes]) -> int:
        try:
            client.send("POST", path, dict[str, Any], stream, "application/x-tar")
        except SteleError as error:
            return error.code
        return 0

    zeros = bytes(1 << 20)
    huge_header = (pax([("path", b"x")], said_size=2 << 30), *[zeros] * 64)
    assert sends(iter(huge_header)) in (3421, 5415)
    link = header("A/l", kind=b"2", link="/etc/passwd")
    assert sends(iter([link * 2_000] * 30)) == 0
    big = [header("A/big", size=300 << 20), *[zeros] * 300, bytes(1024)]
    assert sends(iter(big)) == 0
    assert server.peak_rss_mb() - before < 150


def test_tar_through_curl(server: Server, tmp_path: Path) -> None:
    (tmp_path / "in" / "A").mkdir(parents=True)
    (tmp_path / "in" / "A" / "1.txt").write_text("one")
    token = server.token("clerk", Scope.INGEST)
    client = console_at(server.url, token)
    ingest = begin(client)
    url = f"{server.url}/api/v1/ingests/{ingest}/contents"
    for how in ("--data-binary @-", "-X POST -T -"):
        shell = f"tar --format=pax -C {tmp_path}/in -c . | curl -sf -H 'Authorization: Bearer "
        shell += f"{token}' {how} {url}"
        done = subprocess.run(shell, shell=True, check=False, capture_output=True)
        assert json.loads(done.stdout)["files_refused"] == 0, done
    report = client.ask("POST", f"/ingests/{ingest}/complete", dict[str, Any])
    assert (report["files_taken"], report["files_known"]) == (1, 1)
