"""A job's way to its content, across broken lines and tokens that run out.

A line that breaks is tried again for ever, ever more slowly, because the bytes already burned are
worth more than the drive's time; after a while an alarm stands. A refused token is asked for anew
and waited for. Both end early only when somebody cancels the job.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from appliance.contract.errors import SteleError
from appliance.contract.messages import ContentRef, GrantWanted
from appliance.jobs.run import JobRun
from appliance.services.content import ContentBrokenError, TokenRefusedError

T = TypeVar("T")

_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_ALARM_TRIES = 24
"""Failures in a row before a person is told: about ten minutes."""
_GRANT_PATIENCE_S = 600.0
"""A grant that has not come after this time is asked for again."""


class ContentAccess:
    """The content of one job; `ref` is as ordered, newer tokens come from the job."""

    def __init__(self, run: JobRun, ref: ContentRef) -> None:
        self._run = run
        self._ref = ref
        self._tries = 0
        self._place = f"job:{run.id}"

    async def reach(self, act: Callable[[ContentRef], Awaitable[T]]) -> T:
        """Do `act` until it is done.

        Raises:
            SteleError: 1203, 1204 as the console said; whatever else `act` raises.
        """
        while True:
            try:
                answer = await act(self._run.content_ref(self._ref))
            except (ContentBrokenError, TokenRefusedError) as error:
                await self._overcome(error)
            else:
                self._calm()
                return answer

    async def payload(self, size_bytes: int) -> AsyncIterator[bytes]:
        """The volume's payload from first byte to last, each exactly once."""
        offset = 0
        while offset < size_bytes:
            stream = self._run.use.content.stream(self._run.content_ref(self._ref), offset)
            try:
                async for chunk in stream:
                    self._calm()
                    offset += len(chunk)
                    yield chunk
                if offset < size_bytes:
                    raise ContentBrokenError(f"the stream ended at {offset} of {size_bytes} bytes")
            except (ContentBrokenError, TokenRefusedError) as error:
                await self._overcome(error)
            finally:
                if isinstance(stream, AsyncGenerator):
                    await stream.aclose()

    async def _overcome(self, error: SteleError) -> None:
        if isinstance(error, TokenRefusedError):
            await self._await_grant()
            return
        pause_s = _PAUSES_S[min(self._tries, len(_PAUSES_S) - 1)]
        self._tries += 1
        if self._tries == _ALARM_TRIES:
            self._run.use.library.alarms.sound(self._place, error.info)
        with self._run.waiting("content"):
            await asyncio.sleep(pause_s)

    async def _await_grant(self) -> None:
        self._run.granted.clear()
        self._run.use.events.append(GrantWanted(self._run.id))
        with self._run.waiting("grant"):
            try:
                async with asyncio.timeout(_GRANT_PATIENCE_S):
                    await self._run.granted.wait()
            except TimeoutError:
                return

    def _calm(self) -> None:
        if self._tries >= _ALARM_TRIES:
            self._run.use.library.alarms.clear(self._place)
        self._tries = 0
