"""Which disk or tape a volume goes to."""

from collections.abc import Iterable

from appliance.contract.errors import SteleError
from appliance.services.alarms import Alarms
from appliance.services.carriers import TAKING, Carrier
from appliance.services.holdings import Holdings
from appliance.services.reservations import Reservations
from appliance.services.shelf import NO_ROOM


def choose_room(
    carriers: Iterable[Carrier],
    volume_id: str,
    footprint_bytes: int,
    *,
    holdings: Holdings,
    reservations: Reservations,
    alarms: Alarms,
) -> str:
    """The medium with the least room that is enough, so that one is filled after the other; a free
    one before one that another job has. None takes the same volume twice.

    Raises:
        SteleError: 3320 there is none; an alarm stands until there is.
    """
    fit = [
        carrier
        for carrier in carriers
        if carrier.state in TAKING
        and (carrier.free_bytes or 0) >= footprint_bytes
        and holdings.find(carrier.id, volume_id) is None
    ]
    if not fit:
        error = SteleError(NO_ROOM, f"no medium here has {footprint_bytes} bytes of room")
        alarms.sound("library", error.info)
        raise error
    alarms.clear("library", NO_ROOM)
    return min(fit, key=lambda c: (reservations.holder(c.id) is not None, c.free_bytes or 0)).id
