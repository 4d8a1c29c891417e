"""Nothing is written outside the destination, nothing is followed, nothing half-written shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.volume import VolumeError
from appliance.volume.tool.destination import Destination
from tests.appliance.volume.tool.limits import file_size_limit


def test_files_and_folders_are_made_with_their_times(tmp_path: Path) -> None:
    with Destination(tmp_path / "new/dest") as dest:
        dest.write_file("a/b/f", [b"one", memoryview(b"two")], -5_000_000_000)
        dest.make_folder("a/empty")
        dest.set_folder_mtime("a", 7_000)
        assert dest.sha256_of("a/b/f") is not None
        assert dest.sha256_of("a/b/g") is None
    root = tmp_path / "new/dest"
    assert (root / "a/b/f").read_bytes() == b"onetwo"
    assert (root / "a/b/f").stat().st_mtime_ns == -5_000_000_000
    assert (root / "a").stat().st_mtime_ns == 7_000
    assert list((root / "a/empty").iterdir()) == []


@pytest.mark.parametrize("path", ["../f", "/f", "a/../../f", "", "a//f", "./f", "a\0b"])
def test_paths_that_lead_outside_are_refused(tmp_path: Path, path: str) -> None:
    with Destination(tmp_path / "dest") as dest:
        for act in (dest.make_folder, lambda p: dest.write_file(p, [b"x"])):
            with pytest.raises(VolumeError, match=r"\[3001\]"):
                act(path)
    assert [p.name for p in tmp_path.rglob("*")] == ["dest"]


def test_symbolic_links_in_the_way_are_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "dest"
    outside.mkdir()
    root.mkdir()
    (root / "link").symlink_to(outside)
    (root / "file link").symlink_to(outside / "target")
    with Destination(root, overwrite=True) as dest:
        with pytest.raises(VolumeError, match=r"\[3109\]"):
            dest.write_file("link/f", [b"x"])
        with pytest.raises(VolumeError, match=r"\[3109\]"):
            dest.make_folder("link/d")
        dest.write_file("file link", [b"x"])
    assert list(outside.iterdir()) == []
    assert not (root / "file link").is_symlink()


def test_what_is_there_stays_unless_replacing_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old")
    with Destination(tmp_path) as dest, pytest.raises(VolumeError, match=r"\[3107\]"):
        dest.write_file("f", [b"new"])
    assert (tmp_path / "f").read_bytes() == b"old"
    with Destination(tmp_path, overwrite=True) as dest:
        dest.write_file("f", [b"new"])
    assert (tmp_path / "f").read_bytes() == b"new"


def test_a_file_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise VolumeError(3105, "damaged")

    with Destination(tmp_path) as dest, pytest.raises(VolumeError, match=r"\[3105\]"):
        dest.write_file("f", broken())
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_behind_does_not_stand_in_the_way(tmp_path: Path) -> None:
    with Destination(tmp_path) as dest:
        dest.write_file("f", _look_at_partial(tmp_path, names := []))
        (tmp_path / "f").unlink()
        (tmp_path / names[0]).write_bytes(b"left behind")
        dest.write_file("f", [b"whole"])
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def _look_at_partial(root: Path, names: list[str]) -> Iterator[bytes]:
    names += [path.name for path in root.iterdir()]
    yield b"x"


def test_two_hundred_levels_of_long_names_and_foreign_bytes_work(tmp_path: Path) -> None:
    path = "/".join(["n" * 100] * 200) + "/bad\uf7ff"
    with Destination(tmp_path) as dest:
        dest.write_file(path, [b"deep"], 0)
        assert dest.sha256_of(path) is not None


def test_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with file_size_limit(10_000), Destination(tmp_path) as dest:
        dest.write_file("small", [b"x"])
        with pytest.raises(VolumeError, match=r"\[3108\]"):
            dest.write_file("large", [bytes(8_000), bytes(8_000)])
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_looking_for_a_file_makes_no_folders(tmp_path: Path) -> None:
    with Destination(tmp_path) as dest:
        assert dest.sha256_of("no/such/file") is None
    assert list(tmp_path.iterdir()) == []


def test_names_too_long_for_the_file_system_are_a_defined_failure(tmp_path: Path) -> None:
    with Destination(tmp_path) as dest:
        dest.make_folder("a")
        (tmp_path / "a/file").write_bytes(b"")
        with pytest.raises(VolumeError, match=r"\[3109\]"):
            dest.write_file("a/file/below a file", [b"x"])
