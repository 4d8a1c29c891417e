"""The words of `stele-sim` but for `burner`."""

import contextlib
import json
import logging
import socket
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from simulators.clock import check_speed
from simulators.faults.fault import FAULTS, FaultError
from simulators.faults.registry import find
from simulators.fleet.command import fleet
from simulators.hands.hand import DEEDS
from simulators.links.socket_path import short_path
from simulators.process import Options, run_cabinet
from simulators.status import describe
from simulators.world.world import read_state


def _columns(rows: dict[str, str]) -> str:
    """Names and what they do, one a line."""
    width = max(map(len, rows))
    return "\n".join(f"{name:{width}}  {text}" for name, text in sorted(rows.items()))


@click.group()
def cli() -> None:
    """Simulated hardware: cabinets whose wires the real firmware works."""


cli.add_command(fleet)


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
@click.option("--discs", type=int, help="Blank discs of a new world.  [default: the profile's]")
@click.option("--nodes", type=int, help="Nodes of a new pb-library, the main one too.")
@click.option("--modules", type=int, help="Modules of a new disc-cabinet.")
@click.option("--spread", is_flag=True, help="Put the discs of a new world into all units.")
@click.option("--disks", type=int, help="Disks in the bays of a new world.")
@click.option("--tapes", type=int, help="Cartridges in the slots of a new world.")
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
    verbose: bool,
    **options: Any,
) -> None:
    """Run one cabinet until Ctrl-C. Prints `ready` when its wires can be used."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="stele-sim: %(message)s"
    )
    try:
        check_speed(speed)
        run_cabinet(Options(folder, profile, speed, **options))
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


@cli.command(epilog="\b\n" + _columns({name: known.help for name, known in FAULTS.items()}))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("what")
@click.argument("where", default="")
@click.option("--sector", type=int, help="Where on the disc.")
@click.option("--sectors", type=int, default=16, show_default=True, help="How far it reaches.")
@click.option("--value", type=float, help="How much, for the faults that have a measure.")
@click.option("--lift", is_flag=True, help="End the fault.")
def fault(*, folder: Path, what: str, **message: Any) -> None:
    """Let something go wrong in the running cabinet of FOLDER.

    WHERE is a drive (d1), a slot (s001), a door (front), a node (n03), or a disc's serial.
    """
    try:
        find(what)
    except FaultError as error:
        raise click.ClickException(str(error)) from error
    click.echo(_tell(folder, fault={"what": what, **message}))


@cli.command(epilog="\b\n" + _columns({f"{n} {d.words}": d.help for n, d in DEEDS.items()}))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("words", nargs=-1, required=True)
def hand(*, folder: Path, words: tuple[str, ...]) -> None:
    """Do at the running cabinet of FOLDER what a person's hand does: WORDS as below.

    A hand refuses what a hand cannot do: a door is locked, a slot is taken.
    """
    click.echo(_tell(folder, hand=words))


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
    with contextlib.suppress(click.ClickException):  # it need not run
        _tell(folder, settle=True)
    try:
        state = read_state(folder)
    except FileNotFoundError as error:
        raise click.ClickException(f"there is no world in {folder}") from error
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(state) + b"\n")
        return
    for line in describe(state):
        click.echo(line)
