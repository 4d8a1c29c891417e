"""`stele-console retry`: another attempt at copies that were given up."""

from datetime import UTC, datetime

import click

from appliance.contract.errors import SteleError
from console.commands.frame import Frame, console_command
from console.dispatch.copies import given_up
from console.dispatch.copies import retry as retry_copy


@click.command()
@click.argument("copy_ids", nargs=-1, metavar="[COPY]...")
@console_command
def retry(frame: Frame, copy_ids: tuple[str, ...]) -> None:
    """Let each COPY be burned again that was given up; without one, all of them."""
    with frame.workspace.store.begin() as connection:
        wanted = list(dict.fromkeys(copy_ids)) or given_up(connection)
        if not wanted:
            raise SteleError(5262, "no copy was given up")
        for copy_id in wanted:
            retry_copy(connection, copy_id, datetime.now(UTC))
    if frame.as_json:
        frame.answer({"copies": wanted})
    else:
        frame.say(f"{len(wanted)} copies are wanted again; follow them with: stele-console jobs")
