"""What the inventory makes of the labels that the camera saw.

A label is what somebody printed, not what is burned. So it may say where a disc is, and that is
believed; but a copy ends only where a disc's good label was seen to be another's. A disc whose
label was never printed here, or did not come out well, is never judged by what is not on it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Set

from msgspec import Struct
from sqlite_utils import Database

from appliance.contract.messages import ErrorInfo
from appliance.contract.states import MediumState
from appliance.services.alarms import Alarms
from appliance.services.inventory import APPEARED
from appliance.services.losses import Losses
from appliance.services.media import OUTSIDE, Media, Medium, slot_place
from appliance.services.mover import DOUBLY_TAKEN
from appliance.services.printing import LabelState, Printing
from appliance.services.recognition import OTHER_DISC, UNKNOWN_LABEL
from appliance.services.sightings import Sighting

NO_LABEL = 3270


class Tally(Struct, frozen=True):
    """How many discs there were of each kind."""

    right: int = 0
    moved: int = 0
    other: int = 0
    without_label: int = 0
    unreadable: int = 0
    unknown: int = 0


class LabelRecognition:
    """Brings labels and slots together."""

    def __init__(
        self, db: Database, media: Media, losses: Losses, alarms: Alarms, printing: Printing
    ) -> None:
        self._db = db
        self._media = media
        self._losses = losses
        self._alarms = alarms
        self._printing = printing

    def recognise(self, seen: Mapping[str, Sighting]) -> Tally:
        """Take in what was seen, by the id of the medium that should be in that slot."""
        with self._db.atomic():
            known = {medium_id: self._media.find(medium_id) for medium_id in seen}
            here = {i: medium for i, medium in known.items() if medium and medium.is_home}
            owners = self._owners({i: seen[i] for i in here})
            right = {i for i, ids in owners.items() if i in ids}
            for medium_id in right:
                self._clear(here[medium_id].home_slot or "")
            to = self._located(here, owners, right)
            settled = self._follow(to, here, seen)
            tally = Counter[str](right=len(right), moved=len(to))
            for medium_id in here.keys() - right - settled:
                tally[self._judge(here[medium_id], seen[medium_id], owners, right)] += 1
            return Tally(**tally)

    def _owners(self, seen: Mapping[str, Sighting]) -> dict[str, Set[str]]:
        """Of each disc with a readable code: the media that it can be by that code."""
        by_code: defaultdict[str, set[str]] = defaultdict(set)
        for medium in self._media.all():
            by_code[self._printing.code_of(medium)].add(medium.id)
        return {i: by_code.get(s.code, set()) for i, s in seen.items() if s.code is not None}

    def _located(
        self, here: Mapping[str, Medium], owners: Mapping[str, Set[str]], right: Set[str]
    ) -> dict[str, str]:
        """The slot of each disc that was seen in another than its own, when it is certain.

        It is the only one with that code that can be there, was seen there alone, and its own slot
        was looked into, or it has been missing.
        """
        found: defaultdict[str, list[str]] = defaultdict(list)
        for medium_id, ids in owners.items():
            if medium_id in right or self._is_spoiled(medium_id):
                continue
            possible = [i for i in ids - right if i in here or self._is_outside(i)]
            if len(possible) == 1:
                found[possible[0]].append(here[medium_id].home_slot or "")
        return {i: slots[0] for i, slots in found.items() if len(slots) == 1}

    def _follow(
        self, to: Mapping[str, str], here: Mapping[str, Medium], seen: Mapping[str, Sighting]
    ) -> set[str]:
        """Give each located disc its slot; and those that are driven out what is left to them.

        Exchanged discs form rings. Anything else is a row: it begins at a slot whose new disc
        nobody can name, or with a disc from outside, and ends with a medium without a place.
        Returns the media of all these slots.
        """
        at = {medium.home_slot or "": medium_id for medium_id, medium in here.items()}
        ends: dict[str, str | None] = {}
        for medium_id, slot in to.items():
            if medium_id in here and here[medium_id].home_slot in to.values():
                continue  # not the beginning of a row
            begin = here[medium_id].home_slot if medium_id in here else None
            last = at[slot]
            while last in to:
                last = at[to[last]]
            ends[last] = begin
        for medium_id in to:
            self._media.relocate(medium_id, OUTSIDE)
            self._media.leave_home(medium_id)
        for medium_id, begin in ends.items():
            first = seen[at[begin]] if begin else None
            self._drive_out(here[medium_id], begin, first)
        for medium_id, slot in to.items():
            self._settle(medium_id, slot, trusted=medium_id in here)
        return set(to) | set(ends)

    def _drive_out(self, medium: Medium, begin: str | None, there: Sighting | None) -> None:
        """A medium's slot holds another; what is in the slot `begin` may be it."""
        is_nothing = medium.volume_id is None
        if begin is None and is_nothing:  # it was the one from outside all the time
            self._media.mark(medium.id, MediumState.FOREIGN)
            self._media.relocate(medium.id, OUTSIDE)
            self._media.leave_home(medium.id)
            return
        mute = there is not None and there.code is None
        smeared = mute and there is not None and there.error and there.error.code != NO_LABEL
        may_be = mute if not self._has_good_label(medium.id) else smeared
        if begin is not None and (is_nothing or may_be):
            self._media.relocate(medium.id, OUTSIDE)
            self._settle(medium.id, begin, trusted=True)
            if not is_nothing:
                self._tell(begin, f"it is taken to be {medium.id}, and no label says so")
            return
        self._losses.lose_medium(medium.id)
        self._media.leave_home(medium.id)
        if begin is not None:
            self._take_for_new(begin)

    def _judge(
        self,
        medium: Medium,
        sighting: Sighting,
        owners: Mapping[str, Set[str]],
        right: Set[str],
    ) -> str:
        """A disc whose label does not say that it is the right one; the kind that it counts as."""
        slot, is_good = medium.home_slot or "", self._has_good_label(medium.id)
        if sighting.code is None:
            return self._judge_mute(medium, sighting, is_good=is_good)
        others = owners[medium.id]
        if not others:
            if is_good:
                self._losses.lose_medium(medium.id)
                self._media.leave_home(medium.id)
                self._take_for_new(slot)
                told = f"the disc in slot {slot} bears a label that is not known here"
                self._alarms.sound(
                    slot_place(slot), ErrorInfo(UNKNOWN_LABEL, told, sighting.code[:100])
                )
            return "unknown"
        if self._is_spoiled(medium.id) and others & right:
            return "unreadable"  # another's label was printed on it, as an alarm says already
        self._tell(slot, f"its label says {sighting.code[:100]}, not {medium.id}")
        if is_good and others & right:
            error = ErrorInfo(OTHER_DISC, f"slot {slot} holds another disc than {medium.id}")
            self._losses.lose_copies(medium.id, error)
        return "other"

    def _judge_mute(self, medium: Medium, sighting: Sighting, *, is_good: bool) -> str:
        error, slot = sighting.error, medium.home_slot or ""
        if error is not None and error.code == NO_LABEL:
            if is_good:
                self._tell(
                    slot, f"it bears no label, and {medium.id} does: or it lies wrong side up"
                )
                return "other"
            return "without_label"
        if is_good:
            self._printing.settle(medium.id, LabelState.BAD, error)
        return "unreadable"

    def _settle(self, medium_id: str, slot: str, *, trusted: bool) -> None:
        """The slot is the medium's, and there it is; what comes from outside is unverified."""
        self._media.settle_home(medium_id, slot)
        self._media.relocate(medium_id, slot_place(slot))
        if not trusted and self._media.get(medium_id).state is MediumState.VERIFIED:
            self._media.mark(medium_id, MediumState.WRITTEN)
        self._clear(slot)
        self._alarms.clear(f"medium:{medium_id}")

    def _take_for_new(self, slot: str) -> None:
        """Nobody knows what the disc in the slot is."""
        medium = self._media.add(slot_place(slot), slot, MediumState.UNSEEN)
        self._media.relocate(medium.id, slot_place(slot))

    def _clear(self, slot: str) -> None:
        for code in (OTHER_DISC, UNKNOWN_LABEL, APPEARED, DOUBLY_TAKEN):
            self._alarms.clear(slot_place(slot), code)

    def _tell(self, slot: str, why: str) -> None:
        told = f"the disc in slot {slot} may be another: {why}"
        self._alarms.sound(slot_place(slot), ErrorInfo(OTHER_DISC, told))

    def _has_good_label(self, medium_id: str) -> bool:
        return self._printing.state(medium_id) is LabelState.GOOD

    def _is_spoiled(self, medium_id: str) -> bool:
        return self._printing.state(medium_id) in (LabelState.BAD, LabelState.BEGUN)

    def _is_outside(self, medium_id: str) -> bool:
        return self._media.get(medium_id).place == OUTSIDE
