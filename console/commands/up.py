"""`stele-console up`: broker, worker and page, until Ctrl-C."""

from collections.abc import Callable

import click

from console.commands.frame import Frame, console_command
from console.up import run


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), help="Port of the page; 0: any free one.")
@click.option(
    "--broker-port",
    type=click.IntRange(0, 65_535),
    help="Port of the embedded broker; 0: any free one.",
)
@console_command
def up(frame: Frame, port: int | None, broker_port: int | None) -> None:
    """Run broker, worker and page until Ctrl-C or SIGTERM."""
    run(frame.workspace.data, port, broker_port, _say(frame))


def _say(frame: Frame) -> Callable[[str], None]:
    return frame.answer if frame.as_json else frame.say
