"""A folder is scanned and read without following or blocking on anything."""

import os
import socket
from pathlib import Path

import pytest

from appliance.volume import VolumeError
from appliance.volume.tool.folder import FoundFile, FoundFolder, LeftOut, Reason, SourceFolder
from appliance.volume.tool.handles import FolderHandles


def scan(root: Path) -> dict[str, FoundFile | FoundFolder | LeftOut]:
    with SourceFolder(root) as source:
        return {entry.path: entry for entry in source.scan()}


def test_files_and_folders_are_found_with_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_bytes(b"abc")
    os.utime(tmp_path / "d/f", ns=(0, -1_500_000_000))
    found = scan(tmp_path)
    file = found["d/f"]
    assert isinstance(found["d"], FoundFolder)
    assert isinstance(file, FoundFile)
    assert (file.size_bytes, file.mtime_ns) == (3, -1_500_000_000)


def test_links_sockets_and_pipes_are_reported_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder link").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = scan(tmp_path)
    reasons = {path: entry.reason for path, entry in found.items() if isinstance(entry, LeftOut)}
    assert reasons == {
        "link": Reason.SYMBOLIC_LINK,
        "folder link": Reason.SYMBOLIC_LINK,
        "pipe": Reason.PIPE,
        "socket": Reason.SOCKET,
    }
    assert len(found) == 4


def test_devices_are_reported_and_left_out() -> None:
    with SourceFolder(Path("/dev")) as source:
        found = {entry.path: entry for entry in source.scan() if entry.path in ("null", "zero")}
    for entry in found.values():
        assert isinstance(entry, LeftOut)
        assert entry.reason == Reason.DEVICE
    assert found


def test_names_that_are_not_utf8_come_as_name_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff")).write_bytes(b"x")
    with SourceFolder(tmp_path) as source:
        (found,) = source.scan()
        assert found.path == "bad\uf7ff"
        assert isinstance(found, FoundFile)
        with source.open(found) as file:
            assert b"".join(map(bytes, file.chunks())) == b"x"


def test_folders_beyond_path_max_are_scanned_and_read(tmp_path: Path) -> None:
    names = [b"n" * 200] * 60
    handles = FolderHandles(tmp_path)
    deepest = handles.open(names, create=True)
    handle = os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=deepest)
    os.write(handle, b"deep")
    os.close(handle)
    handles.close()
    with SourceFolder(tmp_path) as source:
        entries = list(source.scan())
        last = entries[-1]
        assert len(entries) == 61
        assert isinstance(last, FoundFile)
        with source.open(last) as reading:
            assert b"".join(map(bytes, reading.chunks())) == b"deep"


def test_hundreds_of_levels_do_not_use_up_open_files(tmp_path: Path) -> None:
    handles = FolderHandles(tmp_path)
    handles.open([b"d"] * 900, create=True)
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    handles.close()
    assert open_files < 200
    assert len(scan(tmp_path)) == 900


@pytest.mark.parametrize("how", ["replaced", "longer", "same length", "a link"])
def test_a_file_that_changed_since_the_scan_is_an_error(tmp_path: Path, how: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"before")
    with SourceFolder(tmp_path) as source:
        (found,) = source.scan()
        assert isinstance(found, FoundFile)
        if how == "replaced":
            (tmp_path / "g").write_bytes(b"before")
            (tmp_path / "g").replace(path)
        elif how == "a link":
            path.rename(tmp_path / "g")
            path.symlink_to("g")
        else:
            path.write_bytes(b"after!" if how == "same length" else b"much longer")
            os.utime(path, ns=(1, 1))
        with pytest.raises(VolumeError, match=r"\[300[67]\]"):
            source.open(found)


def test_a_file_that_grows_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(3 * 2**20))
    with SourceFolder(tmp_path) as source:
        (found,) = source.scan()
        assert isinstance(found, FoundFile)
        with source.open(found) as file:
            chunks = file.chunks()
            next(chunks)
            with path.open("ab") as more:
                more.write(b"more")
            with pytest.raises(VolumeError, match=r"\[3006\]"):
                list(chunks)


def test_a_folder_that_is_not_there_is_a_defined_failure(tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match=r"\[3007\]"):
        SourceFolder(tmp_path / "nowhere")
