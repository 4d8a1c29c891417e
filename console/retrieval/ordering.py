"""Which medium is read next, and from which copy. Pure.

All that waits on one medium is one *load*: the medium is loaded once for everybody who waits.

1. **The copy.** Online before offline, any other role before sealed, a robot before a person; among
   those the station that is done soonest, where the copy for use has half an hour's lead. What is
   being loaded for somebody else anyhow is taken from there.
2. **The turn.** Every request has a *claim*, a moment: when it came, and the patience of its
   priority, and the work that it asks for; or its due time less that work, when that is earlier.
   The earliest claim goes first. So urgent goes before normal and small before large, and nothing
   starves: a claim stands still, and after `OVERTAKEN_S` whatever comes new has a later one.
3. **Equal claims.** The longest next while fewer than half of those under way are long, else the
   shortest. Robot and drives are busy throughout so; with all the long ones first, the robot would
   have nothing to do at the beginning and the drives would wait for it at the end.
4. **How many.** A station is given one load a drive. The next follows when the bytes of one are
   there, while its medium is still on its way back: no drive waits, and what is urgent has its turn
   with the first drive. What was given out and has not begun is called back for it.

Times are seconds on any one scale.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from console.retrieval.pace import Pace
from console.retrieval.states import Priority

PATIENCE_S = {Priority.URGENT: 0.0, Priority.NORMAL: 2 * 3600.0, Priority.LOW: 12 * 3600.0}
WORK_COUNTED_MAX_S = 6 * 3600.0
"""A request's own work puts its claim off by no more than this."""
OVERTAKEN_S = max(PATIENCE_S.values()) + WORK_COUNTED_MAX_S
"""Nothing is overtaken by what came so much later."""
DUE_MARGIN = 1.5
"""The work of a request counts so many times when it is held against its due time."""
USE_LEAD_S = 1800.0
"""So much longer may the copy for use take before another one is read instead."""
IN_DRIVE_LEAD_S = 600.0
"""A medium that is in a drive now is as good as one whose claim is so much earlier."""

_USE, _SEALED = "use", "sealed"


@dataclass(frozen=True, slots=True)
class Wish:
    """A request as far as its turn is concerned."""

    request_id: str
    came_s: float
    priority: Priority = Priority.NORMAL
    due_s: float | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """A copy that could serve; `is_online` unless a person has to bring its medium.

    `turns_had`: it broke off at other files so often that others are asked first.
    """

    copy_id: str
    medium_id: str
    station: str
    role: str = _USE
    is_online: bool = True
    in_drive: bool = False
    turns_had: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one request waits for on one volume, and the copies that may deliver it."""

    request_id: str
    volume_id: str
    files: int
    size_bytes: int
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """A set of drives and what brings media to them.

    `busy_s`: how long each work that it has been given still takes a drive.
    """

    name: str
    drives: int
    pace: Pace
    busy_s: tuple[float, ...] = ()
    by_hand: bool = False


@dataclass(slots=True)
class Load:
    """A medium that is to be read, and all who wait for it."""

    option: Option
    claim_s: float
    parts: list[Part] = field(default_factory=list)

    @property
    def files(self) -> int:
        return sum(part.files for part in self.parts)

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    def fetch_s(self, pace: Pace) -> float:
        length_s = pace.read_s(self.files, self.size_bytes)
        return length_s if self.option.in_drive else pace.load_s + length_s


def claims(
    wishes: Iterable[Wish], parts: Iterable[Part], paces: Mapping[str, Pace], usual: Pace
) -> dict[str, float]:
    """The claim of each request, by its id."""
    work_s: dict[str, float] = {}
    for part in parts:
        pace = paces.get(part.options[0].station, usual) if part.options else usual
        length_s = pace.fetch_s(part.files, part.size_bytes)
        work_s[part.request_id] = work_s.get(part.request_id, 0.0) + length_s
    return {wish.request_id: _claim(wish, work_s.get(wish.request_id, 0.0)) for wish in wishes}


def _claim(wish: Wish, work_s: float) -> float:
    by_age_s = wish.came_s + PATIENCE_S[wish.priority] + min(work_s, WORK_COUNTED_MAX_S)
    return by_age_s if wish.due_s is None else min(by_age_s, wish.due_s - DUE_MARGIN * work_s)


def arrange(
    parts: Iterable[Part], claim_s: Mapping[str, float], stations: Mapping[str, Station]
) -> list[Load]:
    """Choose a copy for each part; gives the loads in the order of their turns.

    A part that only a person can help is in a load whose option is not online. One without any
    option is in none.
    """
    loads: dict[str, Load] = {}
    backlog_s = {name: sum(station.busy_s) for name, station in stations.items()}
    # Among equals those first that have no choice: the others can join them.
    order = sorted(
        parts, key=lambda p: (claim_s[p.request_id], len(p.options), p.volume_id, p.request_id)
    )
    for part in order:
        if not part.options:
            continue
        option = _cheapest(part.options, loads, backlog_s, stations)
        load = loads.get(option.medium_id)
        if load is None:
            load = loads[option.medium_id] = Load(option, claim_s[part.request_id])
            if option.is_online:
                backlog_s[option.station] += stations[option.station].pace.load_s
        load.parts.append(part)
        if option.is_online:
            pace = stations[option.station].pace
            backlog_s[option.station] += pace.read_s(part.files, part.size_bytes)
    return sorted(loads.values(), key=lambda load: _turn(load, stations))


def _cheapest(
    options: Sequence[Option],
    loads: Collection[str],
    backlog_s: Mapping[str, float],
    stations: Mapping[str, Station],
) -> Option:
    def cost(option: Option) -> tuple[bool, int, bool, bool, float, str]:
        station = stations.get(option.station) if option.is_online else None
        wait_s = backlog_s[station.name] / max(station.drives, 1) if station else 0.0
        is_loaded = option.medium_id in loads or option.in_drive
        lead_s = 0.0 if option.role == _USE else USE_LEAD_S
        return (
            not option.is_online,
            option.turns_had,
            option.role == _SEALED,
            station is not None and station.by_hand,
            0.0 if is_loaded else wait_s + lead_s,
            option.medium_id,
        )

    return min(options, key=cost)


def _precedence(load: Load) -> float:
    return load.claim_s - (IN_DRIVE_LEAD_S if load.option.in_drive else 0.0)


def _turn(load: Load, stations: Mapping[str, Station]) -> tuple[float, float, str]:
    station = stations.get(load.option.station)
    length_s = load.fetch_s(station.pace) if station else 0.0
    return _precedence(load), -length_s, load.option.medium_id


@dataclass(frozen=True, slots=True)
class Given:
    """A fetch that a station has been given and whose bytes are not all there.

    `claim_s` is the earliest of those who wait for it, `length_s` how long all of it takes.
    """

    fetch_id: str
    station: str
    medium_id: str
    volume_id: str
    claim_s: float
    has_begun: bool = True
    length_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be done now: loads to give out, and fetches to call back for them."""

    give: list[Load]
    recall: list[Given]


def take_turn(
    loads: Sequence[Load],
    given: Iterable[Given],
    stations: Mapping[str, Station],
    urgent: Collection[str] = (),
) -> Turn:
    """Give each station one load a drive. `urgent` are requests for which others are called back.

    A volume that is being read anywhere waits for the end of that.
    """
    desk = _Desk(list(given), stations, urgent)
    for _, equals in groupby(loads, key=_precedence):
        desk.serve([load for load in equals if desk.can_serve(load)])
    return desk.turn


class _Desk:
    """What each station has while loads are being given out."""

    def __init__(
        self, given: list[Given], stations: Mapping[str, Station], urgent: Collection[str]
    ) -> None:
        self.turn = Turn([], [])
        self._stations = stations
        self._urgent = urgent
        self._under_way = given
        self._volumes = {each.volume_id for each in given}
        self._media: dict[str, set[str]] = {name: set() for name in stations}
        self._lengths: dict[str, list[float]] = {name: [] for name in stations}
        for each in given:
            self._media.setdefault(each.station, set()).add(each.medium_id)
            self._lengths.setdefault(each.station, []).append(each.length_s)

    def can_serve(self, load: Load) -> bool:
        return load.option.is_online and load.option.station in self._stations

    def serve(self, equals: list[Load]) -> None:
        """Give out as many of these as have a place, the best mix of them first."""
        by_station: dict[str, list[Load]] = {}
        for load in equals:
            by_station.setdefault(load.option.station, []).append(load)
        for name, left in by_station.items():
            pace = self._stations[name].pace
            while left and (self._has_room(name) or self._may_push(name, left)):
                load = min(left, key=self._mix(name, left))
                left.remove(load)
                if not any(part.volume_id in self._volumes for part in load.parts):
                    self._give(name, load, pace)

    def _mix(self, name: str, left: list[Load]) -> Callable[[Load], tuple[float, str]]:
        """What to take the least of: the length of a load, or the shortness."""
        pace, now = self._stations[name].pace, self._lengths[name]
        lengths = {load.option.medium_id: load.fetch_s(pace) for load in left}
        median_s = sorted([*lengths.values(), *now])[(len(lengths) + len(now)) // 2]
        long_ones = sum(length_s >= median_s for length_s in now)
        sign = 1.0 if 2 * long_ones > len(now) else -1.0
        return lambda load: (sign * lengths[load.option.medium_id], load.option.medium_id)

    def _has_room(self, name: str) -> bool:
        return len(self._media[name]) < self._stations[name].drives

    def _may_push(self, name: str, left: list[Load]) -> bool:
        """Whether one of these needs no drive more, or may take the place of another."""
        return any(
            load.option.medium_id in self._media[name] or self._victim(load) for load in left
        )

    def _give(self, name: str, load: Load, pace: Pace) -> None:
        if load.option.medium_id not in self._media[name] and not self._has_room(name):
            victim = self._victim(load)
            if victim is None:
                return
            self.turn.recall.append(victim)
            self._under_way.remove(victim)
            self._volumes.discard(victim.volume_id)
            self._media[name].discard(victim.medium_id)
        self._media[name].add(load.option.medium_id)
        self._lengths[name].append(load.fetch_s(pace))
        self._volumes.update(part.volume_id for part in load.parts)
        self.turn.give.append(load)

    def _victim(self, load: Load) -> Given | None:
        """What an urgent load may take the place of: the last of what has not begun."""
        if not any(part.request_id in self._urgent for part in load.parts):
            return None
        here = [g for g in self._under_way if g.station == load.option.station and not g.has_begun]
        last = max(here, key=lambda each: each.claim_s, default=None)
        return last if last is not None and last.claim_s > load.claim_s else None


def foresee(loads: Iterable[Load], stations: Mapping[str, Station]) -> dict[str, float]:
    """When the bytes of each load will be there, in seconds from now, by medium.

    Only of loads that a station can serve: how long a person takes nobody knows.
    """
    free: dict[str, list[float]] = {}
    for name, station in stations.items():
        free[name] = [0.0] * station.drives
        for busy_s in station.busy_s if station.drives else ():
            heapq.heapreplace(free[name], free[name][0] + busy_s)
    ends: dict[str, float] = {}
    for load in loads:
        at = stations.get(load.option.station)
        if at is None or not load.option.is_online or not free[at.name]:
            continue
        begins = heapq.heappop(free[at.name])
        end = begins + load.fetch_s(at.pace)
        heapq.heappush(free[at.name], end + at.pace.return_s)
        ends[load.option.medium_id] = end
    return ends
