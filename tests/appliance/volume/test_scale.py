"""The large ends: files of several extents, a hundred thousand files, memory a file."""

import subprocess
import tracemalloc
from pathlib import Path

import pycdlib
import pytest

from appliance.volume import Image, PlanFile, VolumeReader, make_plan
from tests.appliance.volume.oracles import run, udf_facts
from tests.appliance.volume.samples import identity

GIB = 2**30
BIG_BYTES = 4 * GIB + 12_345
MARKS = {
    offset: f"mark at {offset}".encode()
    for offset in (0, GIB - 2048 - 8, GIB - 8, 3 * GIB, 4 * GIB - 8, BIG_BYTES - 30)
}


@pytest.fixture(scope="module")
def big_image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Image, Path]:
    """An image with a file over 4 GiB, as a sparse file: its zeros are never written."""
    files = [PlanFile("d1/big.mov", BIG_BYTES, 0, bytes(32)), PlanFile("d1/end", 3, 0, bytes(32))]
    image = Image(make_plan(identity(), files))
    path = tmp_path_factory.mktemp("big") / "disc.img"
    with path.open("wb") as disc:
        disc.write(image.read_metadata(0, image.payload_offset))
        start, _ = image.extent(0)
        for offset, mark in MARKS.items():
            disc.seek(start + offset)
            disc.write(mark)
        disc.seek(image.extent(1)[0])
        disc.write(b"end")
        disc.seek(image.payload_end)
        disc.write(image.read_metadata(image.payload_end, image.size_bytes - image.payload_end))
    return image, path


def test_a_file_over_4_gib_is_several_extents_and_one_run(big_image: tuple[Image, Path]) -> None:
    image, path = big_image
    with path.open("rb") as disc:

        def read_at(offset: int, length: int) -> bytes:
            disc.seek(offset)
            return disc.read(length)

        entries = {e.path: e for e in VolumeReader(read_at, image.size_bytes).entries()}
    extents = entries["d1/big.mov"].extents
    assert len(extents) == 5
    assert all(length < GIB for _, length in extents)
    assert extents[0][0] == image.extent(0)[0]
    assert [a + n for a, n in extents[:-1]] == [a for a, _ in extents[1:]]


def test_7zip_and_udfinfo_read_a_file_over_4_gib(big_image: tuple[Image, Path]) -> None:
    """Takes some seconds: 7-Zip reads all of it."""
    _, path = big_image
    assert str(BIG_BYTES) in run("7z", "l", path)
    assert udf_facts(path)["numfiles"] == "9"
    with subprocess.Popen(
        ["7z", "x", "-so", str(path), "data/d1/big.mov"], stdout=subprocess.PIPE
    ) as seven:
        assert seven.stdout is not None
        offset, found = 0, {}
        zeros = bytes(2**20)
        while chunk := seven.stdout.read(2**20):
            if chunk != zeros[: len(chunk)]:
                for at, mark in MARKS.items():
                    window = slice(max(at - offset, 0), max(at + len(mark) - offset, 0))
                    found[at] = found.get(at, b"") + chunk[window]
            offset += len(chunk)
    assert offset == BIG_BYTES
    assert found == MARKS


def test_pycdlib_finds_the_file_behind_the_big_one(
    big_image: tuple[Image, Path],
) -> None:
    _, path = big_image

    disc = pycdlib.PyCdlib()
    disc.open(str(path))
    assert disc.get_record(udf_path="/data/d1/big.mov").get_data_length() == BIG_BYTES
    with disc.open_file_from_iso(udf_path="/data/d1/end") as file:
        assert file.read() == b"end"
    disc.close()


def test_a_hundred_thousand_files_in_a_hundred_folders_are_listed_by_7zip(tmp_path: Path) -> None:
    """About ten seconds: most of it is 7-Zip's."""
    count = 100_000
    files = [
        PlanFile(f"d1/{n % 100:02}/page-{n:06}.tif", 0, n * 1_000_000, bytes(32))
        for n in range(count)
    ]
    plan = make_plan(identity(), files)
    image = Image(plan)
    content = image.read_metadata(0, image.payload_offset)
    content += image.read_metadata(image.payload_end, image.size_bytes - image.payload_end)
    path = tmp_path / "many.img"
    path.write_bytes(content)
    listing = run("7z", "l", "-ba", path)
    assert listing.count("page-") == count
    assert udf_facts(path)["numfiles"] == str(count + 7)
    reader = VolumeReader(lambda at, n: content[at : at + n], len(content))
    assert reader.plan() == plan


def test_a_plan_and_its_layout_take_less_than_a_kibibyte_a_file() -> None:
    count = 50_000
    tracemalloc.start()
    try:
        files = [
            PlanFile(f"dossier/{n // 500:04}/page-{n:06}.tif", n + 10**6, n * 1_000, n.to_bytes(32))
            for n in range(count)
        ]
        image = Image(make_plan(identity(), files))
        for offset in range(0, image.payload_offset, 2**19):
            image.read_metadata(offset, min(2**19, image.payload_offset - offset))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes / count < 1_024
