"""`stele-console policies`: the rules by which packages are kept, and where each comes from."""

from typing import Any

import click
import msgspec
from msgspec import Struct
from rich.table import Table

from appliance.contract.errors import SteleError
from console.client.client import key
from console.commands.frame import Frame, console_command, shown
from console.rules.policy import Policy
from console.rules.values import NAME, Rule


class InForce(Struct):
    name: str
    version: int
    rules: dict[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        return {"name": self.name, "version": self.version, **self.rules}


@click.command()
@click.argument("name", required=False)
@console_command
def policies(frame: Frame, name: str | None) -> None:
    """Show every rule of the policies, with its source; of NAME alone if it is given."""
    if name and not NAME.fullmatch(name):
        raise SteleError(5204, f"no policy can be called {name[:64]!r}")
    if name:
        found = [frame.client.ask("GET", f"/policies/{key(name)}", InForce)]
    else:
        found = list(frame.client.pages("/policies", InForce))
    policies_found = [msgspec.convert(each.document, Policy) for each in found]
    if frame.as_json:
        frame.answer({"policies": policies_found})
        return
    for policy in policies_found:
        frame.say(f"{policy.name}, version {policy.version}")
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
