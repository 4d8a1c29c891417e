"""Requests served in simulated time by the console's own ordering, and by first come, first served.

The pure functions alone: no store, no messages.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from console.retrieval.ordering import (
    Given,
    Load,
    Option,
    Part,
    Station,
    Wish,
    arrange,
    claims,
    take_turn,
)
from console.retrieval.pace import DISCS
from console.retrieval.states import Priority
from tests.console.retrieval.cabinet import Cabinet, Job, Machine

STATION = "north/rack-1 disc"


@dataclass(frozen=True)
class Asked:
    """One request: files as (disc, bytes), in the order in which they were asked for."""

    name: str
    files: tuple[tuple[str, int], ...]
    came_s: float = 0.0
    priority: Priority = Priority.NORMAL

    def by_disc(self) -> dict[str, tuple[int, int]]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        for disc, size_bytes in self.files:
            found[disc].append(size_bytes)
        return {disc: (len(sizes), sum(sizes)) for disc, sizes in found.items()}


@dataclass
class Played:
    """How it went: when each request was all there, and how many loads it took."""

    ended_s: dict[str, float] = field(default_factory=dict)
    loads: int = 0

    def waits(self, asked: Iterable[Asked]) -> dict[str, float]:
        return {each.name: self.ended_s[each.name] - each.came_s for each in asked}


def random_files(rng: random.Random, discs: int, files: int) -> list[tuple[str, int]]:
    """Files over discs, each disc holding at least one; from 100 KB to 2 GB, most about 30 MB."""
    names = [f"disc-{n:03}" for n in range(discs)]
    places = names + [rng.choice(names) for _ in range(files - discs)]
    rng.shuffle(places)
    return [
        (disc, int(min(max(rng.lognormvariate(17.2, 1.5), 1e5), 2e9))) for disc in places[:files]
    ]


def play_ordered(asked: list[Asked], machine: Machine) -> Played:
    """By `console.retrieval.ordering`, asked anew whenever something came, was read or got home."""
    return _Ordered(asked, machine).run()


class _Ordered:
    def __init__(self, asked: list[Asked], machine: Machine) -> None:
        self.asked = {each.name: each for each in asked}
        self.played = Played()
        self.cabinet = Cabinet(machine, delivered=self._delivered)
        self.station = Station(STATION, machine.drives, DISCS)
        self.parts: dict[tuple[str, str], Part] = {}
        self.given: dict[str, tuple[Given, list[Part]]] = {}
        for each in asked:
            self.cabinet.at(each.came_s, lambda each=each: self._come(each))  # type: ignore[misc]

    def run(self) -> Played:
        while self.cabinet.step():
            self._turn()
        self.played.loads = self.cabinet.loads
        return self.played

    def _come(self, asked: Asked) -> None:
        for disc, (files, size_bytes) in asked.by_disc().items():
            option = Option(f"copy of {disc}", disc, STATION)
            part = Part(asked.name, f"volume of {disc}", files, size_bytes, (option,))
            self.parts[asked.name, disc] = part

    def _turn(self) -> None:
        wishes = [
            Wish(name, self.asked[name].came_s, self.asked[name].priority)
            for name in sorted({request for request, _ in self.parts})
        ]
        waiting = list(self.parts.values())
        claim_s = claims(wishes, waiting, {STATION: DISCS}, DISCS)
        loads = arrange(waiting, claim_s, {STATION: self.station})
        urgent = {w.request_id for w in wishes if w.priority is Priority.URGENT}
        given = [each for each, _ in self.given.values()]
        turn = take_turn(loads, given, {STATION: self.station}, urgent)
        for each in turn.recall:
            assert self.cabinet.take_back(each.fetch_id)
            _, parts = self.given.pop(each.fetch_id)
            for part in parts:
                self.parts[part.request_id, each.medium_id] = part
        for load in turn.give:
            self._give(load)

    def _give(self, load: Load) -> None:
        name, disc = f"fetch-{len(self.given)}-{self.cabinet.now_s}", load.option.medium_id
        self.given[name] = (
            Given(
                name,
                STATION,
                disc,
                load.parts[0].volume_id,
                load.claim_s,
                length_s=load.fetch_s(DISCS),
            ),
            list(load.parts),
        )
        for part in load.parts:
            del self.parts[part.request_id, disc]
        self.cabinet.give(Job(name, disc, load.files, load.size_bytes))

    def _delivered(self, job: Job) -> None:
        _, parts = self.given.pop(job.name)
        waiting = {part.request_id for part in self.parts.values()}
        waiting |= {part.request_id for _, others in self.given.values() for part in others}
        for part in parts:
            if part.request_id not in waiting:
                self.played.ended_s[part.request_id] = self.cabinet.now_s


def play_first_come(asked: list[Asked], machine: Machine, *, by_disc: bool = False) -> Played:
    """First come, first served: file by file as they were asked for, each request by itself.

    With `by_disc` each request has at least its own files sorted by disc, and loads none twice.
    """
    left = {each.name: len(each.files) for each in asked}
    played = Played()
    waiting: list[Job] = []
    under_way: dict[str, int] = {}

    def come(each: Asked) -> None:
        if by_disc:
            jobs = [Job(each.name, disc, *what) for disc, what in sorted(each.by_disc().items())]
        else:
            jobs = [Job(each.name, disc, 1, size_bytes) for disc, size_bytes in each.files]
        waiting.extend(jobs)
        give()

    def give() -> None:
        while waiting and sum(under_way.values()) < machine.drives:
            job = waiting.pop(0)
            under_way[job.name] = under_way.get(job.name, 0) + 1
            cabinet.give(job)

    def delivered(job: Job) -> None:
        under_way[job.name] -= 1
        left[job.name] -= job.files
        if not left[job.name]:
            played.ended_s[job.name] = cabinet.now_s
        give()

    cabinet = Cabinet(machine, delivered=delivered)
    for each in asked:
        cabinet.at(each.came_s, lambda each=each: come(each))  # type: ignore[misc]
    while cabinet.step():
        pass
    played.loads = cabinet.loads
    return played


def arriving(rng: random.Random, requests: int, over_s: float, discs: int) -> list[Asked]:
    """Requests over time: a few urgent small ones, most normal, some large and of low priority."""
    names = [f"disc-{n:03}" for n in range(discs)]
    found = []
    for number in range(requests):
        priority = (Priority.URGENT, Priority.NORMAL, Priority.NORMAL, Priority.NORMAL)[number % 4]
        priority = Priority.LOW if number % 8 == 7 else priority
        on = {Priority.URGENT: (1, 3), Priority.NORMAL: (2, 12), Priority.LOW: (15, 30)}[priority]
        chosen = rng.sample(names, rng.randint(*on))
        files = [
            (rng.choice(chosen), int(min(rng.lognormvariate(17.2, 1.5), 2e9)))
            for _ in range(4 * len(chosen))
        ]
        found.append(Asked(f"rq-{number:02}", tuple(files), rng.uniform(0, over_s), priority))
    return sorted(found, key=lambda each: each.came_s)
