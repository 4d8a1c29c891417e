"""What the commands about policies, pools and namespaces share."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct
from rich.table import Table

from appliance.contract.errors import SteleError
from console.client.client import Client, key
from console.commands.frame import Frame, shown
from console.rules.documents import TEXT_CHARACTERS_MAX
from console.rules.values import NAME

PUT_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Change(Struct):
    """One rule before and after."""

    rule: str
    before: Any
    after: Any


def read_rules(file: Path, code: int) -> str:
    """The text of a file that a person wrote.

    Raises:
        SteleError: `code`, it is no text, or longer than any can be.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(4 * TEXT_CHARACTERS_MAX + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SteleError(code, f"{file} cannot be read: {error}") from error


def check_name(name: str, code: int, what: str) -> str:
    """A name as a part of a path.

    Raises:
        SteleError: `code`, nothing can have that name.
    """
    if not NAME.fullmatch(name):
        raise SteleError(code, f"no {what} can be called {name[:64]!r}")
    return key(name)


def changes(client: Client, path: str, versions: tuple[int, int]) -> list[Change]:
    query = {"before": versions[0], "after": versions[1]}
    return client.ask("GET", f"{path}/changes", list[Change], query=query)


def show_changes(frame: Frame, found: list[Change]) -> None:
    """A line a rule that differs."""
    if not found:
        frame.say("no rule differs")
        return
    lines = table("rule", "before", "after")
    for each in found:
        lines.add_row(shown(each.rule), in_words(each.before), in_words(each.after))
    frame.out.print(lines)


def table(*headings: str) -> Table:
    lines = Table(box=None, padding=(0, 2), header_style="bold")
    for heading in headings:
        lines.add_column(heading)
    return lines


def in_words(part: Any) -> str:
    """A value for people; that of a rule without its source."""
    if isinstance(part, dict) and set(part) == {"value", "source"}:
        part = part["value"]
    return "-" if part is None else shown(json.dumps(part, ensure_ascii=False))


def when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
