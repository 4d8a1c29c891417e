"""What is true of a landing zone in a folder alone."""

import errno
import io
import os
from pathlib import Path

import pytest

from console.store.landing import LandingError, open_landing
from console.store.landing.folder import FolderLanding


@pytest.fixture
def landing(tmp_path: Path) -> FolderLanding:
    return FolderLanding(tmp_path / "landing")


def test_only_old_temporary_files_are_swept(landing: FolderLanding, tmp_path: Path) -> None:
    old, young = (tmp_path / "landing" / "incoming" / name for name in ("old", "young"))
    for path in (old, young):
        path.touch()
    os.utime(old, (1, 1))
    assert landing.sweep() == 1
    assert [path.name for path in old.parent.iterdir()] == ["young"]


def test_a_full_disk_has_a_number(landing: FolderLanding, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("console.store.landing.folder.sync_filesystem", full)
    with pytest.raises(LandingError, match="No space left") as caught:
        landing.put(io.BytesIO(b"x"))
    assert caught.value.code == 3412


def test_a_folder_that_cannot_be_made_has_a_number(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LandingError) as caught:
        open_landing(str(tmp_path / "file" / "landing"))
    assert caught.value.code == 3412
