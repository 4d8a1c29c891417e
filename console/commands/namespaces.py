"""`stele-console namespaces`: where packages are filed, and under which policy."""

from datetime import datetime

import click
from msgspec import Struct

from console.commands.frame import Frame, console_command, shown
from console.commands.rules_text import check_name, table, when


class Version(Struct):
    name: str
    title: str
    policy: str
    version: int
    in_force: bool
    created_at: datetime | None
    created_by: str


@click.command()
@click.argument("name", required=False)
@click.option("--policy", help="Make NAME, or file under this policy in it from now on.")
@click.option("--title", help="What people call NAME.")
@click.option("--versions", is_flag=True, help="List every version of NAME, with who and when.")
@console_command
def namespaces(
    frame: Frame, *, name: str | None, policy: str | None, title: str | None, versions: bool
) -> None:
    """Show the namespaces and their policies; NAME alone if it is given."""
    if name is None:
        if policy is not None or title is not None or versions:
            raise click.UsageError("name the namespace that is meant")
        found = list(frame.client.pages("/namespaces", Version))
    else:
        path = f"/namespaces/{check_name(name, 5221, 'namespace')}"
        if policy is not None or title is not None:
            found = [_put(frame, path, policy, title)]
        elif versions:
            found = list(frame.client.pages(f"{path}/versions", Version))
        else:
            found = [frame.client.ask("GET", path, Version)]
    _show(frame, found)


def _put(frame: Frame, path: str, policy: str | None, title: str | None) -> Version:
    """What is not said stays as it is."""
    body: dict[str, object] = {"policy": policy or "", "title": title or ""}
    if policy is None or title is None:
        name = path.rpartition("/")[2]
        there = [each for each in frame.client.pages("/namespaces", Version) if each.name == name]
        if there:
            body = {"policy": policy or there[0].policy, "title": title or there[0].title}
            body["expected"] = there[0].version
        elif policy is None:
            raise click.UsageError("a new namespace needs --policy")
    return frame.client.ask("PUT", path, Version, body=body)


def _show(frame: Frame, found: list[Version]) -> None:
    if frame.as_json:
        frame.answer({"namespaces": found})
        return
    lines = table("namespace", "title", "policy", "version", "since", "by")
    for each in found:
        lines.add_row(
            shown(each.name),
            shown(each.title) or "-",
            shown(each.policy),
            str(each.version),
            when(each.created_at),
            shown(each.created_by) or "-",
        )
    frame.out.print(lines)
