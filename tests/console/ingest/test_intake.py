"""Ingest: dossiers, refusals with numbers and reasons, and doing it again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.volume.names import text_from_bytes
from console.ingest import intake, intake_batch
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder, IngestProgress, IngestReport
from console.store.schema import blobs, files, folders, ingests, packages, refusals
from console.store.states import BlobState, FileState, IngestState, PackageState
from console.store.workspace import Workspace, open_workspace

Tree = dict[str, str | None]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = open_workspace(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def plant(root: Path, tree: Tree) -> None:
    """None is an empty folder."""
    for name, content in tree.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)


def take(workspace: Workspace, source: Path, **order: Any) -> IngestReport:
    return ingest(workspace, IngestOrder(source, "F1", "S1", **order))


def rows(workspace: Workspace, *columns: Any) -> list[tuple[Any, ...]]:
    with workspace.store.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(*columns)))


def codes(report: IngestReport) -> dict[str, int]:
    return {refusal.path: refusal.code for refusal in report.refusals}


def landing_is_sound(workspace: Workspace) -> bool:
    """Every content that the store names is in the landing zone and right."""
    names = rows(workspace, files.c.sha256)
    return all(workspace.landing.check(name) >= 0 for (name,) in names)


# --- dossiers -----------------------------------------------------------------------------------


def test_first_level_folders_are_dossiers_and_loose_files_are_one_of_their_own(
    workspace: Workspace, source: Path
) -> None:
    plant(source, {"A/1.txt": "one", "A/deep/2.txt": "two", "B": None, "loose.txt": "three"})
    report = take(workspace, source)
    assert report.state is IngestState.DONE
    columns = (packages.c.dossier, packages.c.folder, packages.c.restore_prefix, packages.c.files)
    assert rows(workspace, *columns, packages.c.state) == [
        ("A", "A", "A", 2, "landed"),
        ("B", "B", "B", 0, "landed"),
        ("source/*", "source", "", 1, "landed"),
    ]
    assert landing_is_sound(workspace)


def test_a_named_dossier_takes_the_whole_folder(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "one", "loose.txt": "three"})
    take(workspace, source, dossier="会议 2025/1")
    columns = (packages.c.dossier, packages.c.folder, packages.c.restore_prefix, packages.c.files)
    assert rows(workspace, *columns) == [("会议 2025/1", "会议 2025_1", "会议 2025_1", 2)]


def test_loose_files_beside_a_folder_of_their_sources_name_get_another_folder(
    workspace: Workspace, source: Path
) -> None:
    plant(source, {"source/1.txt": "one", "loose.txt": "three"})
    take(workspace, source)
    assert rows(workspace, packages.c.folder, packages.c.restore_prefix) == [
        ("source", "source"),
        ("source~2", ""),
    ]


def test_folders_keep_their_times_and_empty_ones_survive(
    workspace: Workspace, source: Path
) -> None:
    plant(source, {"A/empty": None, "A/full/1.txt": "one"})
    os.utime(source / "A" / "empty", ns=(0, -5_000_000_000))
    take(workspace, source)
    found = dict(rows(workspace, folders.c.path, folders.c.mtime_ns))
    assert set(found) == {"", "empty", "full"}
    assert found["empty"] == -5_000_000_000


def test_sectors_grow_with_the_content(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "x" * 1_000_000, "B/1.txt": "x"})
    take(workspace, source)
    found = dict(rows(workspace, packages.c.dossier, packages.c.sectors))
    assert 0 < found["B"] < 20
    assert found["A"] - found["B"] == pytest.approx(1_000_000 // 2_048, abs=2)


def test_both_digests_are_kept_where_the_policy_asks_for_them(
    workspace: Workspace, source: Path
) -> None:
    default = Path(intake.__file__).parents[1] / "planner" / "default_policy.toml"
    text = default.read_text("utf-8").replace('["sha256"]', '["sha256", "sm3"]')
    plant(workspace.data, {"policies/both.toml": text.replace('"default"', '"both"')})
    plant(source, {"A/1.txt": "one"})
    take(workspace, source, policy="both")
    plant(source, {"A/2.txt": "two"})
    take(workspace, source)  # its dossier keeps the policy under which it was made
    assert [len(sm3) for (sm3,) in rows(workspace, files.c.sm3)] == [64, 64]


def test_names_that_are_no_unicode_are_taken(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/" + os.fsdecode(b"\xff\xfe.txt"): "x"})
    take(workspace, source)
    assert rows(workspace, files.c.path) == [(text_from_bytes(b"\xff\xfe.txt"),)]


# --- what is left out ---------------------------------------------------------------------------


def test_what_is_no_file_is_left_out_with_a_reason(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "one"})
    (source / "A" / "link").symlink_to("/etc/passwd")
    (source / "A" / "folder-link").symlink_to("/etc")
    os.mkfifo(source / "A" / "pipe")
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind(str(source / "A" / "s"))
        report = take(workspace, source)
    assert report.state is IngestState.PARTLY
    assert codes(report) == {
        "A/link": 3405,
        "A/folder-link": 3405,
        "A/pipe": 3406,
        "A/s": 3406,
    }
    assert rows(workspace, files.c.path) == [("1.txt",)]
    assert len(rows(workspace, refusals.c.path, refusals.c.code, refusals.c.message)) == 4


def test_a_dossier_that_is_itself_a_link_is_left_out(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "one"})
    (source / "B").symlink_to("A")
    assert codes(take(workspace, source)) == {"B": 3405}


def refuse_to_open(monkeypatch: pytest.MonkeyPatch, name: bytes) -> None:
    """As the system does without the right to read; root always has it."""
    real_open = os.open

    def refuse(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if os.fsencode(path).endswith(name):
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)


def test_an_unreadable_file_is_refused_and_the_rest_goes_on(
    workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(source, {"A/1.txt": "one", "A/2.txt": "two"})
    refuse_to_open(monkeypatch, b"1.txt")
    report = take(workspace, source)
    monkeypatch.undo()
    assert codes(report) == {"A/1.txt": 3407}
    assert "Permission denied" in report.refusals[0].message
    assert rows(workspace, files.c.path) == [("2.txt",)]
    assert take(workspace, source).files_taken == 1


def test_an_unreadable_dossier_is_refused_and_the_rest_goes_on(
    workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(source, {"A/1.txt": "one", "B/2.txt": "two"})
    refuse_to_open(monkeypatch, b"/A")
    assert codes(take(workspace, source)) == {"A": 3407}
    monkeypatch.undo()
    assert rows(workspace, packages.c.dossier, packages.c.state) == [("A", "open"), ("B", "landed")]


class ChangingSource:
    """Does something to the source when a certain file's content passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, marker: bytes, act: Callable[[], None]):
        real_take = intake_batch.Batch.put

        def put(batch: Any, chunks: Any, digests: Any) -> Any:
            return real_take(batch, watched(chunks), digests)

        def watched(chunks: Iterator[memoryview]) -> Iterator[memoryview]:
            for chunk in chunks:
                if bytes(chunk).startswith(marker):
                    act()
                yield chunk

        monkeypatch.setattr(intake_batch.Batch, "put", put)


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite", "replace", "remove"])
def test_a_file_that_changes_while_it_is_read_is_refused_and_the_rest_goes_on(
    workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    plant(source, {"A/1.txt": "unsteady", "A/2.txt": "calm"})
    file = source / "A" / "1.txt"

    def act() -> None:
        if change == "grow":
            file.write_text("unsteady and more")
        elif change == "shrink":
            os.truncate(file, 3)
        elif change == "rewrite":
            file.write_text("UNSTEADY")
        elif change == "replace":
            (source / "other").write_text("unsteady")
            (source / "other").replace(file)
        else:
            file.unlink()

    ChangingSource(monkeypatch, b"unsteady", act)
    report = take(workspace, source)
    assert codes(report) == {"A/1.txt": 3403}
    assert rows(workspace, files.c.path) == [("2.txt",)]
    assert landing_is_sound(workspace)
    assert len(rows(workspace, blobs.c.sha256)) == 1


def test_a_source_that_holds_the_data_folder_is_refused(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "source" / "data")
    with pytest.raises(SteleError, match="3410"):
        take(workspace, tmp_path / "source")


@pytest.mark.parametrize(
    ("fonds", "series", "dossier"),
    [("", "S", None), ("F", " ", None), ("F", "S", "x" * 256), ("F", "a\nb", None)],
)
def test_a_title_that_cannot_be_borne_is_refused(
    workspace: Workspace, source: Path, fonds: str, series: str, dossier: str | None
) -> None:
    plant(source, {"1.txt": "x"})
    with pytest.raises(SteleError, match="3411"):
        ingest(workspace, IngestOrder(source, fonds, series, dossier))
    assert rows(workspace, packages.c.package_id) == []


def test_a_missing_or_empty_source_is_refused(workspace: Workspace, source: Path) -> None:
    for folder in (source, source / "nowhere"):
        with pytest.raises(SteleError, match="3410"):
            take(workspace, folder)


# --- doing it again -----------------------------------------------------------------------------


def test_doing_it_again_takes_nothing_twice(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "one", "B/2.txt": "two", "3.txt": "one"})
    take(workspace, source)
    before = rows(workspace, files), rows(workspace, folders), rows(workspace, blobs)
    again = take(workspace, source)
    assert (again.files_taken, again.files_known) == (0, 3)
    assert (rows(workspace, files), rows(workspace, folders), rows(workspace, blobs)) == before


def test_a_new_file_joins_a_dossier_that_no_plan_has(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "one"})
    take(workspace, source)
    plant(source, {"A/2.txt": "two"})
    assert take(workspace, source).files_taken == 1
    assert rows(workspace, packages.c.files, packages.c.state) == [(2, "landed")]


@pytest.mark.parametrize("state", [PackageState.PLANNED, PackageState.ARCHIVED])
def test_a_dossier_in_a_plan_takes_no_new_files(
    workspace: Workspace, source: Path, state: PackageState
) -> None:
    plant(source, {"A/1.txt": "one"})
    take(workspace, source)
    with workspace.store.begin() as connection:
        connection.execute(packages.update().values(state=state))
    plant(source, {"A/2.txt": "two"})
    assert codes(take(workspace, source)) == {"A/2.txt": 3408}
    assert rows(workspace, files.c.path) == [("1.txt",)]


def test_a_changed_file_of_a_landed_dossier_is_refused(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "one"})
    take(workspace, source)
    plant(source, {"A/1.txt": "another"})
    assert codes(take(workspace, source)) == {"A/1.txt": 3404}
    assert rows(workspace, packages.c.state) == [("landed",)]
    plant(source, {"A/1.txt": "one"})  # the old content under a new time is the same file
    assert take(workspace, source).files_known == 1


def test_a_change_that_keeps_size_and_time_is_found_by_reading_again(
    workspace: Workspace, source: Path
) -> None:
    file = source / "A" / "1.txt"
    plant(source, {"A/1.txt": "one"})
    os.utime(file, ns=(1, 1))
    take(workspace, source)
    plant(source, {"A/1.txt": "two"})
    os.utime(file, ns=(1, 1))
    assert take(workspace, source).files_known == 1
    assert codes(take(workspace, source, reread=True)) == {"A/1.txt": 3404}


def test_a_damaged_landing_file_is_healed(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.txt": "one", "A/2.txt": "two"})
    take(workspace, source)
    (sha256,) = rows(workspace, files.c.sha256)[0]
    with workspace.store.begin() as connection:
        for table, state in (
            (blobs, BlobState.DAMAGED),
            (files, FileState.DAMAGED),
        ):
            connection.execute(table.update().where(table.c.sha256 == sha256).values(state=state))
        connection.execute(packages.update().values(state=PackageState.DAMAGED))
    Path(workspace.landing._path(sha256)).write_bytes(b"rot")
    report = take(workspace, source)
    assert (report.files_taken, report.files_known) == (1, 1)
    assert landing_is_sound(workspace)
    assert rows(workspace, packages.c.state) == [("landed",)]
    assert rows(workspace, files.c.state) == [("landed",), ("landed",)]


def test_what_an_ingest_that_broke_off_left_is_completed(
    workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(source, {f"A/{n}.txt": f"content {n}" for n in range(10)})
    monkeypatch.setattr(intake_batch, "FILES_MAX", 3)

    def pull_plug(progress: IngestProgress) -> None:
        if progress.files_done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(workspace, IngestOrder(source, "F1", "S1"), pull_plug)
    assert rows(workspace, packages.c.state) == [("open",)]
    assert 0 < len(rows(workspace, files.c.path)) < 10
    assert landing_is_sound(workspace)
    (state, code) = rows(workspace, ingests.c.state, ingests.c.error_code)[0]
    assert (state, code) == ("failed", 5000)

    plant(source, {"A/0.txt": "a newer content"})  # nothing of it was promised yet
    report = take(workspace, source)
    assert report.files_refused == 0
    assert rows(workspace, packages.c.state, packages.c.files) == [("landed", 10)]
    assert landing_is_sound(workspace)


_CHILD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from console.ingest import intake_batch
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.store.workspace import open_workspace
intake_batch.FILES_MAX = 20
def progress(now):
    if now.files_done == 300:
        print("half", flush=True)
        sys.stdin.read()
workspace = open_workspace(Path(sys.argv[1]))
ingest(workspace, IngestOrder(Path(sys.argv[2]), "F1", "S1"), progress)
"""


def test_an_ingest_killed_half_way_leaves_nothing_broken(
    workspace: Workspace, source: Path
) -> None:
    plant(source, {f"{n % 7}/{n}.txt": f"content {n % 500}" for n in range(600)})
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(workspace.data), str(source)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"half\n"
    child.send_signal(signal.SIGKILL)
    child.communicate()
    taken = len(rows(workspace, files.c.path))
    assert 0 < taken < 600
    assert landing_is_sound(workspace)

    assert rows(workspace, ingests.c.state) == [("running",)]
    report = take(workspace, source)
    assert rows(workspace, ingests.c.state) == [("done",), ("failed",)]
    assert report.files_taken == 600 - taken
    assert rows(workspace, sa.func.count(files.c.file_id)) == [(600,)]
    assert {state for (state,) in rows(workspace, packages.c.state)} == {"landed"}
    assert rows(workspace, sa.func.count(blobs.c.sha256)) == [(500,)]
    assert landing_is_sound(workspace)


def test_a_full_landing_zone_ends_the_ingest_and_what_is_in_stays(
    workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(source, {"A/1.txt": "one", "B/2.txt": "two"})
    real_open = Path.open
    opened: list[Path] = []

    def fill(path: Path, *mode: Any, **named: Any) -> Any:
        opened.append(path)
        if len(opened) > 1:
            raise OSError(28, "No space left on device", path)
        return real_open(path, *mode, **named)

    monkeypatch.setattr(Path, "open", fill)
    with pytest.raises(SteleError) as caught:
        take(workspace, source)
    assert caught.value.code == 3412
    assert rows(workspace, ingests.c.state, ingests.c.error_code) == [("failed", 3412)]
    monkeypatch.undo()
    assert take(workspace, source).files_refused == 0
    assert landing_is_sound(workspace)


def test_a_large_file_shows_how_it_comes_in(workspace: Workspace, source: Path) -> None:
    plant(source, {"A/1.bin": "x" * (3 << 20)})
    seen: list[tuple[int, int]] = []

    def look(now: IngestProgress) -> None:
        seen.append((now.files_done, now.bytes_done))

    ingest(workspace, IngestOrder(source, "F1", "S1"), look)
    assert seen == [(0, 1 << 20), (0, 2 << 20), (1, 3 << 20)]


def test_two_ingests_of_one_folder_at_once_take_every_file_once(
    workspace: Workspace, source: Path
) -> None:
    plant(source, {f"{n % 5}/{n}.txt": f"content {n}" for n in range(200)})
    with ThreadPoolExecutor(2) as both:
        reports = list(both.map(lambda _: take(workspace, source), range(2)))
    assert [report.state for report in reports] == [IngestState.DONE] * 2
    assert rows(workspace, sa.func.count(files.c.file_id)) == [(200,)]
    found = rows(workspace, packages.c.files, packages.c.state)
    assert found == [(40, "landed")] * 5
    assert landing_is_sound(workspace)


def test_small_files_are_taken_in_batches(
    workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Syncs are what costs: hundreds of dossiers share a few."""
    plant(source, {f"{n}/1.txt": f"content {n}" for n in range(300)})
    syncs: list[float] = []
    real_sync = workspace.landing.sync

    def counted() -> None:
        syncs.append(time.monotonic())
        real_sync()

    monkeypatch.setattr(workspace.landing, "sync", counted)
    take(workspace, source)
    assert len(syncs) <= 4
