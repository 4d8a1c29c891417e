"""The words by which a stranger unpacks a tape fit the blocks that are written, in GNU tar's eyes.

A socket of packets is read as a drive in variable block mode is: a read brings one block, and what
does not fit into the reader's buffer is lost.
"""

import re
import socket
import subprocess
from pathlib import Path

import pytest

from appliance.volume.bag_readme import readme_en, readme_zh
from appliance.volume.form import Form
from hal.drivers.tape.codec import BLOCK_BYTES
from tests.appliance.volume.bags import archive_bytes
from tests.appliance.volume.samples import identity, plan_of

ROOT = Path(__file__).parents[3]
PLACES = {
    name: (ROOT / name).read_text("utf-8")
    for name in ("appliance/volume/FORMAT.md", "hal/drivers/tape/PROTOCOL.md", "docs/operations.md")
} | {
    "README": readme_en(identity(), 1, 1, Form.ARCHIVE, aliased=False),
    "README in Chinese": readme_zh(identity(), 1, 1, Form.ARCHIVE, aliased=False),
}
CONTENTS = {f"d1/{n}.bin": bytes([n]) * 400_000 for n in range(3)}
TAR_S = 60


def _unpack(blocking: int, tape_file: bytes, into: Path) -> int:
    ours, tars = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, tars:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * BLOCK_BYTES)
        tar = subprocess.Popen(
            ["tar", "-b", str(blocking), "-xf", "-"],
            stdin=tars,
            cwd=into,
            stderr=subprocess.DEVNULL,
        )
        tars.close()
        try:
            for at in range(0, len(tape_file), BLOCK_BYTES):
                ours.send(tape_file[at : at + BLOCK_BYTES])
        except BrokenPipeError:
            pass  # tar has seen its end mark, or given up
        ours.close()
        return tar.wait(TAR_S)


@pytest.fixture(scope="module")
def tape_file() -> bytes:
    """What stands between two file marks: the archive, its last block filled with zeros."""
    archive = archive_bytes(plan_of(CONTENTS), CONTENTS)
    return archive.ljust(-(-len(archive) // BLOCK_BYTES) * BLOCK_BYTES, b"\0")


@pytest.mark.parametrize("place", PLACES)
def test_each_paper_tells_the_blocks_that_are_written(place: str) -> None:
    told = re.findall(r"tar -b (\d+) -xf /dev/nst0", PLACES[place])
    assert told
    assert {int(blocking) * 512 for blocking in told} == {BLOCK_BYTES}


def _is_whole(folder: Path) -> bool:
    data = folder / "vol-0001" / "data"
    return all(
        (data / path).is_file() and (data / path).read_bytes() == content
        for path, content in CONTENTS.items()
    )


def test_tar_unpacks_what_is_written_with_these_words(tape_file: bytes, tmp_path: Path) -> None:
    assert len(tape_file) > 2 * BLOCK_BYTES
    assert _unpack(BLOCK_BYTES // 512, tape_file, tmp_path) == 0
    assert _is_whole(tmp_path)


def test_tar_with_its_own_smaller_records_does_not(tape_file: bytes, tmp_path: Path) -> None:
    _unpack(20, tape_file, tmp_path)
    assert not _is_whole(tmp_path), "or this wire would be no tape"
