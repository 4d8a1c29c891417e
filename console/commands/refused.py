"""`stele-console refused`: what an ingest left out."""

from collections.abc import Iterable

import click
from msgspec import Struct
from rich.table import Table

from console.client.client import key
from console.commands.frame import Exit, Frame, console_command, shown
from console.ingest.refusals import Refusal, RefusedFiles


class IngestRow(Struct):
    ingest_id: str
    source: str
    fonds: str
    series: str


class Newest(Struct):
    items: list[IngestRow]


@click.command()
@click.argument("ingest_id", required=False, metavar="[INGEST]")
@console_command
def refused(frame: Frame, ingest_id: str | None) -> Exit | None:
    """List what an ingest left out, and why; without INGEST, the newest one."""
    found = _find(frame, ingest_id)
    if frame.as_json:
        frame.answer(found or {"ingest_id": None, "refusals": []})
    elif found is None or not found.refusals:
        frame.say("nothing was left out")
    else:
        frame.say(f"{found.ingest_id}: {found.source} into {found.fonds} / {found.series}")
        show_refusals(frame, found.refusals)
    return None


def _find(frame: Frame, ingest_id: str | None) -> RefusedFiles | None:
    """Without an id, of the newest ingest; None before the first."""
    if ingest_id is None:
        newest = frame.client.ask("GET", "/ingests", Newest, query={"limit": 1}).items
        ingest = newest[0] if newest else None
    else:
        ingest = frame.client.ask("GET", f"/ingests/{key(ingest_id)}", IngestRow)
    if ingest is None:
        return None
    query = {"ingest_id": ingest.ingest_id}
    left_out = list(frame.client.pages("/refusals", Refusal, query))
    place = (ingest.source, ingest.fonds, ingest.series)
    return RefusedFiles(ingest.ingest_id, *place, left_out[::-1])


def show_refusals(frame: Frame, refusals: Iterable[Refusal]) -> None:
    """A line for each: number, path, reason."""
    lines = Table.grid(padding=(0, 2))
    for refusal in refusals:
        lines.add_row(f"  {refusal.code}", shown(refusal.path), shown(refusal.message))
    frame.out.print(lines)
