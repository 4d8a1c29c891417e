"""`stele-volume` over bag folders and archives."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.volume.tool.cli import main
from tests.appliance.volume.bags import archive_bytes, unpacked
from tests.appliance.volume.samples import plan_of, varied_contents

CONTENTS = varied_contents()
PLAN = plan_of(CONTENTS, {"empty": 10**18, "d1": 10**18})


def stele_volume(*argv: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in argv])


def verdict(path: Path) -> tuple[int, dict[str, object]]:
    done = stele_volume("verify", "--json", path)
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return unpacked(PLAN, CONTENTS, tmp_path)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "tape-file"
    path.write_bytes(archive_bytes(PLAN, CONTENTS) + bytes(123_000))
    return path


@pytest.fixture(params=["bag", "archive"])
def volume(request: pytest.FixtureRequest) -> Path:
    path = request.getfixturevalue(request.param)
    assert isinstance(path, Path)
    return path


def test_verify_finds_nothing_wrong(volume: Path) -> None:
    code, found = verdict(volume)
    assert (code, found["result"], found["volume"]) == (0, "good", "vol-0001")


def test_list_shows_true_names(volume: Path) -> None:
    lines = stele_volume("list", "--json", volume).stdout.splitlines()
    paths = {entry["path"] for entry in map(json.loads, lines[1:]) if not entry["folder"]}
    assert paths == set(CONTENTS)


def test_extract_restores_every_file(volume: Path, tmp_path: Path) -> None:
    done = stele_volume("extract", volume, tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out/beside").read_bytes() == CONTENTS["beside"]
    assert (tmp_path / "out/d1/100%.pdf").read_bytes() == CONTENTS["d1/100%.pdf"]
    assert (tmp_path / "out/d1").stat().st_mtime_ns == 10**18


def test_a_flipped_bit_in_an_archive_is_found(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[content.index(CONTENTS["beside"])] ^= 1
    archive.write_bytes(content)
    code, found = verdict(archive)
    assert (code, found["result"], found["damaged_files"]) == (1, "damaged", 1)


def test_a_changed_header_in_an_archive_is_found(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[8] ^= 1
    archive.write_bytes(content)
    assert verdict(archive)[0] == 1


def test_a_flipped_bit_in_a_folder_is_found(bag: Path) -> None:
    victim = bag / "data/beside"
    victim.write_bytes(bytes([victim.read_bytes()[0] ^ 1]) + victim.read_bytes()[1:])
    code, found = verdict(bag)
    assert (code, found["damaged_files"]) == (1, 1)


@pytest.mark.parametrize("name", ["README.txt", "bagit.txt", "volume.json"])
def test_a_changed_or_missing_file_in_the_root_is_found(bag: Path, name: str) -> None:
    content = (bag / name).read_bytes()
    (bag / name).write_bytes(content + b"\n")
    code, found = verdict(bag)
    assert (code, found["damaged_in_root"]) == (1, [name])
    (bag / name).unlink()
    code, found = verdict(bag)
    assert (code, found["damaged_in_root"]) == (1, [name])


def test_a_missing_and_a_strange_file_are_found(bag: Path) -> None:
    (bag / "data/beside").unlink()
    (bag / "data/strange").write_bytes(b"?")
    code, found = verdict(bag)
    assert (code, found["missing_files"], found["unchecked_files"]) == (1, 1, 1)


def test_a_folder_copied_without_its_times_is_still_good(bag: Path, tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", bag, tmp_path / "copy"], check=True)
    code, found = verdict(tmp_path / "copy")
    assert (code, found["result"]) == (0, "good")
    assert found["error"]["code"] == 3102  # type: ignore[index]


def test_a_symbolic_link_in_a_folder_is_refused(bag: Path) -> None:
    (bag / "data/link").symlink_to("/etc/passwd")
    done = stele_volume("verify", bag)
    assert done.exit_code == 1
    assert "error 3104" in done.stderr


def test_a_folder_that_is_no_bag_is_refused(tmp_path: Path) -> None:
    done = stele_volume("verify", tmp_path)
    assert done.exit_code == 1
    assert "error 3101" in done.stderr
