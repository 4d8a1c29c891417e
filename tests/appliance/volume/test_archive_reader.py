"""Archives read alone, whole, damaged, foreign and hostile."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.volume import VolumeError
from appliance.volume.bag_reader import BagReader
from tests.appliance.volume.bags import archive_bytes, reader_of_archive, unpacked
from tests.appliance.volume.samples import plan_of, varied_contents

CONTENTS = varied_contents()
PLAN = plan_of(CONTENTS, {"empty": -1_500_000_000}, digests=("sha256", "sm3"))
WHOLE = archive_bytes(PLAN, CONTENTS)
SMALL_CONTENTS = {"d1/a 档案.txt": b"first", "d1/50%": b"second"}
SMALL_PLAN = plan_of(SMALL_CONTENTS)
SMALL = archive_bytes(SMALL_PLAN, SMALL_CONTENTS)


def made(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive by Python's hand."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def info(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    result = tarfile.TarInfo(name)
    result.type = kind
    return result


def code_of(content: bytes) -> int:
    with pytest.raises(VolumeError) as caught:
        reader_of_archive(content).plan()
    return caught.value.code


def test_the_plan_is_rebuilt_from_the_archive_alone() -> None:
    assert reader_of_archive(WHOLE).plan() == PLAN


def test_files_come_back_under_their_true_names() -> None:
    reader = reader_of_archive(WHOLE)
    files = {e.path: b"".join(reader.chunks(e)) for e in reader.entries() if not e.folder}
    assert files == CONTENTS


@pytest.mark.parametrize("form", ["pax", "gnu"])
def test_what_gnu_tar_packed_is_read_as_well(tmp_path: Path, form: str) -> None:
    """Somebody unpacked the tape and packed it again; GNU's own format has whole seconds only."""
    unpacked(PLAN, CONTENTS, tmp_path)
    packed = subprocess.run(
        ["tar", f"--format={form}", "-c", "vol-0001"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    reader = reader_of_archive(packed)
    files = {e.path: b"".join(reader.chunks(e)) for e in reader.entries() if not e.folder}
    assert files == CONTENTS
    if form == "pax":
        assert reader.plan() == PLAN


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "v/README.txt"),
        (tarfile.CHRTYPE, ""),
        (tarfile.FIFOTYPE, ""),
    ],
)
def test_links_and_devices_are_refused(kind: bytes, link: str) -> None:
    bad = info("v/data/x", kind)
    bad.linkname = link
    assert code_of(made((info("v/", tarfile.DIRTYPE), b""), (bad, b""))) == 3104


@pytest.mark.parametrize("name", ["v/data/../../x", "v/data/./x", "v/data//x"])
def test_a_way_out_is_refused(name: str) -> None:
    members = [(info(f"v/{tag}"), content) for tag, content in tags().items()]
    members += [(info("v/data", tarfile.DIRTYPE), b""), (info(name), b"x")]
    assert code_of(made(*members)) == 3104


@pytest.mark.parametrize("name", ["/etc/passwd", "../v/data/x", "w/data/x", "x"])
def test_members_without_a_common_top_folder_are_no_volume(name: str) -> None:
    assert code_of(made((info("v/data", tarfile.DIRTYPE), b""), (info(name), b"x"))) == 3101


def test_a_name_that_stands_twice_is_refused() -> None:
    assert code_of(made((info("v/data/x"), b"1"), (info("v/data/x"), b"2"))) == 3104


def test_a_giant_extended_header_is_refused() -> None:
    big = info("v/x")
    big.pax_headers = {"comment": "x" * (2**20 + 1)}
    assert code_of(made((big, b""))) == 3104


def test_a_size_beyond_the_end_is_told() -> None:
    damaged = bytearray(made((info("v/data/x"), b"1")))
    header = damaged[:512]
    header[124:136] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert code_of(bytes(header) + bytes(damaged[512:])) == 3103


def test_an_archive_cut_short_is_told() -> None:
    assert code_of(WHOLE[: len(WHOLE) // 2]) == 3103


def test_of_an_archive_cut_short_the_files_before_are_found() -> None:
    reader = reader_of_archive(WHOLE[: len(WHOLE) // 2])
    faults: list[str] = []
    entries = [e for e in reader.entries(lambda path, _: faults.append(path)) if not e.folder]
    assert 0 < len(entries) < len(CONTENTS)
    assert [error.code for _, error in reader.root_faults] == [3103]
    for entry in entries:
        assert b"".join(reader.chunks(entry)) == CONTENTS[entry.path]


def test_a_tar_of_something_else_is_no_volume() -> None:
    assert code_of(made((info("v/data", tarfile.DIRTYPE), b""), (info("v/x"), b"x"))) == 3101


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_damage_gives_anything_but_a_numbered_error(data: st.DataObject) -> None:
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    try:
        reader = reader_of_archive(bytes(content))
        read_all(reader)
        reader.plan()
    except VolumeError as error:
        code = error.code
    else:
        code = 3100
    assert 3100 <= code < 3200


def read_all(reader: BagReader) -> None:
    for entry in reader.entries(lambda *_: None):
        if not entry.folder:
            for _ in reader.chunks(entry):
                pass


def tags() -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(SMALL)) as archive:
        found = {}
        for member in archive:
            file = archive.extractfile(member)
            if file and "/data/" not in member.name:
                found[member.name.partition("/")[2]] = file.read()
    return found
