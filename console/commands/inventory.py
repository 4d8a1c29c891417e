"""`stele-console inventory`: let appliances look at what is in their slots and drives."""

import click
from msgspec import Struct

from appliance.contract.messages import InventoryBy
from console.commands.frame import Frame, console_command, shown


class Ordered(Struct):
    inventories: dict[str, str]


@click.command()
@click.argument("appliances", nargs=-1, metavar="[APPLIANCE]...")
@click.option("--slot", "slots", multiple=True, help="Only this slot; may be given again.")
@click.option(
    "--by",
    type=click.Choice([by.value for by in InventoryBy]),
    default=InventoryBy.PRESENCE.value,
    show_default=True,
    help="Look whether a disc is there, read what is on it, or read its label with the camera.",
)
@console_command
def inventory(
    frame: Frame, *, appliances: tuple[str, ...], slots: tuple[str, ...], by: str
) -> None:
    """Let each APPLIANCE look into its slots; without one, all of them.

    Discs that were put in are found, those that are gone are missed, and drives that were taken
    out of service get another chance. Reading what is on each disc recognises those that the
    appliance has forgotten, and takes a drive's time for each.
    """
    order = {"appliances": list(appliances), "slots": list(slots), "by": by}
    found = frame.client.ask("POST", "/inventories", Ordered, body=order, repeatable=True)
    ordered = found.inventories
    if frame.as_json:
        frame.answer({"inventories": ordered})
        return
    for appliance in ordered:
        frame.say(f"{shown(appliance)} takes an inventory; follow it with: stele-console jobs")
