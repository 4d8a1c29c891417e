"""A plan has one canonical form, and reading one from an untrusted source never trusts it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.volume import (
    PlanFile,
    PlanFolder,
    VolumeError,
    decode_plan,
    encode_plan,
    make_plan,
    plan_sha256,
)
from tests.appliance.volume.samples import CREATED_AT, identity, plan_of, varied_contents

ZERO = bytes(32)


def file(path: str, mtime_ns: int = 0, sm3: bytes = b"") -> PlanFile:
    return PlanFile(path, 1, mtime_ns, ZERO, sm3)


def test_same_content_in_any_order_gives_the_same_bytes() -> None:
    contents = varied_contents()
    backwards = dict(reversed(contents.items()))
    assert b"".join(encode_plan(plan_of(contents))) == b"".join(encode_plan(plan_of(backwards)))


@pytest.mark.parametrize("step", [1, 7, 1000, 10**6])
def test_a_plan_comes_back_from_pieces_of_any_size(step: int) -> None:
    plan = plan_of({"d1/é": b"x", "d1/a/b": b""}, {"d1/leer": -1_000}, digests=("sha256", "sm3"))
    encoded = b"".join(encode_plan(plan))
    pieces = (encoded[at : at + step] for at in range(0, len(encoded), step))
    decoded = decode_plan(pieces)
    assert decoded == plan
    assert plan_sha256(decoded) == plan_sha256(plan)


def test_files_of_one_folder_lie_together() -> None:
    plan = make_plan(identity(), [file(p) for p in ("a/z", "a!/x", "a/b/c", "a/y", "b", "a/b/d")])
    assert [f.path for f in plan.files] == ["b", "a/y", "a/z", "a/b/c", "a/b/d", "a!/x"]


def test_times_are_rounded_down_to_microseconds_as_discs_keep_them() -> None:
    plan = make_plan(identity(), [file("a", 1_999), file("b", -1)])
    assert [f.mtime_ns for f in plan.files] == [1_000, -1_000]


def test_a_folder_that_says_nothing_is_left_out_and_an_empty_one_stays() -> None:
    created_ns = int(CREATED_AT.timestamp()) * 10**9
    folders = [PlanFolder("d1", created_ns), PlanFolder("empty", created_ns)]
    assert make_plan(identity(), [file("d1/a")], folders).folders == [folders[1]]


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        ([file("a"), file("a")], []),
        ([file("a"), file("a/b")], []),
        ([file("a")], [PlanFolder("a", 0)]),
        ([file("a")], [PlanFolder("a/b", 0)]),
        ([], [PlanFolder("a", 0), PlanFolder("a", 1_000)]),
        ([file("../a")], []),
        ([file("a", sm3=ZERO)], []),
        ([PlanFile("a", -1, 0, ZERO)], []),
        ([PlanFile("a", 1, 0, b"short")], []),
        ([file("a", 2**63 + 1_000)], []),
    ],
)
def test_plans_that_contradict_themselves_are_refused(
    files: list[PlanFile], folders: list[PlanFolder]
) -> None:
    with pytest.raises(VolumeError, match=r"\[3001\]"):
        make_plan(identity(), files, folders)


@pytest.mark.parametrize(
    "changes",
    [
        {"volume_id": "no spaces"},
        {"volume_id": ""},
        {"label": ""},
        {"fonds": "x" * 513},
        {"created_at": CREATED_AT.replace(microsecond=1)},
        {"created_at": CREATED_AT.replace(year=1600)},
        {"digests": ("md5",)},
    ],
)
def test_identities_that_a_disc_cannot_carry_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(VolumeError, match=r"\[3001\]"):
        make_plan(identity(**changes), [])


def _lines() -> list[bytes]:
    return b"".join(encode_plan(plan_of({"d1/a": b"x", "d1/b": b"y"}))).splitlines(keepends=True)


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\n",
        b"[]\n",
        b"{" * 100_000,
        b'{"format":"stele-plan/9"}\n',
        b"".join(_lines()[:-1]),
        b"".join([*_lines(), _lines()[-1]]),
        b"".join([_lines()[0], _lines()[2], _lines()[1]]),
        b"".join(_lines()).replace(b'"files":2', b'"files":-2'),
        b"".join(_lines()).replace(b'"files":2', b'"files":99999999999'),
        b"".join(_lines()).replace(b"d1/a", b"../a"),
        b"\xff" * 1000,
    ],
)
def test_what_is_no_plan_is_refused_with_a_number(encoded: bytes) -> None:
    with pytest.raises(VolumeError, match=r"\[300[15]\]"):
        decode_plan([encoded])


def test_a_line_without_end_is_not_kept() -> None:
    def endless() -> "object":
        piece = b"x" * 2**20
        while True:
            yield piece

    with pytest.raises(VolumeError, match=r"\[3005\]"):
        decode_plan(endless())  # type: ignore[arg-type]


@given(st.binary(max_size=200), st.integers(0, 10**6))
def test_damage_anywhere_is_a_defined_failure_or_another_valid_plan(junk: bytes, at: int) -> None:
    encoded = b"".join(_lines())
    at %= len(encoded)
    try:
        plan = decode_plan([encoded[:at] + junk + encoded[at + len(junk) :]])
    except VolumeError as error:
        code = error.code
    else:
        code = 0
        assert decode_plan(encode_plan(plan)) == plan
    assert code in (0, 3001, 3005)


def test_structs_are_what_the_wire_documents() -> None:
    line = msgspec.json.decode(_lines()[1])
    assert list(line) == ["path", "size_bytes", "mtime_ns", "sha256"]
