"""``make demo`` and ``make smoke``: a folder goes onto simulated media and comes back, exactly."""

import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from simulators.demo.cast import CASTS
from simulators.demo.comparison import Comparison
from simulators.demo.processes import DemoError, processes
from simulators.demo.source import check_folders, default_source
from simulators.demo.story import Stage, Story, printable

_PORT = 8480
_SHOWN_DIFFERENCES = 20


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("no free port on 127.0.0.1")


def _report(screen: Console, result: Comparison, kind: str) -> bool:
    for difference in result.differences[:_SHOWN_DIFFERENCES]:
        screen.print(f"  [red]{printable(difference)}[/]")
    if result.left_out:
        screen.print(f"  {len(result.left_out):,} links or devices of the source were left out")
    same = not result.differences
    verdict = (
        "[bold green]identical[/]" if same else f"[bold red]{len(result.differences):,} differ[/]"
    )
    screen.print(
        f"\n  {result.files:,} files, {result.folders:,} folders, "
        f"{result.size_bytes / 1e6:,.1f} MB came back from {kind}s: {verdict}\n"
    )
    return same


def _play(stage: Stage, screen: Console, times: Path | None) -> int:
    with processes(stage.work / "logs") as running:
        story = Story(stage, running, screen)
        story.raise_curtain()
        story.archive()
        same = True
        for kind in stage.cast.kinds:
            out = stage.out if len(stage.cast.kinds) == 1 else stage.out / kind
            same = _report(screen, story.get_back(kind, out), kind) and same
        if times:
            acts = [f"{act} {seconds:.3f}\n" for act, seconds in story.times_s.items()]
            times.write_text("".join(acts), "utf-8")
        if stage.stays:
            screen.print(f"  The page: {stage.url}   Ctrl-C ends everything.\n")
            story.stay()
    return 0 if same else 1


def _end(work: Path, screen: Console, failed: bool) -> None:
    """Remove what the demo made; of one that failed, keep what its processes said."""
    kept = work.with_name(f"{work.name}-logs")
    if failed and (work / "logs").exists():
        (work / "logs").rename(kept)
        if (work / "console" / "logs").exists():
            (work / "console" / "logs").rename(kept / "console")
        screen.print(f"What every process said is kept in {printable(kept)}")
    shutil.rmtree(work, ignore_errors=True)


@click.command()
@click.option("--profile", type=click.Choice(list(CASTS)), default="rack", show_default=True)
@click.option("--source", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path))
@click.option("--port", default=_PORT, show_default=True, help="The page's port, if it is free.")
@click.option("--times", type=click.Path(path_type=Path), help="Write each act's seconds here.")
@click.option("--smoke", is_flag=True, help="Do not stay: exit non-zero if anything differs.")
def main(
    *,
    profile: str,
    source: Path | None,
    out: Path | None,
    port: int,
    times: Path | None,
    smoke: bool,
) -> None:
    """Archive a folder with a whole simulated fleet, restore it from its media, compare.

    A cabinet with several kinds of medium keeps a copy on each; what comes back from each lies in
    a folder of its own below OUT.
    """
    screen = Console(highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        source = (source or default_source()).expanduser().resolve()
        out = out.expanduser().resolve() if out else None
        check_folders(source, out)
    except (DemoError, OSError) as error:
        screen.print(f"[bold red]{printable(error)}[/]")
        sys.exit(2)
    work = Path(tempfile.mkdtemp(prefix="stele-"))
    try:
        back = out or work / "restored"
        stage = Stage(work, _free_port(port), CASTS[profile], source, back, stays=not smoke)
        code = _play(stage, screen, times)
    except KeyboardInterrupt:
        code = 130 if smoke else 0
    except (DemoError, OSError) as error:
        screen.print(f"[bold red]{printable(error)}[/]")
        code = 1
    _end(work, screen, failed=code == 1)
    sys.exit(code)


if __name__ == "__main__":
    main()
