"""`stele-console policies`: the rules by which packages are kept, and where each comes from."""

import click
import msgspec
from rich.table import Table

from console.commands.frame import Frame, console_command, shown
from console.rules.policy import Policy
from console.rules.register import load_policy, names
from console.rules.values import Rule


@click.command()
@click.argument("name", required=False)
@console_command
def policies(frame: Frame, name: str | None) -> None:
    """Show every rule of the policies, with its source; of NAME alone if it is given."""
    found = [
        load_policy(frame.workspace, each) for each in ([name] if name else names(frame.workspace))
    ]
    if frame.as_json:
        frame.answer({"policies": found})
        return
    for policy in found:
        usual = " (the usual one)" if policy.name == frame.workspace.config.archive.policy else ""
        frame.say(f"{policy.name}, version {policy.version}{usual}")
        frame.out.print(_rules(policy))


def _rules(policy: Policy) -> Table:
    lines = Table(box=None, padding=(0, 2), header_style="bold")
    for heading in ("rule", "value", "source"):
        lines.add_column(heading)
    for name in Policy.__struct_fields__:
        rule = getattr(policy, name)
        if isinstance(rule, Rule):
            lines.add_row(name, shown(msgspec.json.encode(rule.value).decode()), shown(rule.source))
    return lines
