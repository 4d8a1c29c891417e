"""What a folder's name becomes on screens and labels."""

from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.ingest.dossiers import find_dossiers
from console.ingest.titles import check_title, title_for


@pytest.mark.parametrize(
    ("folder", "title"),
    [
        ("会议记录", "会议记录"),
        ("new\nline", "new␊line"),
        ("\x1b[31mred\x7f", "␛[31mred␡"),
        ("c1\x85", "c1<U+0085>"),
        ("  ", "␠␠"),
    ],
)
def test_a_folder_of_any_name_has_a_title(folder: str, title: str) -> None:
    assert title_for(folder) == check_title("dossier", title)


def test_the_folder_itself_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "new\nline").mkdir()
    [dossier] = find_dossiers(tmp_path)
    assert dossier.place[:2] == ("new␊line", "new\nline")
    assert dossier.place.restore_prefix == "new\nline"


def test_folders_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a\n").mkdir()
    (tmp_path / "a␊").mkdir()
    with pytest.raises(SteleError, match="control characters only"):
        find_dossiers(tmp_path)
