"""Names in a ZIP: none leaves its folder, none is lost, none meets another."""

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.delivery.safe_names import NAME_BYTES_MAX, PATH_BYTES_MAX, SafePaths, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("报告 1950.tif", "报告 1950.tif"),
        ("..", "_"),
        (".", "_"),
        (".hidden", ".hidden"),
        ("C:", "C_"),
        ("a\\..\\b", "a_.._b"),
        ("con.txt", "_con.txt"),
        ("COM1", "_COM1"),
        ("console.txt", "console.txt"),
        ("ends. ", "ends_"),
        ("bell\a\n", "bell__"),
        ("\uf7e9t\uf7e9", "%E9t%E9"),
        ("right\u202eto-left.exe", "right_to-left.exe"),
    ],
)
def test_names_are_changed_only_where_they_must(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_neighbours_that_differ_in_case_or_accents_get_numbers() -> None:
    paths = SafePaths(taken=["manifest.json"])
    given_names = ["A/x.txt", "a/x.txt", "A/X.TXT", "A/é", "A/e\u0301", "manifest.json"]
    assert [paths.file(name) for name in given_names] == [
        "A/x.txt",
        "a~2/x.txt",
        "A/X~2.TXT",
        "A/é",
        "A/e\u0301~2",
        "manifest~2.json",
    ]


def test_a_file_and_a_folder_never_share_a_name() -> None:
    paths = SafePaths()
    assert paths.folder("Minutes") == "Minutes"
    assert paths.file("minutes") == "minutes~2"
    assert paths.file("Minutes/1") == "Minutes/1"


def test_a_path_a_thousand_folders_deep_is_put_aside() -> None:
    paths = SafePaths()
    deep = "/".join(["folder"] * 1_000)
    first, second = paths.file(f"{deep}/end.txt"), paths.file(f"{deep}/END.txt")
    assert len(first.encode()) <= PATH_BYTES_MAX + NAME_BYTES_MAX
    assert first.startswith("long-paths/")
    assert first.casefold() != second.casefold()


_hostile = st.text(
    st.sampled_from('aAéE\u0301.. /\\:*?<>|"\0\x1f~2\uf7e9CcOoNn\u202e档'), max_size=24
)


@given(st.lists(_hostile, max_size=12, unique=True))
@example(["../../etc/passwd", "/etc/passwd", "C:\\Windows\\x", "..\\x", "a/./b", "a//b", ""])
def test_whatever_the_names_are_all_stay_inside_and_apart(names: list[str]) -> None:
    paths = SafePaths()
    found = [paths.file(name) for name in names]
    keys = {unicodedata.normalize("NFC", path.casefold()) for path in found}
    assert len(keys) == len(names)
    for path in found:
        parts = path.split("/")
        assert all(part and part.strip(". ") == part.lstrip(". ").rstrip(". ") for part in parts)
        assert not {"", ".", ".."} & set(parts)
        assert not PurePosixPath(path).is_absolute()
        assert not PureWindowsPath(path).drive
        assert not PureWindowsPath(path).root
        assert not re.search(r'[\x00-\x1f<>:"\\|?*]', path)
        assert not any(PureWindowsPath(part).is_reserved() for part in parts)
        folders = {"/".join(parts[:depth]).casefold() for depth in range(1, len(parts))}
        assert not folders & {other.casefold() for other in found}
