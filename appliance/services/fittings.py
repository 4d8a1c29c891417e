"""What a library has besides robots and drives: magazines, lights and sensors at the slots."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace
from sqlite_utils import Database

from appliance.contract.errors import SteleError
from appliance.contract.messages import LibraryTelemetry, Locate
from appliance.hardware import Hardware
from appliance.services.events import EventSink
from appliance.services.inventory import Inventory
from appliance.services.library import Library
from appliance.services.lights import Lights
from appliance.services.magazines.register import Register
from appliance.services.magazines.watch import MagazineWatch
from appliance.services.presence import PresenceWatch
from hal.interfaces.disc_printer import Camera
from hal.interfaces.lock import Lock

NO_SLOT = 2207
GIVE_UP_EVERY_S = 30.0

log = logging.getLogger(__name__)


class Fittings:
    """Made in the running loop after the library; started before the engine, stopped after it."""

    def __init__(
        self,
        db: Database,
        hardware: Hardware,
        library: Library,
        *,
        events: EventSink,
        now: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self._library = library
        slots_of = {
            place: names
            for place, names in hardware.magazine_slots.items()
            if names and all(library.slots.find(name) for name in names)
        }
        self.register = Register(
            db, slots_of, slots=library.slots, media=library.media, events=events
        )
        self.magazines = MagazineWatch(
            {place: hardware.tag_readers[place] for place in slots_of},
            self.register,
            units=library.units,
            media=library.media,
            alarms=library.alarms,
            interlock=library.interlock,
            arrived=self._magazine_arrived,
            changed=changed,
            has_doors=bool(hardware.doors),
        )
        self.latches: dict[str, Lock] = {
            place: latch for place, latch in hardware.latches.items() if place in slots_of
        }
        self.inventory = Inventory(
            db,
            slots=library.slots,
            media=library.media,
            losses=library.losses,
            alarms=library.alarms,
            now=now,
            changed=changed,
        )
        self.lights = Lights(hardware.slot_lights, changed)
        self.presence = PresenceWatch(
            hardware.slot_sensors,
            slots=library.slots,
            units=library.units,
            inventory=self.inventory,
        )
        self.doors = hardware.doors
        self.camera: Camera | None = hardware.camera
        self.wish_survey: Callable[[list[str]], None] = lambda _: None
        """Has slots looked into of which nobody knows what is in them; the engine sets it."""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Watch from now on."""
        if self.register.places:
            self._tasks.append(asyncio.create_task(self.magazines.run(), name="magazines"))
        self._tasks.append(asyncio.create_task(self.presence.run(), name="presence"))
        self._tasks.append(asyncio.create_task(self._give_up(), name="missed discs"))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def locate(self, wish: Locate) -> None:
        """Light or darken a slot. Raises: SteleError: 2207 no such slot, 2230 no light there."""
        if self._library.slots.find(wish.slot) is None:
            raise SteleError(NO_SLOT, f"this library has no slot {wish.slot!r}")
        self.lights.locate(wish.slot, on=wish.on)

    def shown(self, picture: LibraryTelemetry) -> LibraryTelemetry:
        """The library's telemetry with magazines and lights."""
        inside, lit = self.register.by_place(), self.lights.lit
        if not self.register.places and not lit:
            return picture
        slots = [
            replace(
                view,
                magazine_id=inside.get(self.register.place_of_slot(view.slot) or ""),
                lit=view.slot in lit,
            )
            for view in picture.slots
        ]
        return replace(picture, slots=slots, magazines=self.magazines.views())

    async def _give_up(self) -> None:
        while True:
            await asyncio.sleep(GIVE_UP_EVERY_S)
            try:
                self.inventory.give_up()
            except Exception:  # the boundary of the watch: it must go on
                log.exception("the discs that are missed could not be looked through")

    def _magazine_arrived(self, place: str) -> None:
        self.wish_survey(list(self.register.slots_of(place)))
