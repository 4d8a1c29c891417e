"""What the camera does for an inventory: each disc to the printer's tray, seen, home again.

One disc at a time, and between two discs others may have the robot and the printer. What was seen
is kept after each, so that a stop or a power cut costs one look; only when all were seen is it
compared with what is known, because discs that were exchanged explain each other.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import LabelsCompared
from appliance.jobs.recovery import is_unseen
from appliance.jobs.release import have_at_rest
from appliance.jobs.run import JobRun
from appliance.services.label_recognition import LabelRecognition
from appliance.services.media import drive_place
from appliance.services.mover import is_single_motion
from appliance.services.printing import Printing
from appliance.services.sightings import Sighting, Sightings
from appliance.services.slots import Slot
from appliance.services.units import LibraryUnit
from hal.errors import HalError

NOT_HERE = (2202, 2210)
NO_DISC_SEEN = 3276


class LabelSurvey:
    """What one inventory by camera sees."""

    def __init__(self, run: JobRun) -> None:
        printing = run.use.printing
        if printing is None or not printing.has_camera:
            raise SteleError(2231, "no camera here sees a disc")
        self._run = run
        self._library = run.use.library
        self._printing: Printing = printing
        self._sightings = Sightings(run.use.db, run.id)

    async def require_view(self) -> None:
        """See that the camera shows something, before any disc is moved for it.

        Raises:
            HalError: 105x there is no camera, or it gives no picture.
            SteleError: 3275 the picture is black, 3278 it cannot be used.
        """
        tray = drive_place(self._printing.name)
        if self._library.media.at(tray) is not None:
            return
        try:
            await self._printing.read_code(None)
        except SteleError as error:
            if is_unseen(error.code) and error.code != NO_DISC_SEEN:
                raise

    async def look(
        self, unit: LibraryUnit, slots: Sequence[Slot], advance: Callable[[], None]
    ) -> None:
        """Look at the disc of each slot that was not seen before; `advance` is called after each.

        Raises:
            HalError: the robot or the tray fails, or the camera.
            SteleError: 32xx the camera's picture shows no disc.
        """
        await self.clear_tray(unit)
        for slot in slots:
            await self._run.pass_gate(self._run.use.gates.interlock.gate)
            self._run.check_interrupted()
            medium = self._library.media.with_home(slot.name)
            if medium is not None and medium.is_home:
                await self._look_at(unit, medium.id)
            advance()

    def wants(self, slot: Slot) -> bool:
        """Whether there is a disc in the slot that was not seen yet."""
        medium = self._library.media.with_home(slot.name)
        return medium is not None and medium.is_home and medium.id not in self._sightings.all()

    def judge(self) -> None:
        """Compare what was seen with what is known, and tell how many discs of which kind.

        To be called in the transaction that ends the step.
        """
        use, library = self._run.use, self._library
        recognition = LabelRecognition(
            use.db, library.media, library.losses, library.alarms, self._printing
        )
        seen = self._sightings.all()
        with use.db.atomic():
            tally = recognition.recognise(seen)
            self._sightings.forget()
            use.events.append(
                LabelsCompared(
                    self._run.id,
                    discs=len(seen),
                    right=tally.right,
                    moved=tally.moved,
                    other=tally.other,
                    without_label=tally.without_label,
                    unreadable=tally.unreadable,
                    unknown=tally.unknown,
                )
            )

    async def clear_tray(self, unit: LibraryUnit) -> None:
        """Bring home what an earlier try of this job left in the tray.

        Raises:
            HalError: the robot or the tray fails; disc and printer stay this job's.
        """
        if unit.mover.printer != self._printing.name:
            return
        for medium_id in self._left():
            self._library.reservations.adopt(medium_id, self._run.id)
            await self._carried(medium_id, partial(unit.mover.shelve, medium_id))

    def _left(self) -> list[str]:
        """Discs that this job still has, and one in the tray that nobody has."""
        reservations, run = self._library.reservations, self._run
        held = [i for i in reservations.held() if reservations.holder(i) == run.id]
        medium = self._library.media.at(drive_place(self._printing.name))
        if medium is not None and reservations.holder(medium.id) is None:
            held.append(medium.id)
        return list(dict.fromkeys(held))

    async def _look_at(self, unit: LibraryUnit, medium_id: str) -> None:
        await have_at_rest(self._run, medium_id)
        if self._library.media.get(medium_id).is_home:
            await self._carried(medium_id, partial(self._fetch_and_see, unit, medium_id))
        else:
            self._library.reservations.drop(medium_id, self._run.id)

    async def _carried(self, medium_id: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do it with the printer, and give up disc and printer once the disc is home, or gone.

        After a failure that leaves it in the tray or the robot both are kept, for the next try.
        """
        run, printing = self._run, self._printing
        try:
            with run.waiting("printer"):
                await run.interruptible(printing.take(run.id))
            await act()
        finally:
            medium = self._library.media.get(medium_id)
            if medium.is_home or medium.is_gone:
                printing.give_back(run.id)
                self._library.reservations.drop(medium_id, run.id)

    async def _fetch_and_see(self, unit: LibraryUnit, medium_id: str) -> None:
        """A single motion that failed leaves the disc to a person; more stop the inventory."""
        try:
            await unit.mover.load(medium_id, self._printing.name)
            sighting = await self._see(medium_id)
        except HalError as error:
            await unit.mover.shelve(medium_id)
            if not is_single_motion(error.code) or unit.fault is not None:
                raise
            self._library.alarms.sound(f"medium:{medium_id}", info_of(error))
            return
        except SteleError as error:
            if error.code in NOT_HERE:
                return  # lost on the way, as an alarm says
            await unit.mover.shelve(medium_id)
            raise
        self._sightings.keep(medium_id, sighting)
        await unit.mover.shelve(medium_id)

    async def _see(self, medium_id: str) -> Sighting:
        try:
            code = await self._printing.read_code(self._library.media.get(medium_id))
        except SteleError as error:
            if is_unseen(error.code):
                raise
            return Sighting(error=error.info)
        return Sighting(code=code)
