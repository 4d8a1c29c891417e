"""Name text: every byte string has exactly one text, which gives the bytes back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.volume import VolumeError
from appliance.volume.disc_names import aliases, needs_alias
from appliance.volume.names import bytes_from_text, check_path, is_canonical, text_from_bytes
from appliance.volume.udf import cs0

NASTY_BYTES = st.lists(
    st.sampled_from(
        [b"a", b"\xc3\xa9", b"\xff", b"\x80", b"\xef\x9e\x80", b"\xef\x9f\xbf", b"\xed\xa0\x80"]
    )
).map(b"".join)


@given(st.one_of(st.binary(max_size=40), NASTY_BYTES))
def test_any_bytes_come_back_from_valid_unicode(raw: bytes) -> None:
    text = text_from_bytes(raw)
    text.encode("utf-8")
    assert bytes_from_text(text) == raw
    assert is_canonical(text)


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_canonical_texts_never_stand_for_the_same_name(one: str, other: str) -> None:
    if one != other and is_canonical(one) and is_canonical(other):
        assert bytes_from_text(one) != bytes_from_text(other)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"bad\xff", "bad\uf7ff"),
        ("\uf780".encode(), "\uf7ef\uf79e\uf780"),
        ("档案".encode(), "档案"),
        (b"\xed\xa0\x80", "\uf7ed\uf7a0\uf780"),
    ],
)
def test_escapes_are_the_documented_ones(raw: bytes, text: str) -> None:
    assert text_from_bytes(raw) == text


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "a/../b",
        "nul\0",
        "x" * 256,
        "件" * 86,
        "\ud800",
        "\uf7c3\uf7a9",
        "/".join(["d"] * 1001),
        "/".join(["d" * 255] * 300),
    ],
)
def test_paths_that_no_folder_can_hold_are_refused(path: str) -> None:
    with pytest.raises(VolumeError, match=r"\[3001\]"):
        check_path(path)


@pytest.mark.parametrize("path", ["a", "x" * 255, "件" * 85, "/".join(["d" * 255] * 200), "..."])
def test_paths_that_linux_allows_are_allowed(path: str) -> None:
    check_path(path)


@given(st.sets(st.text(min_size=1, max_size=140), max_size=12))
@example({"\U0001f600" * 62 + "%", "\u4ef6" * 84 + "%", "\u4ef6" * 85, "\uf7d6" * 120})
def test_every_disc_name_fits_and_is_unlike_its_neighbours(names: set[str]) -> None:
    names = {name for name in names if is_canonical(name) and "/" not in name}
    given_aliases = aliases(names)
    on_disc = [given_aliases.get(name, name) for name in names]
    assert len(set(on_disc)) == len(names)
    for name in on_disc:
        assert not needs_alias(name)
        assert len(cs0.encode(name)) <= 255
        assert len(name.encode()) <= 254
        assert cs0.decode(cs0.encode(name)) == name


def test_an_alias_keeps_beginning_and_suffix_and_gives_way_to_true_names() -> None:
    (alias,) = aliases(["100%.pdf"]).values()
    assert alias.startswith("100_~")
    assert alias.endswith(".pdf")
    assert aliases(["100%.pdf", alias])["100%.pdf"] != alias
    assert alias not in aliases(["100%.pdf", alias])
