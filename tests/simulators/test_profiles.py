"""Every profile as a process: its wires, and a person and faults from another terminal."""

import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance.config import load_config
from simulators.commands import cli
from simulators.links.socket_path import short_path
from simulators.world.world import read_state

SIM = [sys.executable, "-m", "simulators.cli"]
HEAD = """
[appliance]
id = "sim-1"
site = "north"
profile = "{}"
state_dir = "{}"

[broker]
url = "mqtt://127.0.0.1:1883"

"""


@contextmanager
def running(folder: Path, profile: str, *options: str) -> Iterator[None]:
    """A cabinet of that profile at ten times the wall's speed."""
    words = [*SIM, "cabinet", "--profile", profile, "--world", os.fspath(folder), "--speed", "10"]
    with subprocess.Popen([*words, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def tell(*words: str) -> str:
    """A command that works; what it says."""
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done.output


def refused(*words: str) -> str:
    """A command that does not; why."""
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    return done.output


def tables(wires: dict[str, Any]) -> dict[str, int]:
    return {name: len(part) for name, part in wires.items() if isinstance(part, list)}


EVERY = {"gpio"}


@pytest.mark.parametrize(
    ("profile", "options", "lists", "singles"),
    [
        ("desktop", (), {"drives": 2, "buses": 1}, {"changer"}),
        ("rack", (), {"drives": 4, "buses": 1, "bays": 8}, {"changer", "disks"}),
        (
            "hybrid",
            ("--disks", "3", "--tapes", "2"),
            {"drives": 4, "buses": 1, "bays": 32, "tape_drives": 2},
            {"changer", "disks", "tape", "printer", "camera"},
        ),
        ("disk-library", ("--disks", "32"), {"buses": 1, "bays": 32}, {"disks"}),
        (
            "disc-cabinet",
            ("--modules", "2"),
            {"drives": 2, "buses": 3, "modules": 2},
            {"printer", "camera"},
        ),
        (
            "pb-library",
            ("--nodes", "3"),
            {"changers": 3, "drives": 12, "buses": 1, "tag_readers": 6},
            set(),
        ),
    ],
)
def test_a_profile_serves_its_wires_and_the_firmware_understands_them(
    tmp_path: Path,
    profile: str,
    options: tuple[str, ...],
    lists: dict[str, int],
    singles: set[str],
) -> None:
    world = tmp_path / "world"
    with running(world, profile, *options):
        wires = tomllib.loads((world / "wires.toml").read_text())
        assert tables(wires) == lists
        assert wires.keys() - lists.keys() == singles | EVERY
        ports = [
            wires.get("changer", {}),
            *wires.get("changers", []),
            *wires.get("tag_readers", []),
        ]
        for port in filter(None, ports):
            os.close(os.open(port["port"], os.O_RDWR | os.O_NOCTTY))
        for bus in wires["buses"]:
            with (
                socket.socket(socket.AF_UNIX) as line,
                short_path(world, f"i2c-{bus['name']}.sock") as path,
            ):
                line.connect(path)
        config = tmp_path / "appliance.toml"
        config.write_text(HEAD.format(profile, tmp_path) + (world / "wires.toml").read_text())
        assert load_config(config).appliance.profile == profile
    assert not list(world.glob("*.sock"))
    assert not list((world / "dev").glob("robot*"))
    with running(world, profile):
        assert tables(tomllib.loads((world / "wires.toml").read_text())) == lists


def test_a_person_and_faults_from_another_terminal(tmp_path: Path) -> None:
    world = os.fspath(tmp_path)
    with running(tmp_path, "hybrid", "--discs", "2"):
        assert "door front is locked" in refused("hand", world, "open", "front")
        assert "forced open" in tell("fault", world, "force-door", "front")
        assert "BD000001 is taken" in tell("hand", world, "take", "s001")
        assert "BD000001 is put into s077" in tell("hand", world, "put", "s077")
        assert "is closed" in tell("fault", world, "force-door", "front", "--lift")
        tell("fault", world, "wet-floor")
        tell("fault", world, "heat", "at-once", "--value", "41.5")
        tell("fault", world, "stuck-bolt", "rear")
        told = tell("status", world)
        assert "door front: closed, bolt out" in told
        assert "water on the floor" in told
        assert "room: 41.5 °C" in told
        assert "fault: stuck-bolt:rear" in told
        assert "cartridge STL001L7 in t01" in told
        assert "b01: disk HD000001, 1,000 GB, power off" in told
        assert "did you mean 'wet-floor'" in refused("fault", world, "wet-flor")
        assert "did you mean 'turn-key'" in refused("hand", world, "turnkey", "front")
        assert "'middle'" in refused("hand", world, "turn-key", "middle")
        tell("hand", world, "turn-key", "front")
    state = read_state(tmp_path)
    assert state.discs["BD000001"].place == "s077"
    assert state.doors["front"].key_turned
    assert state.hazards.water


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--profile", "rack", "--nodes", "2"), "has no nodes"),
        (("--profile", "pb-library", "--modules", "2"), "has no modules"),
        (("--profile", "pb-library", "--nodes", "14"), "1 to 13 units"),
        (("--profile", "disc-cabinet", "--modules", "0"), "1 to 8 units"),
        (("--profile", "rack", "--disks", "9"), "room for 8 disks"),
    ],
)
def test_what_a_profile_does_not_have_is_refused(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    assert message in refused("cabinet", "--world", os.fspath(tmp_path), *words)
    assert not (tmp_path / "world.json").exists()


def test_nobody_at_home(tmp_path: Path) -> None:
    assert "no cabinet runs" in refused("hand", os.fspath(tmp_path), "open", "front")
    assert "there is no world" in refused("status", os.fspath(tmp_path))
