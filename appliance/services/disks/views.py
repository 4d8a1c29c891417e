"""The disk bays as the console sees them."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from appliance.contract.messages import BayView
from appliance.contract.states import BayState, MediumKind
from appliance.services.alarms import Alarms
from appliance.services.carriers import TAKING, Carrier, Carriers
from appliance.services.disks.recognition import bay_place
from appliance.services.holdings import Holdings, HoldingState
from appliance.services.power.disks import DiskPower
from appliance.services.reservations import Reservations
from hal.interfaces.disk_bay import DiskHealth


class BayViews:
    """Draws one view a bay, from memory and database; asks no hardware."""

    def __init__(
        self,
        power: DiskPower,
        carriers: Carriers,
        holdings: Holdings,
        reservations: Reservations,
        alarms: Alarms,
    ) -> None:
        self._power = power
        self._carriers = carriers
        self._holdings = holdings
        self._reservations = reservations
        self._alarms = alarms

    def draw(self, bays: Iterable[str], health: dict[str, DiskHealth]) -> Iterator[BayView]:
        """`health` is what each medium last said of itself."""
        here = {carrier.place: carrier for carrier in self._carriers.all(MediumKind.DISK)}
        for name in bays:
            carrier = here.get(bay_place(name))
            standing = next(iter(self._alarms.standing(bay_place(name))), None)
            view = BayView(name, self._power.state(name), error=self._power.error(name) or standing)
            yield view if carrier is None else self._full(view, carrier, health.get(carrier.id))

    def _full(self, view: BayView, carrier: Carrier, said: DiskHealth | None) -> BayView:
        is_on = view.state is BayState.ON
        held = [h for h in self._holdings.on(carrier.id) if h.state is not HoldingState.SPOILED]
        return replace(
            view,
            medium_id=carrier.id,
            capacity_bytes=carrier.capacity_bytes,
            free_bytes=carrier.free_bytes if carrier.state in TAKING else None,
            volumes=len(held),
            temperature_c=said.temperature_c if said and is_on else None,
            power_on_hours=said.power_on_hours if said else None,
            job_id=self._reservations.holder(carrier.id),
            error=view.error or carrier.error,
        )
