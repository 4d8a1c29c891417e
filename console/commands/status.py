"""`stele-console status`: the whole on one screen."""

import click
from msgspec import Struct
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from console.commands.frame import Frame, console_command, shown
from console.overview.alarms import AlarmRow
from console.overview.appliances import ApplianceRow
from console.overview.status import Archive, Status


class Standing(Struct):
    data: str
    page_url: str | None
    broker_url: str | None
    worker_running: bool
    archive: Archive


@click.command()
@console_command
def status(frame: Frame) -> None:
    """Show the console's parts, the archive, the appliances, and what is wrong."""
    now = _look(frame)
    if frame.as_json:
        frame.answer(now)
    else:
        _show(frame, now)


def _look(frame: Frame) -> Status:
    """Put together of what the console tells of itself, its appliances and its alarms."""
    found = frame.client.ask("GET", "/status", Standing)
    return Status(
        found.data,
        found.page_url,
        found.broker_url,
        found.worker_running,
        found.archive,
        list(frame.client.pages("/appliances", ApplianceRow)),
        list(frame.client.pages("/alarms", AlarmRow))[::-1],
    )


def _show(frame: Frame, now: Status) -> None:
    lines = Table.grid(padding=(0, 2))
    running = Text("running", "green") if now.worker_running else Text("not running", "red")
    lines.add_row("worker", running)
    lines.add_row("page", now.page_url or "never started")
    lines.add_row("broker", now.broker_url or "never started")
    lines.add_row("data", shown(now.data))
    _add_archive(lines, now.archive)
    for row in now.appliances:
        lines.add_row(row.appliance, _appliance(row))
    frame.out.print(lines)
    for alarm in now.alarms:
        text = f"alarm {alarm.code} at {alarm.appliance} {alarm.where}: {alarm.message}"
        frame.say(Text(shown(text), "red"))


def _add_archive(lines: Table, archive: Archive) -> None:
    kept = f"{archive.files:,} files, {decimal(archive.size_bytes)}"
    lines.add_row("archive", f"{kept} in {_counts(archive.packages) or 'no dossiers'}")
    lines.add_row("landing", f"{decimal(archive.landing_bytes)} held until copies are verified")
    if archive.plans:
        lines.add_row("plans", _counts(archive.plans))
    if archive.copies:
        lines.add_row("copies", _counts(archive.copies))


def _counts(by_state: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in by_state.items())


def _appliance(row: ApplianceRow) -> Text:
    state = Text("online", "green") if row.online else Text("offline", "red")
    parts = [row.profile, f"firmware {row.firmware}" if row.firmware else ""]
    if row.discs is not None:
        parts += [f"{row.discs} discs, {row.blanks} blank"] if row.discs or row.robot else []
        kinds = ((row.disks, "hard disk"), (row.tapes, "tape"))
        parts += [f"{count} {kind}{'' if count == 1 else 's'}" for count, kind in kinds if count]
        if row.drives:
            parts.append(f"{row.drives_busy} of {row.drives} drives at work")
        parts += [f"robot {row.robot}"] if row.robot else []
    return Text.assemble(state, "  ", ", ".join(shown(part) for part in parts if part))
