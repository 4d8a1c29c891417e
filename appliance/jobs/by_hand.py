"""A person files media in or takes them out: which places, when it is done, and what was done.

Where slots have sensors the job sees each disc come and go, and ends when all is as it was wished.
Elsewhere the person opens a door and closes it again; then the robot looks into the slots. What is
found goes into the inventory, whatever was wished; what differs from the wish is told. Disks have
drawers, whose bays tell when one comes or goes.
"""

import asyncio
from collections.abc import Collection, Sequence

import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo, FileIn, TakeOut
from appliance.contract.states import SlotState
from appliance.jobs.drawer_work import DisksIn, DisksOut, DrawerWork, together
from appliance.jobs.release import doors_closed_again, have_at_rest
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Turn
from appliance.services.fittings import Fittings
from appliance.services.media import Medium, slot_place
from appliance.services.slots import Slot

NOT_FREE, NOT_DONE, OTHER_SLOT, MORE, NO_SIGN = 2220, 2221, 2222, 2223, 2224
LOOK_EVERY_S = 0.5


class _HandJob:
    """What both have in common."""

    full: bool
    """How the slots are when all is done."""

    def __init__(self, run: JobRun, fittings: Fittings) -> None:
        self._run = run
        self._fittings = fittings
        self._library = run.use.library

    async def _await_person(self, slots: Sequence[str], asked: str, drawers: DrawerWork) -> None:
        """Return when the person has done it; raises 2224 where nothing would tell."""
        run, presence = self._run, self._fittings.presence
        gate = run.use.gates.interlock.gate
        sensed = bool(slots) and all(map(presence.has, slots))
        if slots and not sensed and not self._fittings.doors:
            raise SteleError(NO_SIGN, "no door and no slot tells when a person is done here")
        asked = " and ".join(filter(None, (asked if slots else "", drawers.asked)))
        with self._fittings.lights.showing(run.id, slots), run.waiting(f"person: {asked}"):
            if sensed:
                with presence.expecting(slots):
                    await run.interruptible(together(self._until_sensed(slots), drawers.open()))
            elif slots:
                await run.interruptible(together(doors_closed_again(gate), drawers.open()))
            else:
                await run.interruptible(drawers.open())

    async def _until_sensed(self, slots: Sequence[str]) -> None:
        wanted, before = set(slots), await self._fittings.presence.read()
        told: set[str] = set()
        while True:
            now = await self._fittings.presence.read()
            astray = {
                slot
                for slot, is_full in now.items()
                if slot not in wanted and before.get(slot, is_full) is not is_full
            }
            self._tell_astray(astray, told, slots)
            left = [slot for slot in slots if now.get(slot) is not self.full]
            if not left and not astray:
                return
            self._fittings.lights.show(self._run.id, [*left, *astray])
            await asyncio.sleep(LOOK_EVERY_S)

    def _tell_astray(self, astray: set[str], told: set[str], slots: Sequence[str]) -> None:
        alarms = self._library.alarms
        for slot in astray - told:
            alarms.sound(slot_place(slot), self._mistake(slot, slots))
        for slot in told - astray:
            alarms.clear(slot_place(slot), OTHER_SLOT)
        told.clear()
        told.update(astray)

    def _mistake(self, slot: str, slots: Sequence[str]) -> ErrorInfo:
        did = "a disc was put into" if self.full else "the disc was taken from"
        return ErrorInfo(OTHER_SLOT, f"{did} slot {slot}; meant: {named(slots)}")

    async def _probe(self, slot: str) -> bool:
        unit = self._library.units.of_slot(slot)
        if unit is None:
            raise SteleError(2207, f"no robot here reaches slot {slot!r}")
        await self._run.interruptible(unit.ready.wait())
        self._run.check_interrupted()
        return await unit.mover.probe(slot)

    def _clear_astray(self) -> None:
        for slot in self._library.slots.all():
            self._library.alarms.clear(slot_place(slot.name), OTHER_SLOT)


class FileInJob(_HandJob):
    """New discs into empty slots, disks into empty bays."""

    full = True

    def __init__(self, run: JobRun, params: FileIn, fittings: Fittings) -> None:
        super().__init__(run, fittings)
        self._params = params
        self._drawers = DisksIn(run, params.slots)

    async def prepare(self) -> Outcome:
        """Choose the slots, and keep to them. Raises `SteleError`: 2220 they are not free."""
        promised = self._promised()
        free = [
            slot.name
            for slot in self._library.slots.all()
            if self._is_free(slot) and slot.name not in promised
        ]
        named_slots = [slot for slot in self._params.slots if slot not in self._drawers.bays]
        slots = list(dict.fromkeys(named_slots))
        if not self._params.slots:
            slots = free[: self._params.count]
        await self._drawers.check()
        taken = [slot for slot in slots if slot not in set(free)]
        if taken:
            raise SteleError(
                NOT_FREE,
                f"{named(taken)} cannot take a disc: not known to be empty, or promised to another",
            )
        if not (slots or self._drawers.bays) or len(slots) < self._params.count:
            raise SteleError(
                NOT_FREE, f"{len(slots)} slots are empty, {self._params.count} are wanted"
            )
        facts = msgspec.structs.replace(self._run.record.facts, slots=tuple(slots))
        return Outcome(Turn.GOOD, self._run.changed(facts=facts))

    async def handle(self) -> Outcome:
        """Wait for the person."""
        slots = self._run.record.facts.slots
        await self._await_person(slots, f"put discs into {named(slots)}", self._drawers)
        return Outcome(Turn.GOOD, self._run.record)

    async def look(self) -> Outcome:
        """Look into the slots, and where else a disc may have gone.

        Raises:
            SteleError: 2221 some are empty, 2222 a disc is in another slot, 2223 there are more.
        """
        slots = self._run.record.facts.slots
        missing = [slot for slot in slots if not await self._find(slot)]
        others = self._near(slots) if not missing else self._elsewhere(slots)
        extra = [slot for slot in others if await self._find(slot)]
        self._clear_astray()
        if missing and extra:
            told = f"discs are in {named(extra)}, and none in {named(missing)}"
            raise SteleError(OTHER_SLOT, told)
        if missing:
            raise SteleError(NOT_DONE, f"no disc was put into {named(missing)}")
        if extra:
            raise SteleError(MORE, f"discs were put into {named(extra)} too")
        self._drawers.judge()
        return Outcome(Turn.GOOD, self._run.record)

    async def _find(self, slot: str) -> bool:
        if not await self._probe(slot):
            return False
        self._fittings.inventory.take_in(slot)
        return True

    def _is_free(self, slot: Slot) -> bool:
        return slot.state is SlotState.EMPTY and self._library.media.with_home(slot.name) is None

    def _promised(self) -> set[str]:
        """Slots that other jobs wait for a person to fill."""
        return {
            slot
            for record in self._run.use.journal.unfinished()
            if isinstance(record.body, FileIn) and record.id != self._run.id
            for slot in record.facts.slots
        }

    def _elsewhere(self, slots: Collection[str]) -> list[str]:
        """All other empty slots of the units that the person was at."""
        units = {self._library.slots.unit_of(slot) for slot in slots}
        return [
            slot.name
            for slot in self._library.slots.all()
            if slot.unit in units and slot.name not in slots and self._is_free(slot)
        ]

    def _near(self, slots: Collection[str]) -> list[str]:
        """Empty slots beside those that were meant; with sensors, every one."""
        others = self._elsewhere(slots)
        if all(map(self._fittings.presence.has, slots)):
            return others
        names = [slot.name for slot in self._library.slots.all()]
        at = [names.index(slot) for slot in slots]
        beside = {names[i] for n in at for i in (n - 1, n + 1) if 0 <= i < len(names)}
        return [slot for slot in others if slot in beside]


class TakeOutJob(_HandJob):
    """Discs and disks out of the cabinet; their slots and bays are free then."""

    full = False

    def __init__(self, run: JobRun, params: TakeOut, fittings: Fittings) -> None:
        super().__init__(run, fittings)
        self._params = params
        self._drawers = DisksOut(run, params.media)

    async def prepare(self) -> Outcome:
        """Remember which slots they are in. Raises `SteleError`: 2202, 2210 one is not here."""
        slots = []
        await self._drawers.check()
        for medium_id in self._disc_ids:
            medium = self._library.media.get(medium_id)
            self._library.units.of_medium(medium)
            if medium.home_slot is None:
                raise SteleError(2202, f"medium {medium_id} is in no slot: {medium.place}")
            slots.append(medium.home_slot)
        facts = msgspec.structs.replace(self._run.record.facts, slots=tuple(slots))
        return Outcome(Turn.GOOD, self._run.changed(facts=facts))

    async def handle(self) -> Outcome:
        """Have the discs, have them home, wait for the person."""
        run = self._run
        try:
            slots = await self._collect()
            await self._await_person(slots, f"take the discs out of {named(slots)}", self._drawers)
        except BaseException:
            self._drop()
            raise
        return Outcome(Turn.GOOD, run.record)

    async def look(self) -> Outcome:
        """See which discs are gone, and whether any other is.

        Raises:
            SteleError: 2221 some are still there, 2222 another was taken instead.
        """
        try:
            there = [medium for medium in self._media() if not await self._is_gone(medium)]
            wrong = [slot for slot in self._beside() if await self._is_robbed(slot)]
        finally:
            self._drop()
        self._clear_astray()
        if wrong:
            raise SteleError(OTHER_SLOT, f"discs were taken from {named(wrong)}, not meant")
        if there:
            names = named([medium.home_slot or "" for medium in there])
            raise SteleError(NOT_DONE, f"the discs are still in {names}")
        self._drawers.judge()
        return Outcome(Turn.GOOD, self._run.record)

    async def _collect(self) -> list[str]:
        run = self._run
        await self._drawers.collect()
        for medium in self._media():
            await have_at_rest(run, medium.id)
            while not self._library.media.get(medium.id).is_home:
                if self._library.media.get(medium.id).is_gone:
                    break
                with run.waiting(f"medium {medium.id}"):
                    await run.interruptible(asyncio.sleep(1.0))
        return [medium.home_slot for medium in self._media() if medium.home_slot]

    def _media(self) -> list[Medium]:
        """The discs that are still here."""
        found = (self._library.media.get(medium_id) for medium_id in self._disc_ids)
        return [medium for medium in found if not medium.is_gone]

    @property
    def _disc_ids(self) -> list[str]:
        return [medium_id for medium_id in self._params.media if medium_id not in self._drawers]

    def _drop(self) -> None:
        for medium_id in self._params.media:
            self._library.reservations.drop(medium_id, self._run.id)

    async def _is_gone(self, medium: Medium) -> bool:
        slot = medium.home_slot
        if slot is None or await self._probe(slot):
            return False
        self._fittings.inventory.let_go(medium.id)
        return True

    def _beside(self) -> list[str]:
        """Full slots beside those of the discs that were meant, that are nobody's at the moment."""
        names = [slot.name for slot in self._library.slots.all()]
        meant = self._run.record.facts.slots
        at = [names.index(slot) for slot in meant if slot in names]
        beside = {names[i] for n in at for i in (n - 1, n + 1) if 0 <= i < len(names)}
        return [
            slot
            for slot in sorted(beside - set(meant))
            if (medium := self._library.media.with_home(slot)) is not None and medium.is_home
        ]

    async def _is_robbed(self, slot: str) -> bool:
        if await self._probe(slot):
            return False
        self._fittings.inventory.notice(slot, present=False)
        return True


def named(slots: Sequence[str]) -> str:
    """Slots in a message: the first few by name."""
    shown = ", ".join(slots[:5])
    more = f" and {len(slots) - 5} more" if len(slots) > 5 else ""
    return f"{'slot' if len(slots) == 1 else 'slots'} {shown}{more}"
