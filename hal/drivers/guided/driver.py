"""`Changer` and `Guide`: lights a slot, waits for sensors and trays to show that it was done.

It waits without a limit, because it is a person who carries. What it is told by the sensors it
believes; what they do not show it does not assume.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from hal.drivers.guided.desk import Desk
from hal.drivers.guided.memory import Carry, HandMemory
from hal.drivers.guided.slots import (
    NO_ANSWER,
    NO_PANEL,
    WRONG_SLOT,
    Picture,
    WatchedSlots,
    astray,
    mistake_of,
)
from hal.errors import HalError
from hal.interfaces.changer import ChangerState, Place
from hal.interfaces.guidance import Motion

LOOK_EVERY_S = 0.5
LAY_S = (10.0, 20.0, 40.0, 60.0)
"""How long a person has to lay a disc down before the tray is closed to look, time after time."""


class GuidedChanger:
    """A changer by a person's hands. Every call may be cancelled and made again.

    Example::

        changer = GuidedChanger(
            WatchedSlots([panel], [panel]), Desk({"d1": drive}), HandMemory(state / "hand.json")
        )
    """

    verified = "simulator"

    def __init__(self, slots: WatchedSlots, desk: Desk, memory: HandMemory) -> None:
        self._slots = slots
        self._desk = desk
        self._memory = memory
        self._one_call = asyncio.Lock()
        self._going = asyncio.Event()
        self._going.set()
        self._answers = False
        self._asks = ""
        self._mistake: HalError | None = None
        self._changed: Callable[[], None] = lambda: None
        self._lit: frozenset[str] = frozenset()

    @property
    def state(self) -> ChangerState:
        """`HELD` while a person is waited for, or after `hold`."""
        if not self._answers:
            return ChangerState.UNAVAILABLE
        if self._asks or not self._going.is_set():
            return ChangerState.HELD
        return ChangerState.MOVING if self._one_call.locked() else ChangerState.IDLE

    @property
    def slots(self) -> tuple[str, ...]:
        return self._slots.names

    @property
    def drives(self) -> tuple[str, ...]:
        return self._desk.names

    @property
    def asks(self) -> str:
        return self._asks

    @property
    def mistake(self) -> HalError | None:
        return self._mistake

    def watch(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def guard_trays(self, motion: Motion) -> None:
        self._desk.motion = motion

    async def ensure_ready(self) -> None:
        """Ask the modules; all lights go dark.

        Raises:
            HalError: 2132 no module answers.
        """
        async with self._call():
            await self._picture()
            await self._light(())

    async def holds_medium(self) -> bool:
        """Whether the person has the disc that was to be carried: it has left, and not arrived."""
        async with self._call():
            return await self._in_hand()

    async def probe(self, slot: str) -> bool:
        """Whether a medium stands in the slot, by its sensor. Raises `HalError`: 2107, 2131."""
        async with self._call():
            self._require(slot)
            return await self._slots.is_full(slot)

    async def where_is(self, slot: str, drive: str | None = None) -> Place:
        """As `Changer.where_is`; a drive's tray is closed to look."""
        async with self._call():
            self._require(slot, drive)
            if await self._in_hand():
                return Place.GRIPPER
            if await self._slots.is_full(slot):
                return Place.SLOT
            if drive is not None and await self._desk.has_disc(drive) is not False:
                return Place.DRIVE
            return Place.NOWHERE

    async def load(self, slot: str, drive: str) -> None:
        """Have a person bring the disc of a slot to a drive; its tray is closed afterwards.

        Raises:
            HalError: 2101 the slot is empty, and the drive too; 2107, 2131, 2132, 2133; 32xx.
        """
        async with self._call():
            self._require(slot, drive)
            before = await self._picture()
            if not await self._in_hand():
                if not await self._slots.is_full(slot):
                    if await self._desk.has_disc(drive):
                        return
                    raise HalError(2101, f"slot {slot} is empty", f"nor is its disc in {drive}")
                self._memory.begin(Carry(slot, drive))
            await self._desk.open(drive)
            await self._bring(before, slot, drive)
            self._memory.end()

    async def unload(self, drive: str, slot: str) -> None:
        """Have a person bring the disc of a drive to a slot; the drive's tray is closed then.

        Raises:
            HalError: 2102 the slot is taken, and the drive too; 2108 both are empty; 2107, 2131 to
                2133; 32xx.
        """
        async with self._call():
            self._require(slot, drive)
            before = await self._picture()
            if not await self._in_hand():
                full, loaded = await self._slots.is_full(slot), await self._desk.has_disc(drive)
                if full and loaded:
                    await self._desk.open(drive)
                    raise HalError(2102, f"slot {slot} is occupied", f"and drive {drive} too")
                if full:
                    return
                if loaded is False:
                    raise HalError(2108, f"no disc is in drive {drive}", f"nor in slot {slot}")
                self._memory.begin(Carry(slot, drive))
            await self._desk.open(drive)
            await self._shelve(before, slot, drive)
            self._memory.end()

    async def hold(self) -> None:
        """Ask for nothing and move no tray until `resume`; the lights go dark."""
        self._going.clear()
        await self._light(())

    async def resume(self) -> None:
        self._going.set()

    async def aclose(self) -> None:
        """Leave no light burning."""
        if self._lit:
            await self._light(())

    # Inside -----------------------------------------------------------------------------------

    async def _bring(self, before: Picture, slot: str, drive: str) -> None:
        """From the slot, by hand, to the tray."""
        pauses = iter(LAY_S)
        pause_s = next(pauses)
        while True:
            await self._until(
                before, slot, full=False, asks=f"carry the disc of slot {slot} to drive {drive}"
            )
            self._ask(f"lay the disc of slot {slot} into drive {drive}")
            if not await self._stays_away(before, slot, pause_s):
                continue
            if await self._desk.has_disc(drive) is not False:
                return
            pause_s = next(pauses, LAY_S[-1])
            await self._desk.open(drive)

    async def _stays_away(self, before: Picture, slot: str, pause_s: float) -> bool:
        """Give the person time to lay the disc down; whether it has not come back to a slot."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + pause_s
        while loop.time() < until_s:
            await self._pause()
            now = await self._picture()
            if now.get(slot) or astray(before, now, slot):
                return False
        return True

    async def _shelve(self, before: Picture, slot: str, drive: str) -> None:
        """From the tray, by hand, to the slot."""
        while True:
            await self._until(
                before, slot, full=True, asks=f"carry the disc in drive {drive} to slot {slot}"
            )
            if not await self._desk.has_disc(drive):
                return
            other = HalError(
                WRONG_SLOT, f"the disc in slot {slot} is not the one of drive {drive}: take it out"
            )
            await self._desk.open(drive)
            await self._until(before, slot, full=False, asks=f"clear slot {slot}", because=other)

    async def _until(
        self, before: Picture, slot: str, *, full: bool, asks: str, because: HalError | None = None
    ) -> None:
        """Wait until the slot is so, and all others are as they were before. `because` is the
        mistake that stands until then."""
        self._ask(asks)
        while True:
            now = await self._picture()
            strays = astray(before, now, slot)
            if strays:
                self._blame(mistake_of(strays, slot))
                await self._light([stray for stray, _ in strays])
            elif slot not in now:
                self._blame(HalError(NO_ANSWER, f"slot {slot} cannot be asked"))
                await self._light([slot])
            else:
                if now[slot] is full:
                    self._blame(None)
                    await self._light(())
                    return
                self._blame(because)
                await self._light([slot])
            await self._pause()

    async def _picture(self) -> Picture:
        picture = await self._slots.picture()
        self._answers = True
        return picture

    async def _pause(self) -> None:
        await asyncio.sleep(LOOK_EVERY_S)
        await self._going.wait()

    async def _in_hand(self) -> bool:
        carry = self._memory.carry
        if carry is None:
            return False
        if await self._slots.is_full(carry.slot) or await self._desk.has_disc(carry.drive):
            self._memory.end()
            return False
        return True

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        """One call at a time. When it is over nothing is asked any more."""
        async with self._one_call:
            await self._going.wait()
            try:
                yield
                self._answers = True
            except HalError as error:
                self._answers = error.code != NO_PANEL
                raise
            finally:
                self._ask("")
                self._blame(None)
                if self._lit:
                    await self._light(())

    async def _light(self, lit: Sequence[str]) -> None:
        self._lit = frozenset(lit)
        await self._slots.light(lit)

    def _ask(self, asks: str) -> None:
        if asks != self._asks:
            self._asks = asks
            self._changed()

    def _blame(self, mistake: HalError | None) -> None:
        if str(mistake) != str(self._mistake):
            self._mistake = mistake
            self._changed()

    def _require(self, slot: str, drive: str | None = None) -> None:
        if slot not in self._slots:
            raise HalError(2107, f"this library has no slot {slot}")
        if drive is not None and drive not in self._desk.names:
            raise HalError(2107, f"this library has no drive {drive}")
