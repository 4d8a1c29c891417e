"""A cabinet in simulated time: drives, one robot, discs that spin up. Nothing of the console's.

What it does not model: seeks by distance, retries, doors, and burns beside the fetches.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Machine:
    """Times in seconds. `carry_s` is the robot's, for each way."""

    drives: int = 4
    carry_s: float = 22.0
    spin_s: float = 14.0
    file_s: float = 0.15
    bytes_per_s: float = 27e6

    def read_s(self, files: int, size_bytes: int) -> float:
        return files * self.file_s + size_bytes / self.bytes_per_s

    def lower_bound_s(self, discs: list[tuple[int, int]]) -> float:
        """No order of loads brings (files, bytes) of these discs sooner.

        Every disc is carried in, and out again but for the last of each drive; the robot does one
        thing at a time, and each drive holds one disc at a time.
        """
        again = max(0, len(discs) - self.drives)
        robot_s = (len(discs) + again) * self.carry_s
        in_drives_s = sum(self.carry_s + self.spin_s + self.read_s(*disc) for disc in discs)
        longest_s = max(self.carry_s + self.spin_s + self.read_s(*disc) for disc in discs)
        by_drives_s = (in_drives_s + again * self.carry_s) / self.drives
        return max(robot_s, by_drives_s, longest_s)


@dataclass(slots=True)
class Job:
    """One fetch: what it reads of which disc."""

    name: str
    disc: str
    files: int
    size_bytes: int
    drive: str | None = None


def _nothing(_job: Job) -> None:
    """For a test that does not care."""


@dataclass
class Cabinet:
    """Give it jobs, let time pass; it tells when a job begins, reads, has delivered and is over."""

    machine: Machine
    began: Callable[[Job], None] = _nothing
    reads: Callable[[Job], None] = _nothing
    delivered: Callable[[Job], None] = _nothing
    over: Callable[[Job], None] = _nothing
    now_s: float = 0.0
    loads: int = 0
    slow: Callable[[Job], float] = lambda _job: 1.0
    """How much slower than usual a job reads."""
    in_drive: dict[int, str | None] = field(default_factory=dict)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 0
    _queue: deque[Job] = field(default_factory=deque)
    _robot: deque[Callable[[], None]] = field(default_factory=deque)
    _robot_busy: bool = False

    def __post_init__(self) -> None:
        self.in_drive = dict.fromkeys(range(self.machine.drives))

    def at(self, time_s: float, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (time_s, self._count, act))

    def step(self) -> bool:
        """Let the next thing happen; False when nothing is left to happen."""
        if not self._events:
            return False
        self.now_s, _, act = heapq.heappop(self._events)
        act()
        return True

    def give(self, job: Job) -> None:
        self._queue.append(job)
        self._start()

    def take_back(self, name: str) -> bool:
        """Forget a job that has not begun."""
        before = len(self._queue)
        self._queue = deque(job for job in self._queue if job.name != name)
        return len(self._queue) < before

    def _start(self) -> None:
        for job in list(self._queue):
            holder = next((d for d, disc in self.in_drive.items() if disc == job.disc), None)
            if holder is not None:
                continue  # waits for that very disc
            drive = next((d for d, disc in self.in_drive.items() if disc is None), None)
            if drive is None:
                continue
            self._queue.remove(job)
            self.in_drive[drive] = job.disc
            self.began(job)
            self._carry(lambda d=drive, j=job: self._loaded(d, j))  # type: ignore[misc]

    def _loaded(self, drive: int, job: Job) -> None:
        self.loads += 1
        self.at(self.now_s + self.machine.spin_s, lambda: self._read(drive, job))

    def _read(self, drive: int, job: Job) -> None:
        job.drive = f"d{drive + 1}"
        self.reads(job)
        length_s = self.machine.read_s(job.files, job.size_bytes) * self.slow(job)
        self.at(self.now_s + length_s, lambda: self._done(drive, job))

    def _done(self, drive: int, job: Job) -> None:
        self.delivered(job)
        following = next((j for j in self._queue if j.disc == self.in_drive[drive]), None)
        if following is not None:  # the disc stays for who waits for it
            self.over(job)
            self._queue.remove(following)
            self.began(following)
            self._read(drive, following)
            return
        self._carry(lambda: self._home(drive, job))

    def _home(self, drive: int, job: Job) -> None:
        self.in_drive[drive] = None
        self.over(job)
        self._start()

    def _carry(self, then: Callable[[], None]) -> None:
        self._robot.append(then)
        self._move()

    def _move(self) -> None:
        if self._robot_busy or not self._robot:
            return
        self._robot_busy = True
        then = self._robot.popleft()

        def arrived() -> None:
            self._robot_busy = False
            then()
            self._move()

        self.at(self.now_s + self.machine.carry_s, arrived)
