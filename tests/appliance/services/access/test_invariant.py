"""I3 under whatever people and robots do: nothing moves while a door is open; no door unlocks
while something moves. In virtual time, over random interleavings."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.contract.errors import SteleError
from appliance.contract.messages import LockDoor
from simulators.clock import run_virtual
from tests.appliance.services.access.entrance import DURESS, PIN, SERVICE, Entrance

DOORS = ("front", "rear")
WAITS = st.sampled_from([0.0, 0.0, 0.05, 0.11, 0.25, 0.5, 0.9, 3.0, 31.0])
ACTS = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 1), st.sampled_from([0.15, 1.0, 7.0])),
    st.tuples(st.just("unlock"), st.sampled_from(DOORS), st.sampled_from([PIN, DURESS, SERVICE])),
    st.tuples(st.just("pull"), st.sampled_from(DOORS), st.none()),
    st.tuples(st.just("force"), st.sampled_from(DOORS), st.none()),
    st.tuples(st.just("push"), st.sampled_from(DOORS), st.none()),
    st.tuples(st.just("key"), st.sampled_from(DOORS), st.booleans()),
    st.tuples(st.just("cut"), st.sampled_from(DOORS), st.booleans()),
    st.tuples(st.just("jam"), st.sampled_from(DOORS), st.booleans()),
    st.tuples(st.just("lock"), st.sampled_from(DOORS), st.none()),
)


class Watch:
    """Looks on at every moment at which something can change."""

    def __init__(self, at: Entrance) -> None:
        self._at = at
        for name, lock in at.locks.items():
            lock.drawn = lambda name=name: self._unlocked(name)
        self.unlocked = 0

    def _unlocked(self, name: str) -> None:
        self.unlocked += 1
        assert not self._at.gates.interlock.is_moving, f"{name} unlocked while something moves"
        assert not any(robot.turning for robot in self._at.robots)

    def look(self) -> None:
        if any(contact.active for contact in self._at.contacts.values()):
            assert not any(robot.turning for robot in self._at.robots), "motion with an open door"

    async def keep_looking(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0.05)


async def live(at: Entrance, acts: list[tuple[tuple[str, object, object], float]]) -> None:
    watch = Watch(at)
    looking = asyncio.create_task(watch.keep_looking())
    moves: list[asyncio.Task[None]] = []
    entering: list[asyncio.Task[None]] = []
    for (what, where, how), wait_s in acts:
        if what == "move":
            moves.append(asyncio.create_task(at.robots[int(str(where))].move(float(str(how)))))
        elif what == "unlock":
            entering.append(asyncio.create_task(_enter(at, str(where), str(how))))
        else:
            _do(at, what, str(where), on=bool(how))
        for _ in range(3):
            await asyncio.sleep(0)
        watch.look()
        await asyncio.sleep(wait_s)
    for name in DOORS:  # everybody goes home: then all work must come to its end
        at.contacts[name].cut = at.locks[name].jammed = False
        at.contacts[name].set(False)
        at.keys[name].set(False)
    async with asyncio.timeout(10_000):
        await asyncio.gather(*moves, *entering)
    await asyncio.sleep(300)
    assert at.gates.interlock.gate.is_open
    assert all(lock.bolted for lock in at.locks.values())
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking


def _do(at: Entrance, what: str, door: str, *, on: bool) -> None:
    """What a person does in no time; a locked door is opened by force only."""
    match what:
        case "pull" if at.locks[door].bolted:
            pass
        case "pull" | "force":
            at.contacts[door].set(True)
        case "push":
            at.contacts[door].set(False)
        case "key":
            at.keys[door].set(on)
        case "cut":
            at.contacts[door].cut = on
        case "jam":
            at.locks[door].jammed = on
        case "lock":
            with contextlib.suppress(SteleError):
                at.access.lock(LockDoor(door))


async def _enter(at: Entrance, door: str, pin: str) -> None:
    with contextlib.suppress(SteleError):
        await at.unlock(pin, door)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts=st.lists(st.tuples(ACTS, WAITS), max_size=25))
def test_nothing_moves_with_an_open_door_and_no_door_unlocks_in_motion(
    acts: list[tuple[tuple[str, object, object], float]],
) -> None:
    async def tell(folder: Path) -> None:
        at = Entrance(folder, *DOORS, robots=2)
        await at.start()
        try:
            await live(at, acts)
        finally:
            await at.stop()

    with tempfile.TemporaryDirectory() as folder:
        run_virtual(tell(Path(folder)))
