"""`stele-console pools`: the media that policies may use."""

from datetime import datetime
from pathlib import Path

import click
from msgspec import Struct

from console.commands.frame import Frame, console_command, shown
from console.commands.rules_text import (
    PUT_FILE,
    changes,
    check_name,
    read_rules,
    show_changes,
    table,
    when,
)
from console.rules.pool import Pool


class Version(Struct):
    pool: Pool
    version: int
    in_force: bool
    created_at: datetime
    created_by: str
    text: str


@click.command()
@click.argument("name", required=False)
@click.option("--put", "file", type=PUT_FILE, help="Put the pool in this file into force.")
@click.option("--versions", is_flag=True, help="List every version of NAME, with who and when.")
@click.option(
    "--changes", "compared", type=(int, int), metavar="OLD NEW", help="Compare two of its versions."
)
@console_command
def pools(
    frame: Frame,
    *,
    name: str | None,
    file: Path | None,
    versions: bool,
    compared: tuple[int, int] | None,
) -> None:
    """Show what belongs to each pool of media; to NAME alone if it is given."""
    if file is not None:
        body = {"text": read_rules(file, 5211)}
        found = [frame.client.ask("POST", "/pools", Version, body=body, repeatable=True)]
    elif name is None:
        if versions or compared:
            raise click.UsageError("name the pool whose versions are meant")
        found = list(frame.client.pages("/pools", Version))
    else:
        path = f"/pools/{check_name(name, 5212, 'pool')}"
        if compared:
            differing = changes(frame.client, path, compared)
            if frame.as_json:
                frame.answer({"changes": differing})
            else:
                show_changes(frame, differing)
            return
        if versions:
            found = list(frame.client.pages(f"{path}/versions", Version))
        else:
            found = [frame.client.ask("GET", path, Version)]
    _show(frame, found)


def _show(frame: Frame, found: list[Version]) -> None:
    if frame.as_json:
        frame.answer({"pools": found})
        return
    if not found:
        frame.say("there is no pool")
        return
    lines = table("pool", "version", "tier", "media", "since", "by")
    for each in found:
        lines.add_row(
            shown(each.pool.name),
            str(each.version),
            str(each.pool.tier),
            shown(each.pool.describe()),
            when(each.created_at),
            shown(each.created_by) or "-",
        )
    frame.out.print(lines)
