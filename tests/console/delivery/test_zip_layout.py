"""The ZIP is known byte by byte before it is sent, and common tools take it."""

import io
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.delivery.zip_layout import Entry, ZipLayout

CONTENTS = {"A/1.txt": b"one" * 1000, "档案/文件.txt": "内容".encode(), "empty": b"", "z": b"\0"}
MTIME_NS = 1_600_000_000 * 10**9


def layout_of(contents: dict[str, bytes], *folders: str) -> ZipLayout:
    entries = [Entry(f"{name}/", 0, MTIME_NS) for name in folders]
    entries += [Entry(name, len(data), MTIME_NS, name) for name, data in contents.items()]
    return ZipLayout(entries)


def read(layout: ZipLayout, contents: dict[str, bytes], start: int, end: int) -> bytes:
    def content(entry: Entry, first: int, last: int) -> Iterator[bytes]:
        yield contents[entry.key][first:last]

    def crc32(entry: Entry) -> int:
        return zlib.crc32(contents.get(entry.key, b""))

    return b"".join(layout.read(start, end, content, crc32))


def whole(contents: dict[str, bytes], *folders: str) -> bytes:
    layout = layout_of(contents, *folders)
    return read(layout, contents, 0, layout.size_bytes)


def test_its_length_is_known_before_and_python_reads_it() -> None:
    data = whole(CONTENTS, "A/leer")
    assert len(data) == layout_of(CONTENTS, "A/leer").size_bytes
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() is None
        assert found.namelist() == ["A/leer/", *CONTENTS]
        assert {name: found.read(name) for name in CONTENTS} == CONTENTS
        assert found.getinfo("z").date_time == (2020, 9, 13, 12, 26, 40)
        assert found.getinfo("A/leer/").is_dir()


@pytest.mark.parametrize("program", [("7z", "t"), ("unzip", "-t"), ("bsdtar", "-tf")])
def test_common_tools_take_it(program: tuple[str, str], tmp_path: Path) -> None:
    if shutil.which(program[0]) is None and program[0] != "7z":
        pytest.skip(f"{program[0]} is not here")
    file = tmp_path / "a.zip"
    file.write_bytes(whole(CONTENTS, "A/leer"))
    done = subprocess.run([*program, str(file)], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@settings(max_examples=60)
@given(data=st.data())
def test_any_part_is_the_same_as_of_the_whole(data: st.DataObject) -> None:
    layout, all_of_it = layout_of(CONTENTS, "f"), whole(CONTENTS, "f")
    start = data.draw(st.integers(0, layout.size_bytes))
    end = data.draw(st.integers(start, layout.size_bytes))
    assert read(layout, CONTENTS, start, end) == all_of_it[start:end]


def test_a_part_in_the_middle_reads_nothing_of_what_lies_before() -> None:
    layout = layout_of(CONTENTS)
    asked: list[str] = []

    def content(entry: Entry, first: int, last: int) -> Iterator[bytes]:
        asked.append(entry.name)
        yield CONTENTS[entry.key][first:last]

    begin = layout.entries[0].local_bytes + 60
    list(layout.read(begin, begin + 40, content, lambda entry: asked.append(entry.name) or 0))
    assert "A/1.txt" not in asked


def test_more_than_four_gigabytes_and_65535_files_are_taken_by_python() -> None:
    """The content of the large file is made up while it is read: nothing of it is stored."""
    large = 5 * 2**30
    entries = [Entry("large", large, MTIME_NS, "large"), Entry("after", 3, MTIME_NS, "after")]
    entries += [Entry(f"f{n}", 0, MTIME_NS) for n in range(66_000)]
    layout = ZipLayout(entries)

    def content(entry: Entry, first: int, last: int) -> Iterator[bytes]:
        yield b"abc"[first:last] if entry.key == "after" else bytes(last - first)

    class Made(io.RawIOBase):
        at = 0

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = (0, self.at, layout.size_bytes)[whence] + offset
            return self.at

        def tell(self) -> int:
            return self.at

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            end = layout.size_bytes if size < 0 else min(self.at + size, layout.size_bytes)
            data = b"".join(layout.read(self.at, end, content, lambda e: zlib.crc32(b"abc")))
            self.at = end
            return data

    with zipfile.ZipFile(Made()) as found:  # type: ignore[arg-type]
        assert len(found.namelist()) == 66_002
        assert found.getinfo("large").file_size == large
        assert found.read("after") == b"abc"


@pytest.mark.parametrize(
    ("mtime_ns", "year"), [(0, 1980), (-(10**18), 1980), (10**20, 2107), (MTIME_NS, 2020)]
)
def test_times_outside_of_what_a_zip_can_say_become_the_nearest(mtime_ns: int, year: int) -> None:
    layout = ZipLayout([Entry("x", 0, mtime_ns)])
    data = read(layout, {"": b""}, 0, layout.size_bytes)
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.getinfo("x").date_time[0] == year
