"""`stele-console policies`: the rules by which packages are kept, and where each comes from."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from console.commands.frame import Frame, console_command, shown
from console.commands.rules_text import (
    PUT_FILE,
    changes,
    check_name,
    in_words,
    read_rules,
    show_changes,
    table,
    when,
)


class InForce(Struct):
    name: str
    version: int
    rules: dict[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        return {"name": self.name, "version": self.version, **self.rules}


class Version(Struct):
    version: int
    in_force: bool
    created_at: datetime
    created_by: str
    text: str


class Registered(Struct):
    registered: Version
    rules: dict[str, Any]


@click.command()
@click.argument("name", required=False)
@click.option("--put", "file", type=PUT_FILE, help="Put the policy in this file into force.")
@click.option("--versions", is_flag=True, help="List every version of NAME, with who and when.")
@click.option("--version", type=int, help="Show this version of NAME.")
@click.option(
    "--changes", "compared", type=(int, int), metavar="OLD NEW", help="Compare two of its versions."
)
@console_command
def policies(
    frame: Frame,
    *,
    name: str | None,
    file: Path | None,
    versions: bool,
    version: int | None,
    compared: tuple[int, int] | None,
) -> None:
    """Show every rule of the policies, with its source; of NAME alone if it is given."""
    if file is not None:
        _put(frame, file)
        return
    if name is None:
        if versions or version or compared:
            raise click.UsageError("name the policy whose versions are meant")
        _show(frame, list(frame.client.pages("/policies", InForce)))
        return
    path = f"/policies/{check_name(name, 5204, 'policy')}"
    if compared:
        found = changes(frame.client, path, compared)
        if frame.as_json:
            frame.answer({"changes": found})
        else:
            show_changes(frame, found)
    elif versions:
        _list_versions(frame, path)
    elif version:
        one = frame.client.ask("GET", f"{path}/versions/{version}", Registered)
        _show(frame, [InForce(name, version, one.rules)])
    else:
        _show(frame, [frame.client.ask("GET", path, InForce)])


def _put(frame: Frame, file: Path) -> None:
    body = {"text": read_rules(file, 5203)}
    kept = frame.client.ask("POST", "/policies", dict[str, Any], body=body, repeatable=True)
    registered = kept["registered"]
    if frame.as_json:
        frame.answer(registered)
        return
    frame.say(f"policy {registered['name']}, version {registered['version']}, is in force")


def _list_versions(frame: Frame, path: str) -> None:
    found = list(frame.client.pages(f"{path}/versions", Version))
    if frame.as_json:
        frame.answer({"versions": found})
        return
    lines = table("version", "in force", "since", "by")
    for each in found:
        in_force = "yes" if each.in_force else ""
        lines.add_row(
            str(each.version), in_force, when(each.created_at), shown(each.created_by) or "-"
        )
    frame.out.print(lines)


def _show(frame: Frame, found: list[InForce]) -> None:
    if frame.as_json:
        frame.answer({"policies": [each.document for each in found]})
        return
    for policy in found:
        frame.say(f"{policy.name}, version {policy.version}")
        lines = table("rule", "value", "source")
        for name, rule in _rules(policy.rules):
            lines.add_row(shown(name), in_words(rule), shown(str(rule.get("source", ""))))
        frame.out.print(lines)


def _rules(rules: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each rule by its name in a file; those of a table such as [inspection.disc] one by one."""
    for name, rule in rules.items():
        if "source" in rule:
            yield name, rule
        else:
            yield from ((f"{name}.{part}", each) for part, each in rule.items())
