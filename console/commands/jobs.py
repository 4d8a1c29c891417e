"""`stele-console jobs`: what the appliances are doing, once or until it is done."""

from time import sleep

import click
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from appliance.contract.errors import SteleError
from console.client.watching import WorkerWatch
from console.commands.frame import Exit, Frame, console_command, shown
from console.overview.jobs import CopyRow, JobRow, Work
from console.store.states import CopyState

POLL_S = 0.5
_INVENTORY = "take_inventory"
"""Its `bytes_done` counts slots."""
_COLOURS = {"done": "green", "failed": "red", "cancelled": "yellow"}


@click.command()
@click.option("--watch", is_flag=True, help="Stay until no copy is wanted and no job is open.")
@click.option("--all", "everything", is_flag=True, help="Old jobs too.")
@click.option(
    "--wait",
    "wait_s",
    type=float,
    metavar="SECONDS",
    help="With --watch: give up when nothing goes on for so long.",
)
@console_command
def jobs(frame: Frame, watch: bool, everything: bool, wait_s: float | None) -> Exit | None:
    """Show the jobs of all appliances and the copies that are still wanted."""
    if watch:
        return _watch(frame, wait_s)
    now = _look(frame, everything=everything)
    if frame.as_json:
        frame.answer(now)
    else:
        frame.out.print(_picture(now))
    return None


def _look(frame: Frame, *, everything: bool = False) -> Work:
    query = {"everything": "true"} if everything else None
    return frame.client.ask("GET", "/work", Work, query=query)


def _watch(frame: Frame, wait_s: float | None) -> Exit | None:
    """Raises SteleError 5410, 5411; 5414 when copies failed."""
    guard = WorkerWatch(frame.client, wait_s)
    now = _look(frame)
    if frame.as_json or not frame.out.is_terminal:
        _follow_in_lines(frame, guard, now)
    else:
        with Live(_picture(now), console=frame.out, refresh_per_second=4) as live:
            while now.is_going_on:
                guard.check(now)
                sleep(POLL_S)
                now = _look(frame)
                live.update(_picture(now))
    now = _look(frame)
    failed = [copy for copy in now.copies if copy.state == CopyState.FAILED]
    if failed:
        raise SteleError(5414, f"{len(failed)} copies could not be made, first: {_why(failed[0])}")
    if frame.as_json:
        frame.answer(now)
    else:
        frame.say(f"nothing is left to do; {now.copies_verified} copies are verified")
    return None


def _follow_in_lines(frame: Frame, guard: WorkerWatch, now: Work) -> None:
    """Say when a job enters another stage, and nothing else."""
    said: dict[str, str] = {}
    while True:
        for job in now.jobs:
            line = f"{job.verb} {_subject(job)}: {job.state}, {job.stage}"
            if said.get(job.job_id) != line and not frame.as_json:
                frame.say(line)
            said[job.job_id] = line
        if not now.is_going_on:
            return
        guard.check(now)
        sleep(POLL_S)
        now = _look(frame)


def _picture(now: Work) -> RenderableType:
    parts: list[RenderableType] = []
    if now.jobs:
        lines = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for heading in ("job", "of", "appliance", "state", "", "", "left"):
            lines.add_column(heading, no_wrap=True)
        for job in now.jobs:
            lines.add_row(*_cells(job))
        parts.append(lines)
    waiting = [copy for copy in now.copies if copy.state == CopyState.PLANNED]
    if waiting:
        parts.append(Text(f"{len(waiting)} copies wait for a blank disc and an appliance"))
    given_up = [copy for copy in now.copies if copy.state == CopyState.FAILED]
    for copy in given_up:
        parts.append(Text(f"copy {copy.copy_id} of {shown(_why(copy))}", "red"))
    if given_up:
        parts.append(Text("when the cause is mended: stele-console retry"))
    if not parts:
        parts.append(Text(f"no jobs; {now.copies_verified} copies are verified"))
    return Group(*parts)


def _cells(job: JobRow) -> list[RenderableType]:
    stage = job.stage if job.state == "running" else job.state
    colour = _COLOURS.get(job.state, "cyan")
    note = job.error_message or job.waiting_for
    if job.verb == _INVENTORY and job.state == "running":
        note = f"{job.bytes_done:,} of {job.bytes_total or 0:,} slots"
    elif job.speed_bytes_per_s and job.state == "running":
        note = f"{decimal(job.bytes_done)} at {decimal(int(job.speed_bytes_per_s))}/s"
    left = f"{job.seconds_left:,.0f} s" if job.seconds_left and job.state == "running" else ""
    done = job.fraction if job.fraction is not None else float(job.state == "done")
    where = f"{job.appliance} {job.drive or ''}".strip()
    return [
        job.verb,
        shown(_subject(job)),
        where,
        Text(stage, colour),
        ProgressBar(total=1.0, completed=done, width=24),
        shown(note or ""),
        left,
    ]


def _subject(job: JobRow) -> str:
    if job.verb == _INVENTORY:
        return "slots"
    return f"{job.label or job.job_id} {job.role or ''}".strip()


def _why(copy: CopyRow) -> str:
    return f"{copy.label} {copy.role}: {copy.error_code} {copy.error_message}"
