"""Ingesting a folder again: nothing twice, nothing exchanged behind a plan, damage healed."""

import os
from pathlib import Path

import pytest

from console.store.schema import blobs, files, folders, packages
from console.store.states import BlobState, FileState, PackageState
from console.store.workspace import Workspace
from tests.console.ingest.folders import codes, landing_is_sound, plant, rows, take


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
