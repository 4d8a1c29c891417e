"""`stele-volume` alone: build, list, verify, extract, and what their exit codes say."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from appliance.volume import VolumePlan
from appliance.volume.tool import build as command
from appliance.volume.tool.cli import main
from appliance.volume.tool.disc import Disc
from appliance.volume.tool.survey import plan_of as plan_of_folder
from tests.appliance.volume.samples import AWKWARD_NAMES, image_bytes, plan_of
from tests.appliance.volume.sealing import descriptors
from tests.appliance.volume.tool.limits import file_size_limit

WHO = ("--fonds", "F1", "--series", "S2", "--created-at", "2026-03-04T05:06:07Z")


def stele_volume(*argv: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in argv])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with troublesome names, times, an empty folder and 200 levels."""
    from appliance.volume.tool.destination import Destination

    root = tmp_path / "source"
    with Destination(root) as dest:
        for number, name in enumerate(AWKWARD_NAMES):
            dest.write_file(f"d1/{name}", [b"x" * number * 777], number * 10**17 - 10**18)
        dest.write_file("/".join(["level"] * 200) + "/bottom", [b"deep"], 0)
        dest.write_file("beside", [b"beside"], 2**61 // 1000 * 1000)
        dest.make_folder("d2/empty")
        dest.set_folder_mtime("d2/empty", -1_000_000_000)
        dest.set_folder_mtime("d1", 1_000_000_000)
    return root


def build(source: Path, image: Path, *more: str) -> Result:
    return stele_volume("build", source, "-o", image, *WHO, "--volume-id", "v1", *more)


def test_a_folder_comes_back_bit_for_bit_with_its_times(source: Path, tmp_path: Path) -> None:
    image, restored = tmp_path / "disc.img", tmp_path / "restored"
    assert build(source, image, "--digest", "sm3").exit_code == 0
    assert stele_volume("verify", image).exit_code == 0
    assert stele_volume("extract", image, restored).exit_code == 0
    subprocess.run(["diff", "-r", source, restored], check=True)
    for name in ("d1", "d2/empty", "beside", "d1/100%.pdf", "d1/CON"):
        assert (restored / name).stat().st_mtime_ns == (source / name).stat().st_mtime_ns


def test_the_same_folder_gives_the_same_image(source: Path, tmp_path: Path) -> None:
    assert build(source, tmp_path / "1.img").exit_code == 0
    assert build(source, tmp_path / "2.img").exit_code == 0
    assert (tmp_path / "1.img").read_bytes() == (tmp_path / "2.img").read_bytes()


def test_an_image_streams_to_a_pipe(source: Path, tmp_path: Path) -> None:
    assert build(source, tmp_path / "1.img").exit_code == 0
    argv = [sys.executable, "-c", "from appliance.volume.tool.cli import main; main()", "build"]
    done = subprocess.run(
        [*argv, source, "-o", "-", *WHO, "--volume-id", "v1"], capture_output=True, check=True
    )
    assert done.stdout == (tmp_path / "1.img").read_bytes()


def test_links_and_pipes_are_reported_and_the_rest_is_archived(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_bytes(b"x")
    (source / "link").symlink_to("/etc/passwd")
    os.mkfifo(source / "pipe")
    done = build(source, tmp_path / "disc.img", "--json")
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert {left["path"]: left["reason"] for left in document["left_out"]} == {
        "link": "symbolic link",
        "pipe": "pipe",
    }
    assert "left out: link" in done.stderr
    assert document["files"] == 1


def test_list_shows_true_names_harmlessly(source: Path, tmp_path: Path) -> None:
    image = tmp_path / "disc.img"
    build(source, image)
    text = stele_volume("list", image).stdout
    assert "d1/100%.pdf" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    first, *lines = stele_volume("list", image, "--json").stdout.splitlines()
    assert json.loads(first)["identity"]["volume_id"] == "v1"
    paths = {json.loads(line)["path"] for line in lines}
    assert {f"d1/{name}" for name in AWKWARD_NAMES} <= paths
    assert "d2/empty" in paths


CONTENTS = {"d1/a": b"a" * 5_000, "d1/b": b"b" * 5_000, "d1/c": b"c" * 9}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disc.img"
    path.write_bytes(image_bytes(plan_of(CONTENTS), CONTENTS))
    return path


def damage(image: Path, where: bytes | int) -> None:
    content = bytearray(image.read_bytes())
    content[where if isinstance(where, int) else content.index(where)] ^= 1
    image.write_bytes(content)


def test_a_damaged_file_is_named_and_not_restored_and_the_rest_is(
    image: Path, tmp_path: Path
) -> None:
    damage(image, b"bbbb")
    done = stele_volume("verify", image, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["damaged_files"] == 1
    assert "damaged: d1/b" in done.stderr
    restored = tmp_path / "out"
    done = stele_volume("extract", image, restored, "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert (document.pop("files"), document.pop("failed")) == (2, 1)
    assert document == {"unchecked": 0, "missing": 0, "unreadable": 0}
    assert sorted(path.name for path in (restored / "d1").iterdir()) == ["a", "c"]


def test_damaged_metadata_still_tells_which_files_are_good(image: Path, tmp_path: Path) -> None:
    entry_of_b = descriptors(image.read_bytes(), 261)[-2]
    damage(image, entry_of_b + 60)
    damage(image, b"cccc")
    done = stele_volume("verify", image, "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert (document["good_files"], document["damaged_files"]) == (1, 1)
    assert document["missing_files"] == 1
    assert "missing: data/d1/b" in done.stderr
    assert "damaged: d1/c" in done.stderr
    stele_volume("extract", image, tmp_path / "out")
    assert (tmp_path / "out/d1/a").read_bytes() == CONTENTS["d1/a"]


def lose(image: Path, sector: int) -> None:
    content = image.read_bytes()
    image.write_bytes(content[: sector * 2048] + bytes(2048) + content[(sector + 1) * 2048 :])


def test_files_whose_names_are_lost_are_found_by_the_manifest(image: Path, tmp_path: Path) -> None:
    for name, at in zip(("data", "d1"), descriptors(image.read_bytes(), 257)[-2:], strict=True):
        damaged = tmp_path / f"{name}.img"
        shutil.copy(image, damaged)
        lose(damaged, at // 2048)
        done = stele_volume("extract", damaged, tmp_path / name, "--json")
        assert done.exit_code == 1
        assert json.loads(done.stdout)["missing"] == 0
        for path, content in CONTENTS.items():
            assert (tmp_path / name / path).read_bytes() == content
        assert stele_volume("list", damaged).exit_code == 1


def test_files_without_a_digest_are_restored_and_told(image: Path, tmp_path: Path) -> None:
    lose(image, image.read_bytes().index(b"  data/d1/a\n") // 2048)
    done = stele_volume("verify", image, "--json")
    document = json.loads(done.stdout)
    assert document["damaged_in_root"] == ["manifest-sha256.txt"]
    assert document["unchecked_files"] == 3
    done = stele_volume("extract", image, tmp_path / "out", "--json")
    assert done.exit_code == 1
    assert "unchecked: d1/a" in done.stderr
    for path, content in CONTENTS.items():
        assert (tmp_path / "out" / path).read_bytes() == content


def test_a_truncated_image_is_damaged(image: Path) -> None:
    content = image.read_bytes()
    image.write_bytes(content[:-2048])
    assert stele_volume("verify", image).exit_code == 1
    image.write_bytes(content[: 300 * 2048])
    done = stele_volume("verify", image)
    assert done.exit_code == 1
    assert "3103" in done.stderr


def test_failures_have_numbers_and_exit_code_1(tmp_path: Path, image: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk" * 300_000)
    for verb in ("list", "verify"):
        done = stele_volume(verb, junk)
        assert done.exit_code == 1
        assert "error 3101" in done.stderr
    assert "error 3106" in stele_volume("list", tmp_path / "nowhere").stderr
    assert "error 3101" in stele_volume("list", tmp_path).stderr
    assert "error 3106" in stele_volume("list", Path("/dev/null")).stderr
    (tmp_path / "s").mkdir()
    assert "error 3107" in build(tmp_path / "s", image).stderr
    assert build(tmp_path / "s", image, "--force").exit_code == 0
    assert "error 3008" in build(tmp_path / "s", tmp_path / "no/where.img").stderr
    assert "error 3008" in build(tmp_path / "s", Path("/dev/null"), "--force").stderr


def test_a_full_disk_ends_build_and_extract_with_a_number(image: Path, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with file_size_limit(4_000):
        built = build(tmp_path / "s", tmp_path / "new.img")
        extracted = stele_volume("extract", image, tmp_path / "out")
    assert (built.exit_code, extracted.exit_code) == (1, 1)
    assert "error 3008" in built.stderr
    assert "error 3108" in extracted.stderr
    assert not list((tmp_path / "out/d1").iterdir())
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("argv", [["list"], ["verify"], ["verify", "--json"]])
def test_an_output_that_is_full_is_a_defined_failure(image: Path, argv: list[str]) -> None:
    program = "from appliance.volume.tool.cli import main; main()"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", program, *argv, image],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert b"error 3008: cannot write the output: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_what_stands_in_the_way_is_counted_and_told(image: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/d1").symlink_to(tmp_path)
    done = stele_volume("extract", image, tmp_path / "out", "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert (document["files"], document["failed"]) == (0, 1 + len(CONTENTS))
    assert "not restored: d1/a: cannot write 'd1/a': Not a directory" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disc.img", "out"]


def test_wrong_usage_is_exit_code_2(tmp_path: Path) -> None:
    assert stele_volume("build", tmp_path).exit_code == 2
    assert stele_volume("unknown").exit_code == 2


def test_an_existing_file_is_not_replaced_without_being_told(image: Path, tmp_path: Path) -> None:
    (tmp_path / "out/d1").mkdir(parents=True)
    (tmp_path / "out/d1/a").write_bytes(b"mine")
    assert stele_volume("extract", image, tmp_path / "out").exit_code == 1
    assert (tmp_path / "out/d1/a").read_bytes() == b"mine"
    assert stele_volume("extract", image, tmp_path / "out", "--overwrite").exit_code == 0
    assert (tmp_path / "out/d1/a").read_bytes() == CONTENTS["d1/a"]


@contextmanager
def without_privileges() -> Iterator[Path]:
    """A folder of nobody's, and nobody's rights, since root reads everything."""
    folder = Path(tempfile.mkdtemp())
    as_root = os.geteuid() == 0
    if as_root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if as_root:
            os.seteuid(0)
        shutil.rmtree(folder)


def test_an_unreadable_file_stops_the_build_unless_it_may_be_skipped() -> None:
    with without_privileges() as folder:
        source = folder / "source"
        (source / "shut").mkdir(parents=True)
        (source / "secret").write_bytes(b"x")
        (source / "secret").chmod(0)
        assert "error 3007" in build(source, folder / "disc.img").stderr
        (source / "shut").chmod(0)
        assert "error 3007" in build(source, folder / "disc.img").stderr
        done = build(source, folder / "disc.img", "--skip-unreadable", "--json")
        (source / "shut").chmod(0o700)
    assert done.exit_code == 0
    assert {left["path"] for left in json.loads(done.stdout)["left_out"]} == {"secret", "shut"}


def test_a_file_that_changes_between_digest_and_image_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_bytes(b"before")

    def plan_then_change(*argv: Any) -> VolumePlan:
        plan = plan_of_folder(*argv)
        (source / "file").write_bytes(b"after!")
        return plan

    monkeypatch.setattr(command, "plan_of", plan_then_change)
    done = build(source, tmp_path / "disc.img")
    assert done.exit_code == 1
    assert "error 3006" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_sectors_that_the_drive_cannot_read_are_counted_one_by_one(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = image.read_bytes().index(b"bbbb") // 2048

    def read_at(disc: Disc, offset: int, length: int) -> bytes:
        if offset <= bad * 2048 < offset + length:
            raise OSError(5, "Input/output error")
        return good_read(disc, offset, length)

    good_read = Disc.read_at
    monkeypatch.setattr(Disc, "read_at", read_at)
    document = json.loads(stele_volume("verify", image, "--json").stdout)
    assert document["damaged_files"] == 1
    assert document["damaged_sectors"] == 0
    assert document["bytes_read"] == document["bytes_expected"]


def test_a_device_is_read_like_an_image(image: Path) -> None:
    made = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("loop devices may not be made here")
    device = Path(made.stdout.decode().strip())
    try:
        assert stele_volume("verify", device).exit_code == 0
        assert "d1/a" in stele_volume("list", device).stdout
    finally:
        subprocess.run(["losetup", "-d", device], check=True)
