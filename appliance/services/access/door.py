"""One door: what its contact, key and bolt say, and what follows from it.

The machine may move only while the door is closed and its bolt is out; everything else keeps the
interlock's gate closed. So the order of an opening is: gate closed, machine at rest, bolt drawn;
and of a closing: door shut, bolt out, gate opened.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import DoorChanged, DoorView, ErrorInfo
from appliance.contract.states import DoorState
from appliance.services.access.people import CodeKind, Holder
from appliance.services.access.surroundings import Surroundings
from hal.errors import HalError
from hal.interfaces.contact import Contact
from hal.interfaces.lock import Lock

FORCED = 4010
BUSY = 4015
MOVING = 4016
NO_REST = 4017
LEFT_OPEN = 4018
KEY_NOT_TURNED = 4011
IN_MOTION = 4021
UNREADABLE = 4022
NOT_CLOSED = 4023
FORCED_WHILE_OFF = 4036

LOOK_S = 1.0
STOPPED_S = 0.5
"""How long telling of an opening waits for the robots to stand."""
SETTLE_S = 0.5
"""A door that has just closed may spring open again."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Permit:
    """The right to open the door once, until its time is over."""

    holder: Holder
    until_s: float


class Door:
    """Made inside the running loop. `start` before use, `stop` at the end."""

    def __init__(
        self,
        name: str,
        around: Surroundings,
        *,
        contact: Contact | None,
        key: Contact | None,
        lock: Lock | None,
    ) -> None:
        self.name = name
        self.place = f"door:{name}"
        self._around = around
        self._contact = contact
        self._key = key
        self._lock = lock
        self._open: bool | None = False
        """Unset when the contact cannot be read."""
        self._state = DoorState.LOCKED
        self._forced = False
        self._is_new = True
        """Its contact has not been read yet: what it says then came about unwatched."""
        self._permit: Permit | None = None
        self._user: Holder | None = None
        """Who opened it, for as long as it is open."""
        self._open_since: datetime | None = None
        self._open_since_s = 0.0
        self._closed_at_s = 0.0
        self._unlocking: asyncio.Task[None] | None = None
        self._turning = asyncio.Lock()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = DoorState.LOCKED
        self._seen: tuple[object, ...] = ()
        self._refusal: ErrorInfo | None = None

    def start(self) -> None:
        """Look at the door, close the gate unless it is closed and bolted, and watch it."""
        self._around.bar(self.place)
        self._open = None  # not known yet: whether an open door was forced, the ledger tells
        if self._contact is None:
            self._open = False
        self._see()
        if self._contact is not None:
            self._contact.watch(self._edge)
        if self._key is not None:
            self._key.watch(lambda _: self._wake.set())
        self._spawn(self._keep(), f"{self.place} keeper")

    async def stop(self) -> None:
        """Watch no more, and leave no closed door unlocked: its lock may stay as it was told."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._lock is None or self._open is not False:
            return
        try:
            await self._lock.ensure_locked()
        except HalError as error:
            log.warning("door %s may stay unlocked: %s", self.name, error)
        else:
            self._around.ledger.locked(self.name)

    @property
    def state(self) -> DoorState:
        return self._state

    def view(self, closure: ErrorInfo | None) -> DoorView:
        """The door as it stands; `closure` says why no PIN is taken."""
        left_s = None
        if self._permit is not None:
            left_s = max(0.0, self._permit.until_s - asyncio.get_running_loop().time())
        user = self._permit.holder if self._permit else self._user
        return DoorView(
            door=self.name,
            state=self._state,
            key_turned=self._key_is_turned(),
            open_since=self._open_since,
            unlocked_by=user.person if user else "",
            locks_in_s=left_s,
            why_not=self._why_not(closure),
        )

    def check_key(self) -> None:
        """Raises: SteleError: 4011 the key is not turned, or there is none."""
        if not self._key_is_turned():
            raise SteleError(KEY_NOT_TURNED, f"the key of door {self.name} is not turned")

    def permit(self, holder: Holder) -> None:
        """Unlock as soon as nothing moves; the door shows when it has been done.

        Raises:
            SteleError: 4015 it is being unlocked already; 4022 its contact cannot be read; 4023 it
                is open.
        """
        if self._unlocking is not None and not self._unlocking.done():
            raise SteleError(BUSY, f"door {self.name} is being unlocked already")
        if self._open is None:
            raise SteleError(UNREADABLE, f"the contact of door {self.name} cannot be read")
        if self._open:
            raise SteleError(NOT_CLOSED, f"door {self.name} is open")
        self._refusal = None
        self._unlocking = self._spawn(self._unlock(holder), f"{self.place} unlock")

    def withdraw(self) -> None:
        """Lock the closed door now.

        Raises:
            SteleError: 4023 it is open.
        """
        if self._open is not False:
            raise SteleError(NOT_CLOSED, f"door {self.name} is not closed")
        if self._unlocking is not None:
            self._unlocking.cancel()
        self._permit = None
        self._wake.set()

    # What the contact says --------------------------------------------------------------------

    def _edge(self, is_open: bool) -> None:
        """Called at once by the line. Stopping the machine comes before everything else."""
        if is_open is self._open:
            return
        was_moving = self._around.gates.interlock.is_moving
        if is_open:
            stopping = self._around.bar(self.place)
            self._forced = self._open is False and self._permit is None and self._lock is not None
            self._open = True
            self._open_since = self._around.now()
            self._open_since_s = asyncio.get_running_loop().time()
            self._user = self._permit.holder if self._permit else None
            self._permit = None
            if self._is_new:
                self._judge_open_at_start()
            told = self._tell_opened(
                stopping, forced=self._forced and not self._is_new, was_moving=was_moving
            )
            self._spawn(told, f"{self.place} opened")
        else:
            self._closed()
        self._is_new = False

    def _judge_open_at_start(self) -> None:
        """Somebody had unlocked it when the firmware ended, or it was opened by force since."""
        ledger, alarms = self._around.ledger, self._around.alarms
        self._user = ledger.holder(self.name)
        known = self._lock is not None and ledger.knows(self.name)
        self._forced = known and self._user is None
        if self._forced and not alarms.stands(self.place, FORCED):
            told = f"door {self.name} was locked when the firmware ended, and is open now"
            alarms.sound(self.place, ErrorInfo(FORCED_WHILE_OFF, told), latched=True)

    def _see(self) -> None:
        """Ask the contact; what cannot be asked is open."""
        if self._contact is None:
            return
        try:
            is_open = self._contact.is_active()
        except HalError as error:
            self._around.bar(self.place)
            if self._state is not DoorState.UNAVAILABLE:
                self._open = None
                self._around.alarms.sound(self.place, ErrorInfo(UNREADABLE, error.message))
                self._show()
            return
        if self._open is None:
            self._around.alarms.clear(self.place, UNREADABLE)
        self._edge(is_open)

    async def _tell_opened(
        self, stopping: list[asyncio.Task[None]], *, forced: bool, was_moving: bool
    ) -> None:
        """Tell of the opening, after the robots were told: writing to the disk may take long."""
        if stopping:
            await asyncio.wait(stopping, timeout=STOPPED_S)
        if forced:
            error = ErrorInfo(FORCED, f"door {self.name} was opened although it was locked")
            self._around.alarms.sound(self.place, error, latched=True)
        if was_moving:
            error = ErrorInfo(IN_MOTION, f"door {self.name} was opened while something moved")
            self._around.alarms.sound(self.place, error, latched=True)
        if self._open is False:  # it has been closed meanwhile
            self._end_alarms()
        self._show()
        self._wake.set()

    def _end_alarms(self) -> None:
        for code in (FORCED, FORCED_WHILE_OFF, IN_MOTION, LEFT_OPEN):
            self._around.alarms.clear(self.place, code)

    def _closed(self) -> None:
        self._open = False
        self._forced = False
        self._open_since = None
        self._permit = self._user = None
        self._closed_at_s = asyncio.get_running_loop().time()
        self._end_alarms()
        self._show()
        self._wake.set()

    # What is done -----------------------------------------------------------------------------

    async def _unlock(self, holder: Holder) -> None:
        """Gate closed, machine at rest, bolt drawn."""
        around = self._around
        self._around.bar_quietly(self.place)
        self._show()
        try:
            async with asyncio.timeout(around.rest_within_s):
                await around.gates.interlock.still()
        except TimeoutError:
            self._refusal = ErrorInfo(NO_REST, f"door {self.name} stays locked: motion goes on")
            self._wake.set()
            return
        try:
            self.check_key()
            async with self._turning:
                if self._lock is not None and self._open is False:
                    until = around.now() + timedelta(seconds=around.open_within_s)
                    around.ledger.unlocked(self.name, holder, until)
                    await self._lock.ensure_unlocked()
                if self._open is False:
                    until_s = asyncio.get_running_loop().time() + around.open_within_s
                    self._permit = Permit(holder, until_s)
        except (SteleError, HalError) as error:
            self._refusal = info_of(error)
            if isinstance(error, HalError):
                around.alarms.sound(self.place, info_of(error))
        self._show()
        self._wake.set()

    async def _keep(self) -> None:
        """Look at the door from time to time, and lock it when it is due."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            self._see()
            self._show()
            if self._permit is not None and loop.time() >= self._permit.until_s:
                self._permit = None
            if self._is_free_to_lock and loop.time() - self._closed_at_s >= SETTLE_S:
                await self._lock_up()
            self._watch_time(loop.time())
            self._show()
            try:
                async with asyncio.timeout(SETTLE_S if self._is_free_to_lock else LOOK_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    @property
    def _is_free_to_lock(self) -> bool:
        busy = self._unlocking is not None and not self._unlocking.done()
        barred = self.place in self._around.gates.interlock.gate.reasons
        return (
            self._open is False
            and self._permit is None
            and not busy
            and (barred or not self._is_bolted())
        )

    async def _lock_up(self) -> None:
        """Bolt out, gate open; with a bolt that does not come out the gate stays closed."""
        async with self._turning:
            try:
                if self._lock is not None:
                    if not self._is_bolted():
                        self._around.bar_quietly(self.place)
                    await self._lock.ensure_locked()
            except HalError as error:
                self._around.alarms.sound(self.place, info_of(error))
                return
            self._around.ledger.locked(self.name)
        if self._is_free_to_lock:
            for code in (2120, 1020):
                self._around.alarms.clear(self.place, code)
            self._around.unbar(self.place)

    def _watch_time(self, now_s: float) -> None:
        if not self._open:
            return
        service = self._user is not None and self._user.kind is CodeKind.SERVICE
        allowed_s = self._around.service_open_s if service else self._around.left_open_s
        if now_s - self._open_since_s >= allowed_s:
            error = ErrorInfo(LEFT_OPEN, f"door {self.name} has been open for long")
            self._around.alarms.sound(self.place, error)

    # What is shown ----------------------------------------------------------------------------

    def _show(self) -> None:
        """Bring the state up to date and tell of a change."""
        self._state = self._derived()
        if self._state is not self._told:
            self._told = self._state
            user = self._permit.holder if self._permit else self._user
            person = user.person if user else ""
            self._around.events.append(DoorChanged(self.name, self._state, person))
        seen = (self._state, self._key_is_turned(), self._permit, self._refusal, self._open_since)
        if seen != self._seen or self._permit is not None:
            self._seen = seen
            self._around.changed()

    def _derived(self) -> DoorState:
        if self._open is None:
            return DoorState.UNAVAILABLE
        if self._open:
            return DoorState.FORCED if self._forced else DoorState.OPEN
        bolted = self._lock is not None and self._is_bolted()
        return DoorState.LOCKED if bolted else DoorState.UNLOCKED

    def _why_not(self, closure: ErrorInfo | None) -> ErrorInfo | None:
        if self._state in (DoorState.OPEN, DoorState.FORCED, DoorState.UNLOCKED):
            return None
        if self._open is None:
            return ErrorInfo(UNREADABLE, f"the contact of door {self.name} cannot be read")
        if closure is not None:
            return closure
        if not self._key_is_turned():
            return ErrorInfo(KEY_NOT_TURNED, f"the key of door {self.name} is not turned")
        if self._around.gates.interlock.is_moving:
            return ErrorInfo(MOVING, f"door {self.name} unlocks when nothing moves any more")
        return self._refusal

    def _key_is_turned(self) -> bool:
        try:
            return self._key is not None and self._key.is_active()
        except HalError:
            return False

    def _is_bolted(self) -> bool:
        try:
            return self._lock is None or self._lock.is_bolted()
        except HalError:
            return False

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
