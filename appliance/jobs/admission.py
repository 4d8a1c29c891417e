"""Which commands are accepted: everything that can be known before any work is checked here."""

from collections.abc import Sequence
from datetime import datetime

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Burn,
    Command,
    Fetch,
    FileIn,
    InventoryBy,
    PrintLabel,
    ReleaseMagazine,
    TakeInventory,
    TakeOut,
    Verify,
)
from appliance.contract.states import MediumKind, MediumState
from appliance.jobs.journal import Journal
from appliance.jobs.records import JobRecord
from appliance.services.fittings import Fittings
from appliance.services.library import Library
from appliance.services.media import OUTSIDE, Medium, offline
from appliance.services.printing import LabelState, Printing
from appliance.services.stores import Stores

NO_VIEW, BY_HAND, NO_WAY_OUT = 2231, 2232, 3331
TRAY_IN_USE = 2234


class Admission:
    """Refuses what cannot succeed, with the reason."""

    def __init__(
        self,
        library: Library,
        journal: Journal,
        stores: Stores | None = None,
        printing: Printing | None = None,
        fittings: Fittings | None = None,
    ) -> None:
        self._library = library
        self._journal = journal
        self._stores = stores
        self._printing = printing
        self._fittings = fittings

    def check(self, command: Command, now: datetime) -> None:
        """Pass, or raise.

        Raises:
            SteleError: 5101 expired, 5105 the copy exists or is being made, 5108 no such copy here,
                3312 another plan of this volume is on a disc, 2201 unknown medium, 2202 it is not
                in the cabinet, 2207 no such slot.
        """
        if command.expires_at is not None and command.expires_at <= now:
            raise SteleError(5101, f"command {command.id} expired at {command.expires_at}")
        match command.body:
            case Burn() as body:
                self._check_burn(body)
            case Verify() as body:
                self._check_present(body)
            case Fetch() as body:
                self._check_present(body)
            case PrintLabel() as body:
                self._check_label(body)
            case TakeInventory() as body:
                self._check_inventory(body)
            case FileIn() | TakeOut() | ReleaseMagazine() as body:
                self._check_by_hand(body)
            case _:
                pass

    def _check_inventory(self, body: TakeInventory) -> None:
        self._check_slots(body.slots)
        if body.by is InventoryBy.CAMERA:
            self._check_view(body.slots)
        by_hand = any(unit.by_hand for unit in self._library.units)
        if body.by is InventoryBy.IDENTITY and by_hand:
            raise SteleError(
                BY_HAND, "no robot here brings each disc to a drive: verify single discs instead"
            )

    def _check_view(self, slots: Sequence[str]) -> None:
        """Whether a robot can show each disc to the camera above the printer's tray, now."""
        library = self._library
        units = [unit for unit in map(library.units.of_slot, slots) if unit] or [*library.units]
        if self._printing is None:
            raise SteleError(
                NO_VIEW, "this cabinet has no disc printer in whose tray a disc is seen"
            )
        if not self._printing.has_camera:
            raise SteleError(NO_VIEW, "no camera looks into the printer's tray of this cabinet")
        if any(unit.by_hand for unit in units):
            raise SteleError(
                BY_HAND, "no robot here brings each disc under the camera: verify single discs"
            )
        if any(unit.mover.printer is None for unit in units):
            raise SteleError(NO_VIEW, "not every robot of these slots reaches the printer's tray")
        for record in self._journal.unfinished():
            labels = isinstance(record.body, Burn) and record.body.label_print is not None
            if labels or isinstance(record.body, PrintLabel):
                raise SteleError(
                    TRAY_IN_USE,
                    f"the printer's tray is needed by job {record.id}: wait for its end",
                )

    def _check_slots(self, slots: Sequence[str]) -> None:
        for slot in slots:
            if self._library.slots.find(slot) is None:
                raise SteleError(2207, f"this library has no slot {slot!r}")

    def _check_by_hand(self, body: FileIn | TakeOut | ReleaseMagazine) -> None:
        if self._fittings is None:
            raise SteleError(5110, "this appliance has nothing that a person may open")
        match body:
            case FileIn():
                drawers = (self._stores and self._stores.drawers) or ()
                self._check_slots([slot for slot in body.slots if slot not in drawers])
                if not body.slots and not body.count:
                    raise SteleError(2220, "neither slots nor a number of discs was named")
            case TakeOut():
                for medium_id in body.media:
                    self._check_reachable(self._library.media.get(medium_id))
                    self._check_way_out(medium_id)
            case ReleaseMagazine():
                if body.place not in self._fittings.latches:
                    raise SteleError(2217, f"there is no magazine with a latch at {body.place!r}")

    def _check_way_out(self, medium_id: str) -> None:
        carrier = self._stores.carriers.find(medium_id) if self._stores else None
        if carrier is not None and carrier.kind is MediumKind.TAPE:
            raise SteleError(
                NO_WAY_OUT, f"tape {carrier.mark} cannot be handed out: the unit has no mail slot"
            )

    def _check_reachable(self, medium: Medium) -> None:
        if medium.offline_in:
            raise offline(medium)
        if medium.place == OUTSIDE:
            raise SteleError(2202, f"medium {medium.id} is not in this cabinet")

    def open_job(self, job_id: str) -> JobRecord:
        """A job that can still be told something.

        Raises:
            SteleError: 5102 unknown, 5103 it has ended.
        """
        record = self._journal.find(job_id)
        if record is None:
            raise SteleError(5102, f"there is no job {job_id} here")
        if record.state.is_final:
            raise SteleError(5103, f"job {job_id} has ended already: {record.state}")
        return record

    def _check_burn(self, body: Burn) -> None:
        kind = body.medium_kind
        if kind is not MediumKind.DISC and not (self._stores and kind in self._stores.shelves):
            raise SteleError(5110, f"this appliance has no means for a {kind}")
        if body.label_print and (self._printing is None or kind is not MediumKind.DISC):
            raise SteleError(5110, f"this appliance prints no label on a {kind}")
        catalogue = self._library.catalogue
        copy = catalogue.copy(body.copy_id)
        if copy is not None and not copy.lost:
            raise SteleError(5105, f"copy {body.copy_id} is already on medium {copy.medium_id}")
        for record in self._journal.unfinished():
            other = record.body
            if not isinstance(other, Burn):
                continue
            if other.copy_id == body.copy_id:
                raise SteleError(5105, f"copy {body.copy_id} is already being made, by {record.id}")
            if other.volume_id == body.volume_id and other.plan_sha256 != body.plan_sha256:
                raise SteleError(3312, f"volume {body.volume_id} is being burned by another plan")
        volume = catalogue.volume(body.volume_id)
        differs = volume is not None and volume.plan_sha256 != body.plan_sha256
        if differs and any(not copy.lost for copy in catalogue.copies_of(body.volume_id)):
            raise SteleError(3312, f"volume {body.volume_id} was burned by another plan")

    def _check_label(self, body: PrintLabel) -> None:
        """A good label is never printed over; one that is not good is, by this very order."""
        if self._printing is None:
            raise SteleError(5110, "this appliance has no disc printer")
        medium = self._library.media.get(body.medium_id)
        if medium.offline_in:
            raise offline(medium)
        if medium.place == OUTSIDE or medium.home_slot is None:
            raise SteleError(2202, f"disc {medium.id} is not in this cabinet")
        if self._printing.state(medium.id) is LabelState.GOOD:
            raise SteleError(3342, f"disc {medium.id} has its label already")

    def _check_present(self, body: Verify | Fetch) -> None:
        medium = self._library.media.get(body.medium_id)
        self._check_reachable(medium)
        known = self._library.catalogue.volume(body.volume_id)
        if self._stores and self._stores.carriers.find(medium.id):
            holding = self._stores.holdings.find(medium.id, body.volume_id)
            if holding is None or known is None or not known.complete:
                message = f"medium {medium.id} holds no copy of volume {body.volume_id}"
                raise SteleError(5108, message)
            return
        holds = medium.volume_id == body.volume_id and known is not None and known.complete
        if not holds or medium.state in (MediumState.BURNING, MediumState.FOREIGN):
            raise SteleError(5108, f"medium {medium.id} holds no copy of volume {body.volume_id}")
