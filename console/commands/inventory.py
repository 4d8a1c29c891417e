"""`stele-console inventory`: let appliances look at what is in their slots and drives."""

from datetime import UTC, datetime

import click

from console.commands.frame import Frame, console_command, shown
from console.dispatch.inventories import order_inventories


@click.command()
@click.argument("appliances", nargs=-1, metavar="[APPLIANCE]...")
@click.option("--slot", "slots", multiple=True, help="Only this slot; may be given again.")
@console_command
def inventory(frame: Frame, appliances: tuple[str, ...], slots: tuple[str, ...]) -> None:
    """Let each APPLIANCE look into its slots; without one, all of them.

    Discs that were put in are found, those that are gone are missed, and drives that were taken
    out of service get another chance.
    """
    with frame.workspace.store.begin() as connection:
        ordered = order_inventories(connection, appliances, slots, datetime.now(UTC))
    if frame.as_json:
        frame.answer({"inventories": ordered})
        return
    for appliance in ordered:
        frame.say(f"{shown(appliance)} takes an inventory; follow it with: stele-console jobs")
