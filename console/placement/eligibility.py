"""Which appliances may take a copy at all, and for those that may not, why. Pure."""

from console.placement.fleet import Wanted, Writer
from console.placement.schedule import Schedule
from console.placement.words import WANTS


class Eligibility:
    """What does not change while a placement is worked out: kinds, pools, health, sizes."""

    def __init__(self, schedule: Schedule) -> None:
        self._writers = schedule.writers
        self._classes: dict[tuple[object, ...], list[str]] = {}
        self._reachable: dict[tuple[object, ...], list[int]] = {}
        self._books = schedule.books
        self._could: dict[tuple[object, ...], list[int]] = {}
        self._refused: dict[tuple[object, ...], list[tuple[str, str]]] = {}

    def writers(self, copy: Wanted) -> list[int]:
        """The writers that could take the copy, were nothing else promised and nothing beside."""
        key = *_class_of(copy), copy.size_bytes
        if key not in self._could:
            self._could[key] = [
                index for index in self._reach(copy) if self._books[index].could_ever(copy)
            ]
        return self._could[key]

    def refused(self, copy: Wanted) -> list[tuple[str, str]]:
        """The appliances of the copy's kind that cannot take it, each with the reason."""
        key = *_class_of(copy), copy.size_bytes
        if key not in self._refused:
            may, verdicts = set(self.writers(copy)), self._verdicts(copy)
            self._refused[key] = [
                (writer.appliance, verdicts[index] or f"no {WANTS[copy.kind]} for it")
                for index, writer in enumerate(self._writers)
                if writer.kind is copy.kind and index not in may
            ]
        return self._refused[key]

    def _reach(self, copy: Wanted) -> list[int]:
        key = _class_of(copy)
        if key not in self._reachable:
            verdicts = self._verdicts(copy)
            self._reachable[key] = [
                index
                for index, verdict in enumerate(verdicts)
                if not verdict and self._writers[index].kind is copy.kind
            ]
        return self._reachable[key]

    def _verdicts(self, copy: Wanted) -> list[str]:
        key = _class_of(copy)
        if key not in self._classes:
            unfit = dict(copy.source.unfit)
            self._classes[key] = [_verdict(copy, writer, unfit) for writer in self._writers]
        return self._classes[key]


def _class_of(copy: Wanted) -> tuple[object, ...]:
    # Copies of one pool share one object, so its identity will do and costs no hashing.
    return copy.kind, id(copy.source), copy.pinned


def _verdict(copy: Wanted, writer: Writer, unfit: dict[str, str]) -> str:
    source = copy.source
    if copy.pinned is not None and writer.appliance != copy.pinned:
        return f"it is pinned to {copy.pinned}"
    if source.appliances is not None and writer.appliance not in source.appliances:
        return f"outside the pool {source.pool!r}"
    if writer.unfit:
        return writer.unfit
    if writer.drives < 1:
        return "no drive that works"
    if writer.appliance in unfit:
        return unfit[writer.appliance]
    return ""
