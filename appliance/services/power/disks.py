"""Power for the hard disks: on when somebody needs one, never all at once, off when idle.

A spinning-up disk takes several times its usual current, so starts are `start_every_s` apart. A
disk that nobody has used for `idle_off_s` is switched off; that is how disks rest in an archive.
While the gate is closed (smoke, water, no mains) no disk is started and whoever wants one waits.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import ErrorInfo
from appliance.contract.states import BayState
from appliance.services.gate import Gate
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskBay

NO_SUCH_BAY = 4042
BAY_IN_USE = 4043
OFF_AGAIN_S = 30.0
"""How long to wait before a disk that could not be switched off is tried again."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Berth:
    """One bay and who uses it."""

    bay: DiskBay
    state: BayState = BayState.OFF
    users: int = 0
    error: ErrorInfo | None = None
    idle: asyncio.TimerHandle | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while its power or its tray is being changed."""


class DiskPower:
    """The bays of one appliance. Make it inside the running loop; `stop` before it ends."""

    def __init__(
        self,
        bays: Mapping[str, DiskBay],
        *,
        start_every_s: float,
        idle_off_s: float,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._berths = {name: Berth(bay) for name, bay in bays.items()}
        self._start_every_s = start_every_s
        self._idle_off_s = idle_off_s
        self._changed = changed
        self._starting = asyncio.Lock()
        self._next_start_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self.gate = Gate(changed)
        """Closed while no disk may be started: ``smoke``, ``water``, ``mains``."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._berths)

    def state(self, bay: str) -> BayState:
        return self._berth(bay).state

    def error(self, bay: str) -> ErrorInfo | None:
        """Why the bay did not do what was last asked of it."""
        return self._berth(bay).error

    async def look(self) -> None:
        """Ask every bay how it stands; one whose disk is on is switched off when idle."""
        for name, berth in self._berths.items():
            async with berth.turn:
                try:
                    present, powered = await berth.bay.is_present(), await berth.bay.is_powered()
                except HalError as error:
                    self._show(berth, BayState.UNAVAILABLE, info_of(error))
                    continue
                self._show(berth, _state(berth, present=present, powered=powered))
            if powered:
                self._arm(name, berth)

    @asynccontextmanager
    async def powered(self, bay: str) -> AsyncIterator[DiskBay]:
        """Have the bay's disk on meanwhile; several may use one disk at a time.

        Waits while the gate is closed and for the turn among the starts. A start that is due when
        it is cancelled leaves the disk to the idle switch.

        Raises:
            SteleError: 4042 there is no such bay; 4043 its tray has been released.
            HalError: 3240 no disk, 3241 it does not come up.
        """
        berth = self._berth(bay)
        berth.users += 1
        self._disarm(berth)
        try:
            await self._ensure_on(bay, berth)
            yield berth.bay
        finally:
            berth.users -= 1
            if not berth.users:
                self._arm(bay, berth)

    async def ensure_off(self, bay: str) -> None:
        """Switch one disk off now. Nothing happens to a disk in use.

        Raises:
            HalError: 3242 its file system is in use.
        """
        berth = self._berth(bay)
        async with berth.turn:
            if not berth.users:
                await self._switch_off(berth)

    async def all_off(self) -> list[str]:
        """Switch every disk off, also one that is in use; the names of those that stay on.

        The gate should be closed first, or users come back.
        """
        stayed = []
        for name, berth in self._berths.items():
            self._disarm(berth)
            async with berth.turn:
                try:
                    await self._switch_off(berth)
                except HalError as error:
                    log.warning("the disk in %s stays on: %s", name, error)
                    stayed.append(name)
        return stayed

    async def ensure_released(self, bay: str) -> None:
        """Off, and the tray may be pulled.

        Raises:
            SteleError: 4042 no such bay, 4043 the disk is in use.
            HalError: 3242 its file system is in use.
        """
        berth = self._berth(bay)
        async with berth.turn:
            if berth.users:
                raise SteleError(BAY_IN_USE, f"the disk in bay {bay} is in use")
            self._disarm(berth)
            with self._noting(berth):
                await berth.bay.ensure_released()
            self._show(berth, BayState.RELEASED)

    async def ensure_held(self, bay: str) -> None:
        """Lock the tray and see whether a disk is in it.

        Raises:
            SteleError: 4042 no such bay.
            HalError: 3245 the tray stands open.
        """
        berth = self._berth(bay)
        async with berth.turn:
            try:
                with self._noting(berth):
                    await berth.bay.ensure_held()
            finally:
                present, powered = await berth.bay.is_present(), await berth.bay.is_powered()
                resting = BayState.ON if powered else BayState.OFF
                self._show(berth, resting if present else BayState.EMPTY, berth.error)

    def stop(self) -> None:
        """Switch nothing any more; disks stay as they are."""
        for berth in self._berths.values():
            self._disarm(berth)
        for task in self._tasks:
            task.cancel()

    # Inside -----------------------------------------------------------------------------------

    async def _ensure_on(self, name: str, berth: Berth) -> None:
        await self.gate.passed()
        async with berth.turn:
            if berth.state is BayState.RELEASED:
                raise SteleError(BAY_IN_USE, f"the tray of bay {name} has been released")
            if await berth.bay.is_powered() and berth.state is BayState.ON:
                return
            await self._await_turn()
            before = berth.state
            self._show(berth, BayState.STARTING)
            try:
                with self._noting(berth):
                    await berth.bay.ensure_on()
            except BaseException:
                failed = berth.error is not None
                self._show(berth, BayState.UNAVAILABLE if failed else before, berth.error)
                raise
            self._show(berth, BayState.ON)

    async def _await_turn(self) -> None:
        """Return when a start may begin; the gate may close and open again meanwhile."""
        loop = asyncio.get_running_loop()
        async with self._starting:
            await asyncio.sleep(max(0.0, self._next_start_s - loop.time()))
            await self.gate.passed()
            self._next_start_s = loop.time() + self._start_every_s

    async def _switch_off(self, berth: Berth) -> None:
        if berth.state is BayState.RELEASED:
            return
        with self._noting(berth):
            await berth.bay.ensure_off()
            present = await berth.bay.is_present()
        self._show(berth, BayState.OFF if present else BayState.EMPTY)

    def _arm(self, name: str, berth: Berth, after_s: float | None = None) -> None:
        self._disarm(berth)
        loop = asyncio.get_running_loop()
        delay_s = self._idle_off_s if after_s is None else after_s
        berth.idle = loop.call_later(delay_s, self._begin_idle_off, name, berth)

    def _disarm(self, berth: Berth) -> None:
        if berth.idle is not None:
            berth.idle.cancel()
            berth.idle = None

    def _begin_idle_off(self, name: str, berth: Berth) -> None:
        task = asyncio.create_task(self._idle_off(name, berth), name=f"{name} off")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _idle_off(self, name: str, berth: Berth) -> None:
        try:
            await self.ensure_off(name)
        except HalError as error:
            log.warning("the idle disk in %s stays on: %s", name, error)
            self._arm(name, berth, OFF_AGAIN_S)

    @contextmanager
    def _noting(self, berth: Berth) -> Iterator[None]:
        """Keep the bay's failure, for the operator, while it goes on to the caller."""
        berth.error = None
        try:
            yield
        except HalError as error:
            berth.error = info_of(error)
            self._changed()
            raise

    def _show(self, berth: Berth, state: BayState, error: ErrorInfo | None = None) -> None:
        if (berth.state, berth.error) != (state, error):
            berth.state, berth.error = state, error
            self._changed()

    def _berth(self, bay: str) -> Berth:
        if bay not in self._berths:
            raise SteleError(NO_SUCH_BAY, f"this appliance has no disk bay {bay[:80]!r}")
        return self._berths[bay]


def _state(berth: Berth, *, present: bool, powered: bool) -> BayState:
    if berth.state is BayState.RELEASED:
        return BayState.RELEASED
    if not present:
        return BayState.EMPTY
    return BayState.ON if powered else BayState.OFF
