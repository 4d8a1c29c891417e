"""Watches the tags: a magazine that comes or goes is noticed within seconds.

What a tag says is believed after it was read twice running, because a reader misses one now and
then. A reader that fails tells nothing: what was known of its place stands, with an alarm.

A reader that only speaks by itself is as silent when it is broken as without a magazine. Its
silence is believed when somebody could have taken the magazine: the latch was released, or a door
was open.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping

from appliance.contract.errors import info_of
from appliance.contract.messages import ErrorInfo, MagazineView
from appliance.services.alarms import Alarms
from appliance.services.interlock import Interlock
from appliance.services.magazines.register import Register, magazine_id
from appliance.services.media import Media, Medium
from appliance.services.units import LibraryUnit, Units
from hal.errors import HalError
from hal.interfaces.changer import BreakingOff
from hal.interfaces.tag_reader import TagReader

UNREADABLE, TWICE, LEFT_BEHIND, IN_MOTION, UNSURE = 2211, 2212, 2213, 2214, 2227
LOOK_EVERY_S = 1.0
SURE = 2
"""How often running a tag, or none, is seen before it is believed."""
FAILURES_MAX = 3

log = logging.getLogger(__name__)


class MagazineWatch:
    """One task over all readers."""

    def __init__(
        self,
        readers: Mapping[str, TagReader],
        register: Register,
        *,
        units: Units,
        media: Media,
        alarms: Alarms,
        interlock: Interlock,
        arrived: Callable[[str], None],
        changed: Callable[[], None],
        has_doors: bool = False,
    ) -> None:
        """`arrived` is told the place of each magazine that was put in."""
        self._readers = dict(readers)
        self._register = register
        self._units = units
        self._media = media
        self._alarms = alarms
        self._interlock = interlock
        self._arrived = arrived
        self._changed = changed
        self._seen: dict[str, tuple[str | None, int]] = {}
        self._failed: Counter[str] = Counter()
        self._waiting: set[str] = set(readers)
        self._barred: dict[str, tuple[LibraryUnit, str]] = {}
        self._has_doors = has_doors
        self._within_reach: set[str] = set(readers)
        """Places that somebody could have reached since their tag was last told."""
        self._released_since: set[str] = set()
        """Places whose latch was released since then."""
        self._looked = asyncio.Event()
        self.released: set[str] = set()
        """Places whose latch is open."""
        self.rounds = asyncio.Condition()
        """Told after each round."""
        if not readers:
            self._looked.set()

    async def looked(self) -> None:
        """Return when each place has been looked at, or its reader has failed."""
        await self._looked.wait()

    async def run(self) -> None:
        """Never returns."""
        while True:
            try:
                await self.look()
            except Exception:  # the boundary of the watch: it must go on
                log.exception("the magazines could not be looked at")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """One round over all readers."""
        found = await asyncio.gather(
            *(reader.read() for reader in self._readers.values()), return_exceptions=True
        )
        for place, answer in zip(self._readers, found, strict=True):
            self._note_reach(place, is_told=isinstance(answer, str))
            self._hear(place, self._doubted(place, answer))
        self._settle_goings()
        for place in self._readers:
            self._settle_coming(place)
        self._review_left()
        if not self._waiting:
            self._looked.set()
        async with self.rounds:
            self.rounds.notify_all()

    def views(self) -> list[MagazineView]:
        """Every place that has a reader."""
        inside = self._register.by_place()
        return [
            MagazineView(
                place=place,
                magazine_id=inside.get(place),
                discs=len(self._register.discs_at(place)),
                released=place in self.released,
                error=next(iter(self._alarms.standing(alarm_place(place))), None),
            )
            for place in self._readers
        ]

    # Inside -----------------------------------------------------------------------------------

    def _note_reach(self, place: str, *, is_told: bool) -> None:
        """Remember whether a hand could have been there since the tag was last told."""
        is_open = any(why.startswith("door:") for why in self._interlock.gate.reasons)
        if is_told:
            self._within_reach.discard(place)
            self._released_since.discard(place)
        if is_open or not self._has_doors or place in self.released:
            self._within_reach.add(place)
        if place in self.released:
            self._released_since.add(place)
            self._be_sure(place)

    def _doubted(
        self, place: str, answer: str | BaseException | None
    ) -> str | BaseException | None:
        """Silence where nobody can have taken the magazine is a reader that fails."""
        known = self._register.at(place)
        if answer is not None or self._readers[place].is_asked or known is None:
            return answer
        if place in self._within_reach:
            return answer
        told = f"the reader is silent, and nobody can have taken magazine {known}"
        return HalError(1030, told, "latch and doors have been closed since its tag was last told")

    def _hear(self, place: str, answer: str | BaseException | None) -> None:
        if isinstance(answer, HalError):
            self._failed[place] += 1
            self._seen.pop(place, None)
            if self._failed[place] >= FAILURES_MAX:
                self._waiting.discard(place)
                error = info_of(answer)
                told = f"the tag at {place} cannot be read: {error.message}"
                self._sound(place, ErrorInfo(UNREADABLE, told, error.detail))
            return
        if isinstance(answer, BaseException):
            raise answer
        if self._failed.pop(place, 0) >= FAILURES_MAX:
            self._alarms.clear(alarm_place(place), UNREADABLE)
            self._changed()
        tag = magazine_id(answer) if answer else None
        before, times = self._seen.get(place, (None, 0))
        self._seen[place] = (tag, times + 1 if tag == before else 1)

    def _sure(self, place: str) -> bool:
        return self._seen.get(place, (None, 0))[1] >= SURE

    def _settle_goings(self) -> None:
        for place in self._readers:
            known = self._register.at(place)
            if not self._sure(place):
                continue
            if self._seen[place][0] != known or known is None:
                self._go(place, known)

    def _go(self, place: str, known: str | None) -> None:
        """A place's magazine is out; or it has never had one."""
        if known is None and place not in self._waiting:
            return
        if known is None:
            if self._seen[place][0] is None:
                self._register.take_out(place)
            return
        unit = self._unit_of(place)
        move = unit.mover.under_way() if unit else None
        left = self._register.take_out(place)
        if not (self._seen[place][0] or self._readers[place].is_asked or self._was_released(place)):
            told = (
                f"magazine {known} is not told at {place} any more, and its latch was not "
                "released: it was taken by force, or the reader is silent"
            )
            self._sound(place, ErrorInfo(UNSURE, told))
        for medium in left:
            self._tell_left(medium, known, place)
        if unit and move and move.slot in self._register.slots_of(place) and unit.mover.is_busy:
            self._bar(place, unit, move.medium_id, known)
        self._changed()

    def _settle_coming(self, place: str) -> None:
        if not self._sure(place):
            return
        tag = self._seen[place][0]
        self._waiting.discard(place)
        if tag is not None:
            self._be_sure(place)
        if tag is None or tag == self._register.at(place):
            self._alarms.clear(alarm_place(place), TWICE)
            return
        other = self._register.place_of(tag)
        if other is not None:
            if other in self._readers and self._seen.get(other, (None, 0))[0] == tag:
                told = f"magazine {tag} is at {place}, and at {other} too"
                self._sound(place, ErrorInfo(TWICE, told))
                return
            if other in self._readers and other in self._seen:
                return  # it is about to be known that it has left there
            self._register.take_out(other)
        self._register.put_in(tag, place)
        self._alarms.clear(alarm_place(place), TWICE)
        for magazine, (unit, barred) in list(self._barred.items()):
            if barred == place:
                self._unbar(magazine, unit, place, is_same=magazine == tag)
        self._arrived(place)
        self._changed()

    def _be_sure(self, place: str) -> None:
        if self._alarms.stands(alarm_place(place), UNSURE):
            self._alarms.clear(alarm_place(place), UNSURE)

    def _was_released(self, place: str) -> bool:
        return place in self.released or place in self._released_since

    def _unit_of(self, place: str) -> LibraryUnit | None:
        return self._units.of_slot(self._register.slots_of(place)[0])

    def _sound(self, place: str, error: ErrorInfo) -> None:
        self._alarms.sound(alarm_place(place), error)
        self._changed()

    def _tell_left(self, medium: Medium, magazine: str, place: str) -> None:
        told = (
            f"magazine {magazine} was taken out of {place} while its disc {medium.id} is in "
            f"{medium.place}"
        )
        self._alarms.sound(f"medium:{medium.id}", ErrorInfo(LEFT_BEHIND, told))

    def _review_left(self) -> None:
        """A disc left behind by its magazine has a slot again: its own, or another."""
        for medium in self._media.all():
            place = f"medium:{medium.id}"
            if medium.home_slot is not None and self._alarms.stands(place, LEFT_BEHIND):
                self._alarms.clear(place, LEFT_BEHIND)

    def _bar(self, place: str, unit: LibraryUnit, medium_id: str, magazine: str) -> None:
        """The robot has a disc on its way, and its slot is gone: stand still until it is back."""
        told = f"magazine {magazine} was taken out of {place} while the robot moves {medium_id}"
        self._barred[magazine] = (unit, place)
        self._interlock.gate.close(alarm_place(place))
        self._sound(place, ErrorInfo(IN_MOTION, f"{told}: put it, or another one, there"))
        self._hold = asyncio.ensure_future(self._brake(unit, hold=True))

    def _unbar(self, magazine: str, unit: LibraryUnit, place: str, *, is_same: bool) -> None:
        """The place is filled again: the robot goes on with its move, or, as its slot is another
        magazine's now and may be full, breaks it off and finds its disc an empty one."""
        del self._barred[magazine]
        gate = self._interlock.gate
        self._alarms.clear(alarm_place(place), IN_MOTION)
        gate.open(alarm_place(place))
        self._hold = asyncio.ensure_future(self._go_on(unit, is_same=is_same))

    async def _go_on(self, unit: LibraryUnit, *, is_same: bool) -> None:
        if not is_same and isinstance(unit.changer, BreakingOff):
            try:
                await unit.changer.break_off()
            except HalError as error:
                log.warning("robot %s: %s", unit.name, error)
        if self._interlock.gate.is_open:
            await self._brake(unit, hold=False)

    async def _brake(self, unit: LibraryUnit, *, hold: bool) -> None:
        try:
            await (unit.changer.hold() if hold else unit.changer.resume())
        except HalError as error:
            log.warning("robot %s: %s", unit.name, error)


def alarm_place(place: str) -> str:
    return f"magazine:{place}"
