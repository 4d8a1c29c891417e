"""The commands as processes of their own beside a cabinet's process."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulators.tools.bench import make_world

SIM = [sys.executable, "-m", "simulators.cli"]


class Tools:
    """A running hybrid cabinet, and its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        words = [*SIM, "cabinet", "--profile", "hybrid", "--world", os.fspath(folder)]
        self.process = subprocess.Popen(
            [*words, "--speed", "200"], stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def words(self, word: str, *argv: object) -> list[str]:
        return [*SIM, word, "--world", os.fspath(self.folder), *map(str, argv)]

    def run(
        self, word: str, *argv: object, data: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        words = self.words(word, *argv)
        return subprocess.run(words, input=data, capture_output=True, check=False, timeout=60)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    world = make_world(tmp_path_factory.mktemp("tools") / "world")
    world.close()
    running = Tools(world.folder)
    yield running
    running.end()


def test_bytes_go_onto_a_tape_and_come_back(tools: Tools) -> None:
    device, changer = tools.folder / "dev" / "td1", tools.folder / "dev" / "changer"
    data = os.urandom(20_000_000)
    loaded = tools.run("mtx", "-f", changer, "load", 1, 0)
    assert loaded.returncode == 0, loaded
    words = (f"of={device}", "bs=262144", "iflag=fullblock", "conv=sync,nocreat,notrunc")
    written = tools.run("dd", *words, data=data)
    assert written.returncode == 0, written
    assert b"77+0 records out" in written.stderr
    assert tools.run("mt", "-f", device, "asf", 0).returncode == 0
    read = tools.run("dd", f"if={device}", "bs=262144")
    assert read.returncode == 0
    assert read.stdout[: len(data)] == data
    assert len(read.stdout) == 77 * 262_144
    assert tools.run("mtx", "-f", changer, "load", 1, 0).returncode == 1


def test_a_reader_that_goes_away_ends_dd(tools: Tools) -> None:
    device, changer = tools.folder / "dev" / "td2", tools.folder / "dev" / "changer"
    assert tools.run("mtx", "-f", changer, "load", 2, 1).returncode == 0
    tools.run("dd", f"of={device}", "bs=1M", data=bytes(30_000_000))
    assert tools.run("mt", "-f", device, "rewind").returncode == 0
    with subprocess.Popen(
        tools.words("dd", f"if={device}", "bs=1M"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as reading:  # fmt: skip
        assert reading.stdout
        assert reading.stdout.read(10) == bytes(10)
        reading.stdout.close()
        assert reading.wait(timeout=20) != 0
    until_s = time.monotonic() + 20
    while b"busy" in tools.run("mt", "-f", device, "status").stderr:
        assert time.monotonic() < until_s


def test_a_command_starts_quickly(tools: Tools) -> None:
    took_s, python_s = [], []
    for _ in range(5):
        for words, times in (
            (tools.words("mt", "-f", "/dev/none", "status"), took_s),
            ([sys.executable, "-c", ""], python_s),
        ):
            began_s = time.perf_counter()
            subprocess.run(words, capture_output=True, check=False)
            times.append(time.perf_counter() - began_s)
    assert min(took_s) < 0.15 + min(python_s)


def test_a_command_of_another_cabinet_or_of_none_is_explained(tools: Tools, tmp_path: Path) -> None:
    none = subprocess.run(
        [*SIM, "mt", "--world", os.fspath(tmp_path), "-f", "x", "status"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert none.returncode == 2
    assert "no cabinet answers" in none.stderr
    disk = tools.run("smartctl", "--json", "-a", tools.folder / "dev" / "b31")
    assert disk.returncode == 1
    assert b"Unable to detect device type" in disk.stdout
