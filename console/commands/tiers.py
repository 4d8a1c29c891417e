"""`stele-console tiers`: what is fast, long-term and offline, and what moved between these."""

from itertools import islice

import click
from rich.filesize import decimal

from console.api.v1.tiers import Move
from console.commands.frame import Frame, console_command
from console.commands.tables import show_table
from console.tiers.overview import TiersView

_NAMES = {1: "1 fast", 2: "2 long-term", 3: "3 offline"}


@click.command()
@click.option("--moves", is_flag=True, help="What moved, the newest first.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@console_command
def tiers(frame: Frame, *, moves: bool, limit: int) -> None:
    """Show how much lies on each tier; with --moves, what moved between them and why."""
    if moves:
        _show_moves(frame, limit)
        return
    view = frame.client.ask("GET", "/tiers", TiersView)
    if frame.as_json:
        frame.answer(view)
        return
    rows = [(_NAMES[one.tier], f"{one.packages:,}", decimal(one.size_bytes)) for one in view.tiers]
    show_table(frame, ("tier", "dossiers", "size"), rows, "")
    if view.unseen:
        frame.say(f"{view.unseen:,} archived dossiers were not looked at yet")
    if view.landing is not None:
        used, room = decimal(view.landing.used_bytes), decimal(view.landing.room_bytes)
        frame.say(f"{used} of {room} are in use where the landing zone lies")


def _show_moves(frame: Frame, limit: int) -> None:
    found = list(islice(frame.client.pages("/tiers/moves", Move), limit))
    if frame.as_json:
        frame.answer({"moves": found})
        return
    rows = [
        (
            one.package_id,
            _NAMES[one.from_tier],
            _NAMES[one.to_tier],
            one.state,
            one.created_at,
            one.reason,
        )
        for one in found
    ]
    show_table(frame, ("package", "from", "to", "state", "when", "why"), rows, "nothing moved yet")
