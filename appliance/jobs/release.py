"""Let a magazine be taken out, or put in: its discs home, the robot at rest, the latch open."""

import asyncio
from contextlib import AsyncExitStack

from appliance.contract.errors import SteleError
from appliance.contract.messages import ReleaseMagazine as Params
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Turn
from appliance.services.fittings import Fittings
from appliance.services.gate import Gate
from appliance.services.magazines.watch import UNREADABLE, alarm_place
from hal.interfaces.lock import Lock

NO_LATCH, NOT_TAKEN = 2217, 2218
OPEN_S = 300.0
"""How long the latch stays open for a person who does nothing."""
LOOK_EVERY_S = 0.5


class ReleaseJob:
    """The one step."""

    def __init__(self, run: JobRun, params: Params, fittings: Fittings) -> None:
        self._run = run
        self._place = params.place
        self._fittings = fittings
        self._library = run.use.library

    async def handle(self) -> Outcome:
        """Return when another magazine, or none, is in the place and the latch is closed.

        Nothing that was released before a restart is released again by itself for longer than
        `OPEN_S`; without power the latch is closed.

        Raises:
            SteleError: 2211 the tag cannot be read, 2217 there is no latch, 2218 nobody came.
            HalError: 2120 the latch does not follow.
        """
        run, place, register = self._run, self._place, self._fittings.register
        latch = self._fittings.latches.get(place)
        if latch is None:
            raise SteleError(NO_LATCH, f"there is no magazine with a latch at {place!r}")
        await run.interruptible(self._fittings.magazines.looked())
        if self._library.alarms.stands(alarm_place(place), UNREADABLE):
            raise SteleError(UNREADABLE, f"the tag at {place} cannot be read: it stays closed")
        unit = self._library.units.of_slot(register.slots_of(place)[0])
        if unit is None:
            raise SteleError(NO_LATCH, f"no robot here reaches {place}")
        with run.waiting("robot"):
            await run.interruptible(unit.ready.wait())
        taken: list[str] = []
        try:
            await self._collect(taken)
            await run.interruptible(self._open(latch))
        finally:
            for medium_id in taken:
                self._library.reservations.drop(medium_id, run.id)
        return Outcome(Turn.GOOD, run.record)

    async def _collect(self, taken: list[str]) -> None:
        """Have every disc of the magazine, and have it home. No job gets one from now on."""
        run, register = self._run, self._fittings.register
        for medium in register.discs_at(self._place):
            taken.append(medium.id)
            await have_at_rest(run, medium.id)
        with run.waiting("discs"):
            await run.interruptible(self._all_home())

    async def _all_home(self) -> None:
        while any(  # noqa: ASYNC110  # several jobs bring them, none of which tells
            medium.drive is not None or medium.robot is not None
            for medium in self._fittings.register.discs_at(self._place)
        ):
            await asyncio.sleep(1.0)

    async def _open(self, latch: Lock) -> None:
        """The robot waits meanwhile; the latch is closed again whatever happens."""
        unit = self._library.units.of_slot(self._fittings.register.slots_of(self._place)[0])
        released = self._fittings.magazines.released
        if unit is None:
            return
        async with AsyncExitStack() as stack:
            with self._run.waiting("robot"):
                await stack.enter_async_context(unit.mover.held(f"magazine {self._place}"))
            released.add(self._place)
            gate = self._run.use.gates.interlock.gate
            closing = asyncio.ensure_future(doors_closed_again(gate))
            try:
                await latch.ensure_unlocked()
                await self._wait_for_person(closing)
            finally:
                closing.cancel()
                released.discard(self._place)
                await latch.ensure_locked()

    async def _wait_for_person(self, closing: asyncio.Task[None]) -> None:
        """Until what is in the place is another; then until another comes or the doors close."""
        place, register, run = self._place, self._fittings.register, self._run
        before = register.at(place)
        deed = (
            f"take magazine {before} out of {place}" if before else f"put a magazine into {place}"
        )
        with run.waiting(f"person: {deed}"):
            if not await self._changes(before):
                undone = "was not taken out of" if before else "nothing was put into"
                there = f"magazine {before} {undone}" if before else undone
                raise SteleError(NOT_TAKEN, f"{there} {place} within {OPEN_S:.0f} s")
        if register.at(place) is None:
            doors = ", or close the doors" if self._fittings.doors else ""
            with run.waiting(f"person: put another magazine into {place}{doors}"):
                await self._another_comes(closing)

    async def _another_comes(self, closing: asyncio.Task[None]) -> None:
        """Return when one has come, the doors are closed, or it has taken too long.

        A person who closes the doors behind a magazine that is out has done what there was to do.
        """
        coming = asyncio.ensure_future(self._changes(None))
        try:
            await asyncio.wait({coming, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            coming.cancel()

    async def _changes(self, before: str | None) -> bool:
        watch, register = self._fittings.magazines, self._fittings.register
        try:
            async with asyncio.timeout(OPEN_S), watch.rounds:
                await watch.rounds.wait_for(lambda: register.at(self._place) != before)
        except TimeoutError:
            return False
        return True


async def doors_closed_again(gate: Gate) -> None:
    """Return once a door was opened, or stood open, and then all are closed."""
    while not any(reason.startswith("door:") for reason in gate.reasons):
        await gate.closed()
        await asyncio.sleep(LOOK_EVERY_S)
    await gate.passed()


async def have_at_rest(run: JobRun, medium_id: str) -> None:
    """Have a medium once no job has it. Not in line for it: it is not to be left in its drive."""
    reservations = run.use.library.reservations
    while reservations.holder(medium_id) not in (None, run.id):
        with run.waiting(f"medium {medium_id}"):
            await run.interruptible(asyncio.sleep(1.0))
    reservations.adopt(medium_id, run.id)
