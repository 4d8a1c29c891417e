"""The pax archive of a plan: tar unpacks it, and any byte of it can be made again."""

import io
import subprocess
import tarfile
from collections import deque
from itertools import chain
from pathlib import Path

import bagit
import pytest

from appliance.volume import PlanFile, VolumeError, make_plan
from appliance.volume.archive import Archive
from appliance.volume.archive_stream import ArchiveStream, ArchiveVerifier
from appliance.volume.tree import Tree
from tests.appliance.volume.oracles import run, tree_in
from tests.appliance.volume.samples import (
    CREATED_AT,
    MTIME_NS,
    identity,
    plan_of,
    varied_contents,
)

CONTENTS = varied_contents()
FOLDERS = {
    "empty": -86_400_000_000_000 * 400,
    "d1": 1_000_000_000_000_000_000,
    "d1/also empty": 4_000_000_000_000_000_000,
}
PLAN = plan_of(CONTENTS, FOLDERS, digests=("sha256", "sm3"))
ARCHIVE = Archive(PLAN)
PAYLOAD = [CONTENTS[file.path] for file in PLAN.files]


def payload(index: int, offset: int, length: int) -> bytes:
    return PAYLOAD[index][offset : offset + length]


def streamed(step: int) -> bytes:
    stream = ArchiveStream(Archive(PLAN))
    whole = b"".join(PAYLOAD)
    pieces = [
        bytes(piece)
        for start in range(0, len(whole), step)
        for piece in stream.feed(whole[start : start + step])
    ]
    return b"".join([*pieces, *map(bytes, stream.finish())])


@pytest.fixture(scope="module")
def whole() -> bytes:
    return streamed(300_001)


@pytest.fixture(scope="module")
def unpacked(whole: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    (folder / "tape.tar").write_bytes(whole)
    run("tar", "-xf", "tape.tar", cwd=folder)
    return folder / "vol-0001"


def test_tar_unpacks_the_whole_tree(unpacked: Path) -> None:
    files, folders = tree_in(unpacked)
    tree = Tree(PLAN)
    wanted = {tree.disc_path_of_file(n): content for n, content in enumerate(PAYLOAD)}
    assert {path: content for path, content in files.items() if "/" in path} == wanted
    assert folders == {tree.disc_path_of_folder(number) for number in range(len(tree.paths))}


def test_tar_restores_times_of_files_and_folders(unpacked: Path) -> None:
    assert (unpacked / "data/d1/A.txt").stat().st_mtime_ns == MTIME_NS
    for path, mtime_ns in FOLDERS.items():
        assert (unpacked / "data" / path).stat().st_mtime_ns == mtime_ns
    assert unpacked.stat().st_mtime == CREATED_AT.timestamp()


def test_sha256sum_and_bagit_agree_with_what_was_unpacked(unpacked: Path) -> None:
    run("sha256sum", "-c", "--strict", "--quiet", "manifest-sha256.txt", cwd=unpacked)
    run("sha256sum", "-c", "--strict", "--quiet", "tagmanifest-sha256.txt", cwd=unpacked)
    assert bagit.Bag(str(unpacked)).validate(processes=1)
    assert "ARCHIVE TAPE FILE" in (unpacked / "README.txt").read_text()


def test_python_reads_the_same_members_in_plan_order(whole: bytes) -> None:
    tree = Tree(PLAN)
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        members = [member for member in archive if member.isfile() and "/data/" in member.name]
    wanted = [f"vol-0001/{tree.disc_path_of_file(index)}" for index in range(len(PLAN.files))]
    assert [member.name for member in members] == wanted
    assert [member.size for member in members] == [len(content) for content in PAYLOAD]


@pytest.mark.parametrize("step", [61, 511, 65_537, 10**9])
def test_the_stream_is_the_same_in_any_pieces(whole: bytes, step: int) -> None:
    assert streamed(step) == whole


def test_any_range_can_be_made_again(whole: bytes) -> None:
    assert len(whole) == ARCHIVE.size_bytes
    assert ARCHIVE.size_bytes % 10_240 == 0
    assert ARCHIVE.read(0, len(whole), payload) == whole
    for offset in range(0, len(whole), 7_919):
        length = min(3_001, len(whole) - offset)
        assert ARCHIVE.read(offset, length, payload) == whole[offset : offset + length]


def test_the_extents_are_where_the_contents_are(whole: bytes) -> None:
    for index, content in enumerate(PAYLOAD):
        offset, size_bytes = ARCHIVE.extent(index)
        assert whole[offset : offset + size_bytes] == content


def test_a_range_outside_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        ARCHIVE.read(0, ARCHIVE.size_bytes + 1, payload)
    offset, size_bytes = ARCHIVE.extent(next(n for n, c in enumerate(PAYLOAD) if c))
    with pytest.raises(ValueError, match="content"):
        ARCHIVE.read_metadata(offset, size_bytes)


def test_a_size_over_8_gib_stands_in_a_record() -> None:
    """GNU tar reads the header; the nine gibibytes behind it are never made."""
    archive = Archive(make_plan(identity(), [PlanFile("big", 9 << 30, 0, bytes(32))]))
    offset, size_bytes = archive.extent(0)
    head = archive.read_metadata(0, offset)
    listing = subprocess.run(
        ["tar", "-tvf", "-", "--full-time"], input=head, capture_output=True, check=False
    )
    assert b"9663676416" in listing.stdout
    assert size_bytes == 9 << 30
    assert archive.size_bytes > 9 << 30


@pytest.mark.parametrize("mtime_ns", [-1_500_000_000, -(10**18), 0, 9 * 10**18])
def test_tar_restores_times_far_away(tmp_path: Path, mtime_ns: int) -> None:
    archive = Archive(make_plan(identity(), [PlanFile("a", 1, mtime_ns, bytes(32))]))
    (tmp_path / "a.tar").write_bytes(archive.read(0, archive.size_bytes, lambda *_: b"a"))
    run("tar", "-xf", "a.tar", cwd=tmp_path)
    assert (tmp_path / "vol-0001/data/a").stat().st_mtime_ns == mtime_ns


def test_wrong_content_is_refused_by_name() -> None:
    stream = ArchiveStream(Archive(PLAN))
    damaged = bytearray(b"".join(PAYLOAD))
    damaged[len(damaged) // 2] ^= 1
    with pytest.raises(VolumeError, match="3003"):
        b"".join(map(bytes, stream.feed(bytes(damaged))))


@pytest.mark.parametrize("extra", [-1, 1])
def test_a_payload_of_wrong_length_is_refused(extra: int) -> None:
    stream = ArchiveStream(Archive(PLAN))
    data = b"".join(PAYLOAD)
    data = data[:extra] if extra < 0 else data + b"x"
    with pytest.raises(VolumeError, match="3004"):
        deque(chain(stream.feed(data), stream.finish()), maxlen=0)


def test_verification_sees_all_and_finds_nothing(whole: bytes) -> None:
    verifier = ArchiveVerifier(ARCHIVE)
    for start in range(0, len(whole), 99_991):
        verifier.feed(whole[start : start + 99_991])
    verifier.feed(bytes(4096))  # a tape file is rounded up to its last block
    report = verifier.finish()
    assert report.ok
    assert (report.bytes_seen, report.files_checked) == (len(whole), len(PLAN.files))


def test_verification_finds_each_flipped_byte(whole: bytes) -> None:
    """Each byte that a tape could get wrong is either a file's or one that the plan gives."""
    for offset in range(13, len(whole), len(whole) // 97):
        damaged = bytearray(whole)
        damaged[offset] ^= 0x40
        verifier = ArchiveVerifier(ARCHIVE)
        verifier.feed(bytes(damaged))
        report = verifier.finish()
        assert not report.ok, offset
        assert report.bad_file_count + report.bad_sector_count == 1, offset


def test_verification_counts_what_could_not_be_read(whole: bytes) -> None:
    offset, size_bytes = ARCHIVE.extent(max(range(len(PAYLOAD)), key=lambda n: len(PAYLOAD[n])))
    verifier = ArchiveVerifier(ARCHIVE)
    verifier.feed(whole[:offset])
    verifier.skip(size_bytes)
    verifier.feed(whole[offset + size_bytes :])
    report = verifier.finish()
    assert (report.bad_file_count, report.bad_sector_count) == (1, 0)


def test_a_short_archive_is_not_good(whole: bytes) -> None:
    verifier = ArchiveVerifier(ARCHIVE)
    verifier.feed(whole[: len(whole) // 2])
    report = verifier.finish()
    assert not report.ok
    assert report.bytes_seen == len(whole) // 2
