"""What may be asked for at the cabinet itself: every command, and those that no broker may bring.

Whoever may open the socket stands at the cabinet or is its administrator. Doors are unlocked here
and nowhere else; what happens under duress is not shown here.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import AcknowledgeAlarm, Command, Reply, UnlockDoor
from appliance.contract.messages.local import HistoryAnswer, HistoryQuery, LocalAnswer, LocalRequest
from appliance.services.access.access import Access
from appliance.services.alarms import NO_SUCH_ALARM, Alarms

NOT_A_REQUEST = 5123
EXPIRED = 5101

logger = logging.getLogger(__name__)


class Engine(Protocol):
    """What of the job engine is needed."""

    def submit(self, command: Command) -> Reply: ...

    def answer(self, command_id: str) -> Reply | None: ...

    def keep_answer(self, reply: Reply) -> None: ...


class LocalDesk:
    """Answers requests; none can make it raise."""

    def __init__(
        self,
        engine: Engine,
        access: Access,
        alarms: Alarms,
        ask_history: Callable[[HistoryQuery], HistoryAnswer],
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._access = access
        self._alarms = alarms
        self._ask_history = ask_history
        self._now = now
        self._turn = asyncio.Lock()

    async def answer(self, request: LocalRequest) -> LocalAnswer:
        """Answer anything but a watch."""
        try:
            if request.command is not None:
                return LocalAnswer(reply=await self._obey(request.command))
            if request.history is not None:
                return LocalAnswer(history=self._ask_history(request.history))
            if request.past_alarms is not None:
                past = self._alarms.history(request.past_alarms, at_cabinet=True)
                return LocalAnswer(past_alarms=past)
            raise SteleError(NOT_A_REQUEST, "a request asks for exactly one thing")
        except SteleError as error:
            return LocalAnswer(error=error.info)
        except Exception as error:  # the boundary between a request and the process
            logger.exception("a request on the local socket failed")
            return LocalAnswer(error=info_of(error))

    async def _obey(self, command: Command) -> Reply:
        if isinstance(command.body, UnlockDoor):
            async with self._turn:
                return await self._unlock(command, command.body)
        if isinstance(command.body, AcknowledgeAlarm):
            shown = self._alarms.telemetry(at_cabinet=True).alarms
            if all(view.alarm_id != command.body.alarm_id for view in shown):
                told = f"there is no standing alarm {command.body.alarm_id!r}"
                raise SteleError(NO_SUCH_ALARM, told)
        return self._engine.submit(command)

    async def _unlock(self, command: Command, wish: UnlockDoor) -> Reply:
        """A repeated command gets its first answer and opens nothing."""
        known = self._engine.answer(command.id)
        if known is not None:
            return msgspec.structs.replace(known, duplicate=True)
        try:
            if command.expires_at is not None and command.expires_at <= self._now():
                raise SteleError(EXPIRED, f"command {command.id} expired")
            await self._access.unlock(wish)
            reply = Reply(command.id, self._now(), accepted=True)
        except SteleError as error:
            reply = Reply(command.id, self._now(), accepted=False, error=error.info)
        self._engine.keep_answer(reply)
        return reply
