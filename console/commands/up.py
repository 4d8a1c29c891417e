"""`stele-console up`: broker, worker and page, until Ctrl-C."""

import click

from console.addresses import read_addresses
from console.commands.frame import Frame, console_command
from console.up import run

_PORT = click.IntRange(0, 65_535)


@click.command()
@click.option("--port", type=_PORT, help="Port of the page; 0: any free one.")
@click.option("--broker-port", type=_PORT, help="Port of the embedded broker; 0: any free one.")
@console_command
def up(frame: Frame, port: int | None, broker_port: int | None) -> None:
    """Run broker, worker and page until Ctrl-C or SIGTERM. Says `ready` when all three are."""

    def greet(text: str) -> None:
        if frame.as_json:
            frame.answer(read_addresses(frame.workspace.data))
        else:
            for line in (*text.splitlines(), "ready"):
                frame.say(line)

    run(frame.workspace.data, port, broker_port, greet)
