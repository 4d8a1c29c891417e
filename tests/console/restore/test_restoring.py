"""Restoring: bit for bit, with times, resumable, never over another file unless asked to."""

import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.catalogue.selection import ChosenPackage, Selection
from console.client import restoring, watching
from console.client.finding import console_on
from console.client.restoring import restore
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.processes import READY_FILE
from console.restore.layout import places
from console.restore.report import RestoreOrder, RestoreReport
from console.store.schema import blobs, delivered, files, request_files, requests
from console.store.workspace import Workspace, open_workspace

TREE: dict[str, bytes | None] = {
    "A/1.txt": b"one",
    "A/deep/2.bin": bytes(range(256)) * 9_000,
    "A/empty": None,
    "B/1.txt": b"one",
    "loose.txt": b"loose",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    for number, (name, content) in enumerate(TREE.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir()
        else:
            path.write_bytes(content)
        os.utime(path, ns=(0, number * 10**15 - 10**14 + 123_456_789))
    for folder in ("A/deep", "A", "B", "."):
        os.utime(root / folder, ns=(0, 10**18 + len(folder)))
    return root


@pytest.fixture
def workspace(tmp_path: Path, source: Path) -> Iterator[Workspace]:
    opened = open_workspace(tmp_path / "data")
    ingest(opened, IngestOrder(source, "F1", "S1"))
    yield opened
    opened.close()


def bring(workspace: Workspace, to: Path, **order: object) -> RestoreReport:
    client = console_on(workspace.data, lambda: workspace)
    return restore(client, RestoreOrder(Selection(), to, **order))  # type: ignore[arg-type]


def picture(root: Path) -> dict[str, tuple[int, bytes | None]]:
    """Every file and folder with its time and content."""
    found = {".": (root.stat().st_mtime_ns, None)} | {
        str(path.relative_to(root)): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else None,
        )
        for path in root.rglob("*")
    }
    return dict(found)


def empty_landing_zone(workspace: Workspace) -> None:
    with workspace.store.begin() as connection:
        for (sha256,) in connection.execute(sa.select(blobs.c.sha256)):
            workspace.landing.release(sha256)
        connection.execute(blobs.update().values(state="released"))


def test_a_restored_tree_equals_its_source(
    workspace: Workspace, source: Path, tmp_path: Path
) -> None:
    report = bring(workspace, tmp_path / "out")
    assert (report.files_written, report.files_failed, report.request_id) == (4, 0, None)
    assert picture(tmp_path / "out") == picture(source)


def test_doing_it_again_writes_only_what_is_missing(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    bring(workspace, out)
    (out / "B" / "1.txt").unlink()
    report = bring(workspace, out)
    assert (report.files_written, report.files_there) == (1, 3)


def test_another_file_of_that_name_is_kept_unless_overwriting(
    workspace: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "A").mkdir(parents=True)
    (out / "A" / "1.txt").write_text("mine")
    report = bring(workspace, out)
    assert [(failure.path, failure.code) for failure in report.failures] == [("A/1.txt", 3107)]
    assert (out / "A" / "1.txt").read_text() == "mine"
    assert bring(workspace, out, overwrite=True).files_failed == 0
    assert (out / "A" / "1.txt").read_bytes() == b"one"


def test_nothing_is_written_through_a_link_out_of_the_destination(
    workspace: Workspace, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "A").symlink_to(elsewhere)
    with pytest.raises(Exception, match="3109"):
        bring(workspace, tmp_path / "out", overwrite=True)
    assert list(elsewhere.iterdir()) == []


def test_a_landing_file_that_changed_is_not_delivered(
    workspace: Workspace, source: Path, tmp_path: Path
) -> None:
    with workspace.store.connect() as connection:
        path = files.c.path == "deep/2.bin"
        sha256 = connection.scalar(sa.select(files.c.sha256).where(path))
    landed = Path(workspace.landing._path(str(sha256)))
    landed.write_bytes(bytes(landed.stat().st_size))
    report = bring(workspace, tmp_path / "out")
    assert [(failure.path, failure.code) for failure in report.failures] == [("A/deep/2.bin", 5413)]
    assert not (tmp_path / "out" / "A" / "deep" / "2.bin").exists()
    assert report.files_written == 3


class Discs:
    """Plays the worker and an appliance: delivers what requests ask for."""

    def __init__(self, workspace: Workspace, source: Path, *, fail: str = "") -> None:
        self._workspace = workspace
        self._source = source
        self._fail = fail
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        (workspace.data / READY_FILE).write_text(str(os.getpid()))

    def __enter__(self) -> "Discs":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.02):
            self._serve()

    def _serve(self) -> None:
        for path in self._source.rglob("*"):
            if path.is_file():
                with path.open("rb") as stream:
                    self._deliver(self._workspace.delivered.put(stream).sha256)

    def _deliver(self, sha256: str) -> None:
        now = datetime.now(UTC)
        row = {"size_bytes": 0, "delivered_at": now, "expires_at": now + timedelta(days=1)}
        with self._workspace.store.begin() as connection:
            if not connection.scalar(sa.select(requests.c.request_id)):
                return
            connection.execute(delivered.delete().where(delivered.c.sha256 == sha256))
            connection.execute(delivered.insert(), {"sha256": sha256, **row})
            wanted = sa.select(files.c.file_id).where(files.c.sha256 == sha256)
            failed = sa.select(files.c.file_id).where(files.c.path == self._fail)
            changes = request_files.update().where(request_files.c.file_id.in_(wanted))
            connection.execute(changes.values(state="ready"))
            changes = request_files.update().where(request_files.c.file_id.in_(failed))
            connection.execute(changes.values(state="failed", error_code=5300))


def test_what_only_discs_hold_is_asked_for(
    workspace: Workspace, source: Path, tmp_path: Path
) -> None:
    empty_landing_zone(workspace)
    with Discs(workspace, source):
        report = bring(workspace, tmp_path / "out")
    assert report.request_id is not None
    assert (report.files_written, report.files_failed) == (4, 0)
    assert picture(tmp_path / "out") == picture(source)


def test_from_media_asks_for_what_is_at_hand_too(
    workspace: Workspace, source: Path, tmp_path: Path
) -> None:
    with Discs(workspace, source):
        report = bring(workspace, tmp_path / "out", from_media=True)
    with workspace.store.connect() as connection:
        (request,) = connection.execute(sa.select(requests))
    assert (request.request_id, request.from_media, request.files) == (report.request_id, True, 4)


def test_what_no_disc_delivers_fails_alone(
    workspace: Workspace, source: Path, tmp_path: Path
) -> None:
    empty_landing_zone(workspace)
    with Discs(workspace, source, fail="loose.txt"):
        report = bring(workspace, tmp_path / "out")
    assert [(failure.path, failure.code) for failure in report.failures] == [("loose.txt", 5300)]
    assert report.files_written == 3


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (lambda data, patch: patch.setattr(watching, "PATIENCE_S", 0.05), 5410),
        (lambda data, _: (data / READY_FILE).write_text(str(os.getpid())), 5411),
    ],
)
def test_waiting_has_an_end(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Path, pytest.MonkeyPatch], None],
    code: int,
) -> None:
    monkeypatch.setattr(restoring, "POLL_S", 0.02)
    prepare(workspace.data, monkeypatch)
    with pytest.raises(SteleError) as caught:
        bring(workspace, tmp_path / "out", from_media=True, wait_s=0.2)
    assert caught.value.code == code


def package(number: int, series: str, folder: str, prefix: str) -> ChosenPackage:
    return ChosenPackage(f"p{number}", "F", series, folder, prefix)


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        ([package(1, "S", "A", "A"), package(2, "S", "src", "")], ["A", ""]),
        ([package(1, "S", "A~2", "A")], ["A"]),
        ([package(1, "S", "x", ""), package(2, "S", "y", "")], ["x", "y"]),
        ([package(1, "S", "a_b", "a_b"), package(2, "S", "a_b~2", "a_b")], ["a_b", "a_b~2"]),
        ([package(1, "S/1", "A", "A"), package(2, "T", "A", "A")], ["F/S_1/A", "F/T/A"]),
        ([package(1, "S", "x", ""), package(2, "T", "y", "")], ["F/S", "F/T"]),
    ],
)
def test_every_package_gets_a_place_of_its_own(
    packages: list[ChosenPackage], expected: list[str]
) -> None:
    assert list(places({p.package_id: p for p in packages}).values()) == expected
