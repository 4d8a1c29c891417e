"""A three-axis machine behind a GRBL controller: home, move, probe, hold, one output.

Every call waits until what it asks for is done. The position is trusted only after homing in the
same session without a reset since (`homed`). Only one motion call at a time; `hold` and `resume`
may come from another task meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from hal.drivers.grbl import codec
from hal.drivers.grbl.faults import HARD_LIMIT, RESET_CODE, alarm_error
from hal.drivers.grbl.session import Session
from hal.drivers.grbl.standstill import POLL_S, is_at_rest, let_finish, until
from hal.drivers.grbl.timing import GrblTiming
from hal.errors import HalError
from hal.transports.interfaces import SerialLink

AXES = "XYZ"
MODAL_LINE = "G21 G90 G94 G54"
SYNC_LINE = "G4 P0.01"
"""A dwell is answered when all motion before it has ended."""
REPORTS_MAX = 3
"""A report that noise has damaged is asked for again."""


class GrblController:
    """`connect` opens the link anew each time it is called; the controller closes it."""

    verified = "simulator"

    def __init__(
        self,
        connect: Callable[[], Awaitable[SerialLink]],
        *,
        name: str = "robot",
        timing: GrblTiming | None = None,
        tolerance_mm: float = 0.2,
    ) -> None:
        self.name = name
        self._connect = connect
        self._timing = timing or GrblTiming()
        self._tolerance_mm = tolerance_mm
        self._session: Session | None = None
        self._homed_restarts = -1
        self.homing = False
        self._released = asyncio.Event()
        self._released.set()

    @property
    def connected(self) -> bool:
        return self._session is not None and self._session.failure is None

    @property
    def held(self) -> bool:
        """Between `hold` and `resume`."""
        return not self._released.is_set()

    @property
    def alarm(self) -> int | None:
        return None if self._session is None else self._session.alarm

    @property
    def homed(self) -> bool:
        """Whether the position can be trusted."""
        session = self._session
        return (
            session is not None
            and session.failure is None
            and session.alarm is None
            and session.restarts == self._homed_restarts
        )

    async def ensure_ready(self) -> None:
        """Connect, clear an alarm, home; nothing of it when it holds already.

        A hard-limit alarm is not cleared: something was hit. It goes away when a person resets the
        controller, or switches it off and on.

        Raises:
            HalError: 10xx, 20xx.
        """
        if self.homed:
            return
        session = self._session
        if session is None or session.failure is not None:
            session = await self._open()
        elif session.alarm == HARD_LIMIT:
            raise alarm_error(self.name, HARD_LIMIT)
        else:
            self._homed_restarts = -1
            await session.reset()
        await self._home(session)

    async def move(self, target: Mapping[str, float], rate_per_min: float | None = None) -> None:
        """Go straight to machine coordinates and wait until there; without a rate, at full speed.

        Raises:
            HalError: 2023 not there in time; other 10xx, 20xx.
        """
        words = " ".join(f"{axis}{codec.encode_number(value)}" for axis, value in target.items())
        kind = "G0" if rate_per_min is None else f"G1 F{codec.encode_number(rate_per_min)}"
        await self._run(f"G53 {kind} {words}")
        await self._require_at(target)

    async def switch_output(self, *, on: bool, settle_s: float) -> None:
        """The coolant output (`M8`, `M9`), and give what hangs on it time to follow."""
        await self._run("M8" if on else "M9", f"G4 P{codec.encode_number(settle_s)}")

    async def probe(self, axis: str, target_mm: float, rate_per_min: float) -> bool:
        """Move one axis towards a machine coordinate until the probe pin closes; whether it did.

        Raises:
            HalError: 2004 the pin was closed before; other 10xx, 20xx.
        """
        session = self._require_session()
        offset = session.work_offset[AXES.index(axis)] if session.work_offset else 0.0
        session.probed = None
        await self._run(
            f"G38.3 {axis}{codec.encode_number(target_mm - offset)}"
            f" F{codec.encode_number(rate_per_min)}"
        )
        if session.probed is None:
            raise HalError(1004, f"{self.name} probed without telling the result")
        return session.probed.contact

    async def position(self) -> tuple[float, ...]:
        """Ask for the machine position, in `AXES` order.

        Raises:
            HalError: 1004 the reports carry no position (setting `$10`).
        """
        session = self._require_session()
        for _ in range(REPORTS_MAX):
            status = await session.status()
            position = status.machine_position
            if position is None and status.work_position and session.work_offset:
                pairs = zip(status.work_position, session.work_offset, strict=False)
                position = tuple(work + offset for work, offset in pairs)
            if position is not None and len(position) >= len(AXES):
                return position
        raise HalError(1004, f"{self.name} reports no machine position", "set $10 to 3")

    async def probe_closed(self) -> bool:
        """Ask whether the probe pin is active now."""
        return "P" in (await self._require_session().status()).pins

    async def hold(self) -> None:
        """Stop all motion, position kept, and begin none until `resume`.

        Homing cannot be held: it is broken off by a reset, its call fails with 2022.
        """
        self._released.clear()
        session = self._session
        if session is None or session.failure is not None or session.alarm is not None:
            return
        if self.homing:
            await session.reset()
            return
        await session.write(codec.FEED_HOLD)
        try:
            await until(session, self.name, is_at_rest, self._timing.move_s)
        except HalError as error:
            if error.code != RESET_CODE:  # a reset has stopped it as well
                raise

    async def resume(self) -> None:
        """Go on. No error when nothing was held."""
        self._released.set()
        session = self._session
        if session is None or session.failure is not None or session.alarm is not None:
            return
        await session.write(codec.RESUME)
        while (await session.status()).state == "Hold":
            await asyncio.sleep(POLL_S)
            await session.write(codec.RESUME)  # while it slows down, it does not listen

    async def break_off(self) -> None:
        """Have the motion under way never end: its call fails with 2022, `hold` stands on."""
        session = self._session
        if session is not None and session.failure is None and session.alarm is None:
            await session.reset()

    async def settings(self) -> dict[int, str]:
        """Ask for all ``$`` settings by number."""
        session = self._require_session()
        session.settings.clear()
        await session.send("$$", self._timing.move_s)
        return dict(session.settings)

    async def write_setting(self, number: int, value: str) -> None:
        """Write one ``$`` setting, with nothing else under way: it stops all interrupts."""
        await self._require_session().send(f"${number}={value}")

    async def aclose(self) -> None:
        """Close the link; the machine finishes what it was told."""
        if self._session is not None:
            await self._session.aclose()
            self._session = None

    # Inside -----------------------------------------------------------------------------------

    async def _open(self) -> Session:
        await self.aclose()
        session = Session(await self._connect(), self.name, self._timing)
        session.start()
        self._session = session
        self._homed_restarts = -1
        try:
            await let_finish(session, self.name, self._timing.answer_s / 3, self._timing.homing_s)
            await session.reset()
        except HalError:
            await session.aclose()
            raise
        return session

    async def _home(self, session: Session) -> None:
        self._homed_restarts = -1
        await self._released.wait()
        self.homing = True
        restarts = session.restarts
        try:
            await session.send("$H", self._timing.homing_s, quiet=True)
            await session.send(MODAL_LINE)
            await session.status()
        finally:
            self.homing = False
        self._homed_restarts = restarts

    async def _run(self, *lines: str) -> None:
        """Send lines and wait until all their motion has ended."""
        await self._released.wait()
        await self._require_session().stream([*lines, SYNC_LINE], self._timing.move_s)

    async def _require_at(self, target: Mapping[str, float]) -> None:
        for _ in range(REPORTS_MAX):
            position = await self.position()
            if all(
                abs(position[AXES.index(axis)] - value) <= self._tolerance_mm
                for axis, value in target.items()
            ):
                return
        raise HalError(
            2023, f"{self.name} did not arrive at {dict(target)}", f"it is at {position}"
        )

    def _require_session(self) -> Session:
        if self._session is None:
            raise HalError(1002, f"{self.name} is not connected")
        if self._session.alarm is not None:
            raise alarm_error(self.name, self._session.alarm)
        return self._session
