"""An ingest that ends early: broken off, killed, or out of space. What is in stays."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.ingest import intake_batch
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder, IngestProgress
from console.store.schema import blobs, files, ingests, packages
from console.store.workspace import Workspace
from tests.console.ingest.folders import landing_is_sound, plant, rows, take


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
