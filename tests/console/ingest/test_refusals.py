"""What is left out of an ingest: with a number and a reason, and the rest goes on."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.contract.errors import SteleError
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.store.landing.folder import FolderBatch
from console.store.schema import blobs, files, packages, refusals
from console.store.states import IngestState
from console.store.workspace import Workspace, open_workspace
from tests.console.ingest.folders import codes, landing_is_sound, plant, rows, take


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


def act_while_reading(
    monkeypatch: pytest.MonkeyPatch, marker: bytes, act: Callable[[], None]
) -> None:
    """Do something to the source when the content that begins with `marker` passes."""
    real_put = FolderBatch.put

    def put(batch: Any, chunks: Any, digests: Any) -> Any:
        return real_put(batch, watched(chunks), digests)

    def watched(chunks: Iterator[memoryview]) -> Iterator[memoryview]:
        for chunk in chunks:
            if bytes(chunk).startswith(marker):
                act()
            yield chunk

    monkeypatch.setattr(FolderBatch, "put", put)


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

    act_while_reading(monkeypatch, b"unsteady", act)
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
