"""How an ingest goes: in batches, with its progress, and beside another one."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from console.ingest.intake import ingest
from console.ingest.report import IngestOrder, IngestProgress
from console.store.schema import files, packages
from console.store.states import IngestState
from console.store.workspace import Workspace
from tests.console.ingest.folders import landing_is_sound, plant, rows, take


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
