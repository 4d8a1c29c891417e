"""Which cartridge is where: what the tape unit says, brought into the inventory.

A cartridge is known by its barcode. One without, or with the barcode of another, is not used.
"""

from collections import Counter

from appliance.contract.messages import ErrorInfo
from appliance.contract.states import MediumKind, MediumState
from appliance.services.alarms import Alarms
from appliance.services.carriers import Carrier, Carriers
from appliance.services.losses import Losses
from appliance.services.media import OUTSIDE, drive_place, slot_place
from appliance.services.shelf import NOT_THERE
from hal.interfaces.tape import TapeInventory

NO_MARK = 3329
CLEANING = "CLN"
"""How barcodes of cleaning cartridges begin."""
CAPACITIES_BYTES = {
    "L5": 1_500_000_000_000,
    "L6": 2_500_000_000_000,
    "L7": 6_000_000_000_000,
    "M8": 9_000_000_000_000,
    "L8": 12_000_000_000_000,
    "L9": 18_000_000_000_000,
}
"""Native capacity by the last two characters of an LTO barcode."""
_LEAST_BYTES = 1_500_000_000_000
"""What a cartridge with another barcode is taken to hold; a full tape says so itself."""
TAPES = "tapes"
"""Where the alarms of the tape unit stand."""


class Cartridges:
    """Brings the inventory up to date."""

    def __init__(self, carriers: Carriers, losses: Losses, alarms: Alarms) -> None:
        self._carriers = carriers
        self._losses = losses
        self._alarms = alarms

    def see(self, found: TapeInventory) -> None:
        """Take in where every cartridge is; one that is nowhere has been taken out."""
        places = {slot_place(slot): mark for slot, mark in found.slots.items()}
        places |= {drive_place(drive): mark for drive, mark in found.drives.items()}
        homes = {drive_place(drive): slot for drive, slot in found.home_slots.items()}
        homes |= {slot_place(slot): slot for slot in found.slots}
        counts = Counter(mark for mark in places.values() if mark is not None)
        self._tell_of_marks(places, counts)
        seen = set()
        for place, mark in places.items():
            if mark and counts[mark] == 1 and not mark.startswith(CLEANING):
                seen.add(self._see_one(mark, place, homes.get(place)).id)
        for carrier in self._carriers.all(MediumKind.TAPE):
            if carrier.is_here and carrier.id not in seen:
                self.lose(carrier)

    def lose(self, carrier: Carrier) -> None:
        """A tape has been taken out; its copies count again when they have been verified."""
        error = ErrorInfo(NOT_THERE, f"tape {carrier.mark} ({carrier.id}) is not in the tape unit")
        self._carriers.relocate(carrier.id, OUTSIDE)
        self._losses.lose_copies(carrier.id, error)
        self._alarms.sound(f"medium:{carrier.id}", error)

    def _see_one(self, mark: str, place: str, home: str | None) -> Carrier:
        carrier = self._carriers.marked(MediumKind.TAPE, mark)
        if carrier is None:
            state = MediumState.UNSEEN
            carrier = self._carriers.add(MediumKind.TAPE, mark, place, state, home=home)
        if carrier.capacity_bytes is None:
            capacity_bytes = CAPACITIES_BYTES.get(mark[-2:], _LEAST_BYTES)
            self._carriers.measure(carrier.id, capacity_bytes, capacity_bytes)
        self._carriers.relocate(carrier.id, place, home)
        self._alarms.clear(f"medium:{carrier.id}", NOT_THERE)
        return carrier

    def _tell_of_marks(self, places: dict[str, str | None], counts: Counter[str]) -> None:
        bad = {
            place: "has no barcode" if not mark else f"has the barcode {mark} of another"
            for place, mark in places.items()
            if mark is not None and (not mark or counts[mark] > 1)
        }
        for place in places:
            where = f"{TAPES}:{place.partition(':')[2]}"
            if place in bad:
                self._alarms.sound(where, ErrorInfo(NO_MARK, f"the tape in {place} {bad[place]}"))
            else:
                self._alarms.clear(where, NO_MARK)
