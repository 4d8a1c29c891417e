"""Metadata files: what they say, and bad rows by their numbers."""

from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.commands.metadata import read_metadata
from console.ingest.listing import Told


def write(tmp_path: Path, name: str, text: str) -> Path:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    return file


def test_a_csv_describes_dossiers_and_files(tmp_path: Path) -> None:
    text = "\ufeffdossier,path,title,year,retention,creator\n"
    text += '会议,,Meetings,1998,10 years,Office\n会议,一.txt,"First, of all",,,\n,B/1,Loose,,,\n'
    assert read_metadata(write(tmp_path, "m.csv", text)) == [
        Told("会议", None, "Meetings", {"creator": "Office"}, 1998, "10 years"),
        Told(None, "会议/一.txt", "First, of all"),
        Told(None, "B/1", "Loose"),
    ]


def test_json_may_hold_several_texts(tmp_path: Path) -> None:
    text = '[{"dossier": "A", "year": 1998, "description": {"subject": ["x", "y"]}}]'
    told = read_metadata(write(tmp_path, "m.json", text))
    assert told == [Told("A", None, None, {"subject": ["x", "y"]}, 1998)]


def test_bad_rows_are_named_by_their_numbers(tmp_path: Path) -> None:
    text = "dossier,path,year\nA,,1998\nB,,soon\n,,1\nC,1.txt,1998\nD,,1,too,many\n"
    with pytest.raises(SteleError) as caught:
        read_metadata(write(tmp_path, "m.csv", text))
    assert caught.value.code == 5440
    message = caught.value.message
    assert message.startswith("4 rows of ")
    for number in ("line 3: the year 'soon'", "line 4: ", "line 5: ", "line 6: "):
        assert number in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", ""),
        ("m.csv", "title\nx\n"),
        ("m.csv", "dossier,dossier\nx,y\n"),
        ("m.json", "{}"),
        ("m.json", "[1]"),
        ("m.json", "[{"),
        ("m.json", '[{"dossier": "A", "description": {"x": 1}}]'),
    ],
)
def test_what_is_no_metadata_is_refused(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SteleError) as caught:
        read_metadata(write(tmp_path, name, text))
    assert caught.value.code == 5440


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SteleError) as caught:
        read_metadata(tmp_path / "nowhere.csv")
    assert caught.value.code == 5440
