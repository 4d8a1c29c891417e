"""`wires.toml`: the firmware's configuration for one simulated cabinet, addresses and all.

JSON strings and lists of strings are TOML's too.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from simulators.cabinet import Cabinet
from simulators.links import electronics_server


def robot_port(unit: str) -> str:
    """A robot's serial port in the world's folder: ``dev/robot``, ``dev/robot-n03``."""
    return f"dev/robot-{unit}" if unit else "dev/robot"


def describe_wires(cabinet: Cabinet) -> str:
    """The tables of the firmware's configuration that say where everything is."""
    folder = cabinet.world.folder
    lines = [
        *_robots(cabinet, folder),
        *_drives(cabinet, folder),
        *_modules(cabinet),
        *_bays(cabinet, folder),
        *_tapes(cabinet, folder),
        *_printer(cabinet, folder),
        *electronics_server.describe_wires(cabinet.electronics, folder),
    ]
    return "\n".join(lines).lstrip() + "\n"


def _robots(cabinet: Cabinet, folder: Path) -> Iterator[str]:
    for unit in cabinet.robots:
        head = ("[[changers]]", f"unit = {json.dumps(unit)}") if unit else ("[changer]",)
        yield from ("", *head, _address("port", folder / robot_port(unit)))


def _drives(cabinet: Cabinet, folder: Path) -> Iterator[str]:
    for name, drive in cabinet.drives.items():
        yield from ("", "[[drives]]", f'name = "{name}"', _address("device", drive.link))
        yield _command(folder, "burner")


def _modules(cabinet: Cabinet) -> Iterator[str]:
    if cabinet.world.description.shelf:
        for name in cabinet.world.layout.units:
            yield from ("", "[[modules]]", f'name = "{name}"')


def _bays(cabinet: Cabinet, folder: Path) -> Iterator[str]:
    if not cabinet.world.layout.bays:
        return
    yield from ("", "[disks]", _address("mounts", folder / "mounts"))
    yield from (_command(folder, word) for word in ("smartctl", "mount", "umount", "mkfs", "df"))
    for name in cabinet.world.layout.bays:
        yield from ("", "[[bays]]", f'name = "{name}"', _address("device", folder / "dev" / name))


def _tapes(cabinet: Cabinet, folder: Path) -> Iterator[str]:
    if not cabinet.world.description.tape:
        return
    yield from ("", "[tape]", _address("changer", folder / "dev" / "changer"))
    yield _command(folder, "mtx")
    for name in cabinet.world.layout.tape_drives:
        yield from ("", "[[tape_drives]]", f'name = "{name}"')
        yield _address("device", folder / "dev" / name)
        yield from (_command(folder, word) for word in ("mt", "dd"))


def _printer(cabinet: Cabinet, folder: Path) -> Iterator[str]:
    if "lp" in cabinet.programs:
        yield from ("", "[printer]", 'queue = "disc"')
        yield from (_command(folder, word) for word in ("lp", "lpstat", "tray"))
        if cabinet.world.description.camera:
            yield from ("", "[camera]", _address("device", folder / "dev" / "camera.png"))


def _address(key: str, path: Path) -> str:
    return f"{key} = {json.dumps(str(path))}"


def _command(folder: Path, word: str) -> str:
    """The words that start a simulated command, for the key of the same name."""
    beside = Path(sys.executable).with_name("stele-sim")
    start = [str(beside)] if beside.exists() else [sys.executable, "-P", "-m", "simulators.cli"]
    return f"{word} = {json.dumps([*start, word, '--world', str(folder)])}"
