"""Entering a PIN: one attempt at a time, counted before it is looked at, closed after failures.

The third failure closes the keypad for half a minute, each further one for twice as long, up to an
hour. One failure is forgotten in each hour without one, and in no other way: a right PIN opens the
door and forgives nothing, or whoever has one could guess the others' between two of his own. The
count is on the disk before the PIN is checked, so that pulling the plug wins nothing.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo
from appliance.services.access.people import Holder, People, check_form

WRONG = 4012
LOCKED_OUT = 4014
BUSY = 4015

FREE_FAILURES = 2
FIRST_CLOSURE_S = 30.0
LONGEST_CLOSURE_S = 3600.0
FORGOTTEN_AFTER_S = 3600.0
"""Not less than the longest closure: waiting it out must not win an attempt more."""
WAITING_MAX = 4

_NEVER = datetime.fromtimestamp(0, UTC)


class _Failures(NamedTuple):
    """Attempts that failed, those that were forgotten at the last one taken off."""

    number: int
    closed_until: datetime
    last_at: datetime


class Keypad:
    """Tells whose PIN was entered."""

    def __init__(self, people: People, now: Callable[[], datetime]) -> None:
        self._people = people
        self._now = now
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def identify(self, pin: str) -> Holder:
        """Whose PIN it is.

        Raises:
            SteleError: 4012 nobody's; 4013 not of a PIN's form, which counts as no attempt; 4014
                closed after too many failures; 4015 too many attempts at once.
        """
        check_form(pin)
        if self._waiting >= WAITING_MAX:
            raise SteleError(BUSY, "too many PINs are entered at once")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._try(pin)
        finally:
            self._waiting -= 1

    def closure(self) -> ErrorInfo | None:
        """Why no PIN is taken now."""
        left_s = self.closed_for_s
        if left_s <= 0:
            return None
        return ErrorInfo(LOCKED_OUT, f"no PIN is taken for {left_s:.0f} s after wrong ones")

    @property
    def closed_for_s(self) -> float:
        until = self._row().closed_until
        # A clock that was set back must not close the keypad for years.
        return min((until - self._now()).total_seconds(), LONGEST_CLOSURE_S)

    async def _try(self, pin: str) -> Holder:
        closure = self.closure()
        if closure is not None:
            raise SteleError(closure.code, closure.message)
        before = self._row()
        self._note_failure()
        digest = await asyncio.to_thread(self._people.digest, pin)
        holder = self._people.holder(digest)
        if holder is None:
            raise SteleError(WRONG, "this PIN is nobody's")
        self._write(before)
        return holder

    def _row(self) -> _Failures:
        row = self._people.db.conn.execute(
            "SELECT count, closed_until, last_at FROM failures"
        ).fetchone()
        if row is None:
            return _Failures(0, _NEVER, _NEVER)
        return _Failures(row[0], *(datetime.fromisoformat(at) for at in row[1:]))

    def _note_failure(self) -> None:
        now, before = self._now(), self._row()
        quiet_s = max(0.0, (now - before.last_at).total_seconds())
        count = max(0, before.number - int(quiet_s // FORGOTTEN_AFTER_S)) + 1
        until = _NEVER
        if count > FREE_FAILURES:
            doublings = min(count - FREE_FAILURES - 1, 20)
            closed_s = min(FIRST_CLOSURE_S * 2.0**doublings, LONGEST_CLOSURE_S)
            until = now + timedelta(seconds=closed_s)
        self._write(_Failures(count, until, now))

    def _write(self, found: _Failures) -> None:
        with self._people.db.atomic():
            self._people.db.conn.execute(
                "INSERT INTO failures VALUES (1, ?, ?, ?) ON CONFLICT DO UPDATE SET count = "
                "excluded.count, closed_until = excluded.closed_until, last_at = excluded.last_at",
                (found.number, found.closed_until.isoformat(), found.last_at.isoformat()),
            )
