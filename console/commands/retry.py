"""`stele-console retry`: another attempt at copies that were given up."""

import click
from msgspec import Struct

from console.commands.frame import Frame, console_command


class Retried(Struct):
    copies: list[str]


@click.command()
@click.argument("copy_ids", nargs=-1, metavar="[COPY]...")
@console_command
def retry(frame: Frame, copy_ids: tuple[str, ...]) -> None:
    """Let each COPY be burned again that was given up; without one, all of them."""
    order = {"copies": list(dict.fromkeys(copy_ids))}
    wanted = frame.client.ask("POST", "/retries", Retried, body=order).copies
    if frame.as_json:
        frame.answer({"copies": wanted})
    else:
        frame.say(f"{len(wanted)} copies are wanted again; follow them with: stele-console jobs")
