"""Which dossiers a folder becomes, and what is kept of each."""

import os
from pathlib import Path

import pytest

from appliance.volume.names import text_from_bytes
from console.rules.policy_text import default_text
from console.store.schema import files, folders, packages
from console.store.states import IngestState
from console.store.workspace import Workspace
from tests.console.ingest.folders import landing_is_sound, plant, rows, take


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
    text = default_text().replace('["sha256"]', '["sha256", "sm3"]')
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
