"""`stele-console refused`: what an ingest left out."""

from collections.abc import Iterable

import click
from rich.table import Table

from console.commands.frame import Exit, Frame, console_command, shown
from console.ingest.refusals import Refusal, refused_files
from console.store.engine import reading


@click.command()
@click.argument("ingest_id", required=False, metavar="[INGEST]")
@console_command
def refused(frame: Frame, ingest_id: str | None) -> Exit | None:
    """List what an ingest left out, and why; without INGEST, the newest one."""
    with reading(frame.workspace.store).connect() as connection:
        found = refused_files(connection, ingest_id)
    if frame.as_json:
        frame.answer(found or {"ingest_id": None, "refusals": []})
    elif found is None or not found.refusals:
        frame.say("nothing was left out")
    else:
        frame.say(f"{found.ingest_id}: {found.source} into {found.fonds} / {found.series}")
        show_refusals(frame, found.refusals)
    return None


def show_refusals(frame: Frame, refusals: Iterable[Refusal]) -> None:
    """A line for each: number, path, reason."""
    lines = Table.grid(padding=(0, 2))
    for refusal in refusals:
        lines.add_row(f"  {refusal.code}", shown(refusal.path), shown(refusal.message))
    frame.out.print(lines)
