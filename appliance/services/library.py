"""The library service: which media there are, where each is, and who may use which drive."""

from collections.abc import Callable
from datetime import datetime

from sqlite_utils import Database

from appliance.contract.messages import LibraryTelemetry
from appliance.services.events import EventSink
from hal.interfaces.changer import Changer
from hal.interfaces.optical_drive import OpticalDrive


class Library:
    """Inventory, moves and drives behind one door."""

    def __init__(
        self,
        db: Database,
        changer: Changer,
        drives: dict[str, OpticalDrive],
        *,
        events: EventSink,
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        raise NotImplementedError

    def telemetry(self) -> LibraryTelemetry:
        """The whole library as it stands, from memory and database; asks no hardware."""
        raise NotImplementedError
