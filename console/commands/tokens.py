"""`stele-console tokens`: who may speak to the console."""

from datetime import UTC, datetime, timedelta

import click
from msgspec import Struct

from console.access.scopes import Scope
from console.access.tokens import IssuedToken, NewToken, TokenRow
from console.client.client import key
from console.commands.frame import Frame, console_command, shown
from console.commands.tables import show_table


class Tokens(Struct):
    tokens: list[TokenRow]


@click.command()
@click.option("--make", "name", metavar="NAME", help="Make a token of this name.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it opens; may be given again.",
)
@click.option("--namespace", "namespaces", multiple=True, help="Only this; may be given again.")
@click.option("--days", type=click.IntRange(1, 36_500), help="For so long; else for ever.")
@click.option("--revoke", metavar="TOKEN", help="Let this one open nothing any more.")
@console_command
def tokens(
    frame: Frame,
    *,
    name: str | None,
    scopes: tuple[str, ...],
    namespaces: tuple[str, ...],
    days: int | None,
    revoke: str | None,
) -> None:
    """List the tokens, make one, or revoke one. A new secret is shown once."""
    if name is not None:
        if not scopes or revoke:
            raise click.UsageError("a new token needs a --scope, and revokes none")
        ends = datetime.now(UTC) + timedelta(days=days) if days else None
        wanted = NewToken(name, [Scope(one) for one in scopes], list(namespaces) or None, ends)
        made = frame.client.ask("POST", "/tokens", IssuedToken, body=wanted)
        if frame.as_json:
            frame.answer(made)
        else:
            frame.say(f"{shown(made.token.name)} ({made.token.token_id}), its secret only now:")
            frame.say(made.secret)
        return
    if revoke is not None:
        gone = frame.client.ask("DELETE", f"/tokens/{key(revoke)}", TokenRow)
        if frame.as_json:
            frame.answer(gone)
        else:
            frame.say(f"{shown(gone.name)} opens nothing any more")
        return
    rows = list(frame.client.pages("/tokens", TokenRow))
    if frame.as_json:
        frame.answer(Tokens(rows))
        return
    headings = ("token", "name", "scopes", "namespaces", "used", "ends", "revoked")
    lines = [
        (
            one.token_id,
            one.name,
            one.scopes,
            one.namespaces if one.namespaces is not None else "all",
            one.used_at,
            one.expires_at,
            one.revoked_at,
        )
        for one in rows
    ]
    show_table(frame, headings, lines, "no tokens; this machine's own is in local.token")
