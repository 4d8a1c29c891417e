"""Doors that a dead firmware left unlocked are locked by `make-safe`, over a cabinet's process."""

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.world.world import read_state

BIN = Path(sys.executable).parent
LINES = {"front": (6, 13), "rear": (16, 20)}
"""Of each door the lock's output and the bolt's input, which is high when it is drawn."""


class Cabinet:
    """A hybrid cabinet in a process of its own, and the configuration of its firmware."""

    def __init__(self, folder: Path) -> None:
        self.world = folder / "world"
        self.config = folder / "appliance.toml"
        argv = [BIN / "stele-sim", "cabinet", "--profile", "hybrid", "--world", self.world]
        self.process = subprocess.Popen([*argv, "--speed", "20"], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"
        self.config.write_text(
            '[appliance]\nid = "a"\nsite = "b"\nprofile = "hybrid"\nstate_dir = "state"\n'
            '[broker]\nurl = "mqtt://127.0.0.1:1"\n'
            + (self.world / "wires.toml").read_text("utf-8"),
            "utf-8",
        )

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def unlock(self, door: str) -> None:
        """Switch a lock's output on, wait until its bolt is drawn, and die with it on."""
        lock, bolt = LINES[door]
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(20)
            wire.connect(os.fspath(self.world / "gpio.sock"))
            for word in (
                {"setup": bolt, "output": False},
                {"setup": lock, "output": True},
                {"set": lock, "value": 1},
            ):
                wire.sendall(json.dumps(word).encode() + b"\n")
            with wire.makefile() as told:
                while (said := json.loads(told.readline()))["pin"] != bolt or not said["value"]:
                    pass

    def bolted(self) -> dict[str, bool]:
        doors = read_state(self.world).doors
        return {name: doors[name].bolt_out for name in LINES}

    def make_safe(self) -> subprocess.CompletedProcess[str]:
        argv = [BIN / "stele-appliance", "make-safe", "--config", self.config]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    running = Cabinet(tmp_path)
    yield running
    running.end()


def test_it_locks_what_a_dead_firmware_left_unlocked(cabinet: Cabinet) -> None:
    for door in LINES:
        cabinet.unlock(door)
    assert cabinet.bolted() == {"front": False, "rear": False}, "the lines keep their level"
    done = cabinet.make_safe()
    assert (done.returncode, done.stdout) == (0, "locked\n"), done.stderr
    assert cabinet.bolted() == {"front": True, "rear": True}
    assert cabinet.make_safe().returncode == 0


def test_it_leaves_a_cabinet_alone_whose_firmware_runs(cabinet: Cabinet) -> None:
    state = cabinet.config.parent / "state"
    state.mkdir()
    cabinet.unlock("front")
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = cabinet.make_safe()
    assert done.returncode == 1
    assert "error 5010" in done.stderr
    assert not cabinet.bolted()["front"]
