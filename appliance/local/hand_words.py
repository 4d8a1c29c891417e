"""The words of `stele-appliance` for a person who handles media at the cabinet."""

from typing import Any

import click

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Cancel,
    FileIn,
    InventoryBy,
    Locate,
    ReleaseMagazine,
    SlotView,
    TakeInventory,
    TakeOut,
)
from appliance.contract.states import SlotState
from appliance.local.client import LocalClient
from appliance.local.follow import Wish, job_word
from appliance.local.place import at_cabinet, now, picture

_NO_SUCH_SLOT = 2207
_COUNTED = {
    SlotState.UNKNOWN: "slots are not known: an inventory looks into them",
    SlotState.AWAY: "slots are away with their magazine",
}


@click.command()
@click.argument("names", nargs=-1, metavar="[SLOT]...")
@click.option("--all", "everything", is_flag=True, help="All slots, also the empty ones.")
@at_cabinet
def slots(
    client: LocalClient, names: tuple[str, ...], *, everything: bool
) -> tuple[Any, list[str]]:
    """List the slots that have a medium, or these SLOTs, and what is in them."""
    views: list[SlotView] = picture(client, "library").slots
    strange = set(names) - {view.slot for view in views}
    if strange:
        raise SteleError(_NO_SUCH_SLOT, f"this library has no slot {', '.join(sorted(strange))}")
    if names:
        views = [view for view in views if view.slot in names]
    if names or everything:
        return views, [_slot_line(view) for view in views]
    used = [view for view in views if view.medium_id or view.state is SlotState.FULL]
    lines = [_slot_line(view) for view in used] or ["no slot has a medium"]
    for state, told in _COUNTED.items():
        count = sum(view.state is state and view not in used for view in views)
        lines += [f"{count} {told}"] if count else []
    return used, lines


@click.command()
@click.argument("slot")
@click.option("--off", is_flag=True, help="Darken it again.")
@at_cabinet
def locate(client: LocalClient, slot: str, *, off: bool) -> tuple[Any, list[str]]:
    """Light SLOT."""
    reply = client.order(Locate(slot, on=not off), now())
    return reply, [f"{slot} is {'dark' if off else 'lit'}"]


@click.command("file-in")
@click.argument("slots", nargs=-1)
@click.option("--count", type=click.IntRange(0, 10_000), default=0, help="So many empty slots.")
@job_word
def file_in(client: LocalClient, slots: tuple[str, ...], count: int) -> Wish:
    """Put media into SLOTS or empty disk bays, or into as many empty slots as --count says."""
    del client
    return FileIn(list(slots), count), "put the media in where status says"


@click.command("take-out")
@click.argument("media", nargs=-1, required=True, metavar="MEDIUM|SLOT...")
@job_word
def take_out(client: LocalClient, media: tuple[str, ...]) -> Wish:
    """Take media out of the cabinet: each is named by its id, or by the slot that it is in."""
    views = picture(client, "library").slots
    lies = {view.slot: view.medium_id for view in views if view.medium_id is not None}
    wanted = [lies.get(name, name) for name in media]
    return TakeOut(wanted), "take the media out where status says"


@click.command("release-magazine")
@click.argument("place")
@job_word
def release_magazine(client: LocalClient, place: str) -> Wish:
    """Bring the discs of the magazine at PLACE home, and let it be taken out or put in."""
    del client
    return ReleaseMagazine(place), f"the magazine at {place} will be released"


@click.command()
@click.argument("slots", nargs=-1)
@click.option(
    "--by",
    type=click.Choice([by.value for by in InventoryBy]),
    default=InventoryBy.PRESENCE.value,
    show_default=True,
    help="How to look.",
)
@job_word
def inventory(client: LocalClient, slots: tuple[str, ...], by: str) -> Wish:
    """Look into SLOTS, or into all of them."""
    del client
    return TakeInventory(list(slots), InventoryBy(by)), "the inventory is taken"


@click.command()
@click.argument("job_id")
@at_cabinet
def cancel(client: LocalClient, job_id: str) -> tuple[Any, list[str]]:
    """Bring the job JOB_ID, as `status` shows it, to a safe end."""
    return client.order(Cancel(job_id), now()), [f"job {job_id} is brought to its end"]


HAND_WORDS: tuple[click.Command, ...] = (
    slots,
    locate,
    file_in,
    take_out,
    release_magazine,
    inventory,
    cancel,
)


def _slot_line(view: SlotView) -> str:
    parts = (
        f"{view.slot:<10}",
        f"{view.state:<8}",
        view.medium_id or "",
        view.medium_state or "",
        view.label or view.volume_id or "",
        f"(magazine {view.magazine_id})" if view.magazine_id else "",
        "lit" if view.lit else "",
    )
    return "  ".join(filter(None, parts)).rstrip()
