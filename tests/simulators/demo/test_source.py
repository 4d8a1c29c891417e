"""What the demo refuses before it starts anything."""

from pathlib import Path

import pytest

from simulators.demo.processes import DemoError
from simulators.demo.source import check_folders


def test_folders_that_cannot_work_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "work"))
    source, out = tmp_path / "source", tmp_path / "out"
    (tmp_path / "work").mkdir()
    for folder, into, why in (
        (source, out, "no folder"),
        (tmp_path / "work", out, "nothing to archive"),
        (tmp_path, out, "lies in SOURCE: set TMPDIR"),
    ):
        with pytest.raises(DemoError, match=why):
            check_folders(folder, into)
    source.mkdir()
    (source / "file").touch()
    with pytest.raises(DemoError, match="lies in SOURCE, which"):
        check_folders(source, source / "out")
    check_folders(source, out)
    (out / "old").touch()
    with pytest.raises(DemoError, match="not an empty folder"):
        check_folders(source, out)
