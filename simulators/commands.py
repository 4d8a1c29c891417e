"""The words of `stele-sim` but for `burner`."""

import json
import logging
import socket
import sys
from collections import Counter
from pathlib import Path

import click
import msgspec

from simulators.clock import check_speed
from simulators.faults.fault import FaultError
from simulators.links.socket_path import short_path
from simulators.process import Options, run_cabinet
from simulators.world.disc import SECTOR_BYTES
from simulators.world.world import CROWDED, GRIPPER, State, read_state


@click.group()
def cli() -> None:
    """Simulated hardware: cabinets whose wires the real firmware works."""


@cli.command()
@click.option("--profile", default="rack", show_default=True, help="Kind of cabinet.")
@click.option(
    "--world",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the world; made if it is not there.",
)
@click.option("--speed", default=1.0, show_default=True, help="Simulated seconds a second.")
@click.option("--discs", type=int, help="Blank discs of a new world.  [default: every slot]")
@click.option("--capacity-bytes", type=int, help="Size of these discs.  [default: 25 GB]")
@click.option(
    "--scenario",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Faults to come, as a TOML file.",
)
@click.option("--verbose", is_flag=True, help="Tell what happens, on standard error.")
def cabinet(
    *,
    folder: Path,
    profile: str,
    speed: float,
    discs: int | None,
    capacity_bytes: int | None,
    scenario: Path | None,
    verbose: bool,
) -> None:
    """Run one cabinet until Ctrl-C. Prints `ready` when its wires can be used."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="stele-sim: %(message)s"
    )
    try:
        check_speed(speed)
        run_cabinet(Options(folder, profile, speed, discs, capacity_bytes, scenario))
    except (ValueError, BlockingIOError, FaultError) as error:
        raise click.ClickException(str(error)) from error


@cli.command()
@click.option("--world", required=True, metavar="DIR", help="Folder of a running cabinet's world.")
@click.argument("words", nargs=-1)
def burner(world: str, words: tuple[str, ...]) -> None:
    """The burner command: xorriso's words over this cabinet's drives."""
    # Reached only for --help and wrong words: `simulators.cli` takes the right ones before.
    del world, words
    raise click.UsageError("the words are: stele-sim burner --world DIR XORRISO-WORDS…")


@cli.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("what", type=str)
@click.argument("where", default="")
@click.option("--sector", type=int, help="Where on the disc.")
@click.option("--sectors", type=int, default=16, show_default=True, help="How far it reaches.")
@click.option("--lift", is_flag=True, help="End the fault.")
def fault(
    *, folder: Path, what: str, where: str, sector: int | None, sectors: int, lift: bool
) -> None:
    """Let something go wrong in the running cabinet of FOLDER.

    WHERE is a drive (d1), a slot (s001), the gripper, or a disc's serial.
    """
    message = {
        "what": what,
        "where": where,
        "sector": sector,
        "sectors": sectors,
        "lift": lift,
    }
    click.echo(_tell(folder, fault=message))


@cli.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("factor", type=float)
@click.option("--when-writing", is_flag=True, help="Wait until a drive writes a disc.")
def speed(*, folder: Path, factor: float, when_writing: bool) -> None:
    """Let the clock of the running cabinet of FOLDER run FACTOR times as fast as the wall's."""
    click.echo(_tell(folder, speed=factor, when="writing" if when_writing else "now"))


def _tell(folder: Path, **message: object) -> str:
    """Say something to the running cabinet; its answer."""
    try:
        with socket.socket(socket.AF_UNIX) as line, short_path(folder) as path:
            line.connect(path)
            line.sendall(json.dumps(message).encode() + b"\n")
            answer = json.loads(line.makefile().readline() or '{"error": "no answer"}')
    except OSError as error:
        raise click.ClickException(f"no cabinet runs in {folder}: {error}") from error
    if "error" in answer:
        raise click.ClickException(answer["error"])
    return str(answer["done"])


@cli.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The whole world, for programs.")
def status(folder: Path, as_json: bool) -> None:
    """Show the world of FOLDER, whether its cabinet runs or not."""
    try:
        state = read_state(folder)
    except FileNotFoundError as error:
        raise click.ClickException(f"there is no world in {folder}") from error
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(state) + b"\n")
        return
    for line in describe(state):
        click.echo(line)


def describe(state: State) -> list[str]:
    """The world in a few lines: what is not blank in its slot, and where the arm stands."""
    states = Counter(str(disc.state) for disc in state.discs.values())
    lines = [f"{len(state.discs)} discs: " + ", ".join(f"{n} {s}" for s, n in states.items())]
    for disc in state.discs.values():
        in_slot = disc.place[:1] == "s" and disc.place != GRIPPER
        if in_slot and disc.state == "blank" and disc.place not in CROWDED:
            continue
        damage = ", damaged" if disc.damaged else ""
        size_mb = disc.written_sectors * SECTOR_BYTES / 1e6
        lines.append(f"{disc.serial} in {disc.place}: {disc.state}{damage}, {size_mb:.1f} MB")
    x, y, z = state.arm.position_mm
    jaws = "open" if state.arm.jaws_open else "closed"
    lines.append(f"arm at {x:.1f}°, height {y:.1f} mm, reach {z:.1f} mm, jaws {jaws}")
    lines += [f"tray of {drive} is open" for drive in sorted(state.open_trays)]
    lines += [f"fault: {name}" for name in sorted(state.faults)]
    return lines
