"""Commands as they come from the broker: read strictly, handed on, answered."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from appliance.agent.link import Incoming
from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import Command, ErrorInfo, Id, Replay, Reply
from appliance.contract.wire import MAX_COMMAND_BYTES, TOO_LARGE, decode

WRONG_TOPIC = 1114
ALARM_PLACE = "messages"

_REMEMBERED_REPLAYS = 256
_QUIET_S = 60.0
"""The alarm about unreadable messages ends when none came for this long."""

logger = logging.getLogger(__name__)


class AlarmBoard(Protocol):
    """Alarms that stand until they are cleared; sounding one again changes nothing."""

    def sound(self, place: str, error: ErrorInfo) -> None: ...

    def clear(self, place: str) -> None: ...


class _Envelope(Struct):
    """As much of a command as an answer needs."""

    id: Id


class CommandDesk:
    """Turns each incoming message into at most one reply; no message can make it raise."""

    def __init__(
        self,
        topic: str,
        *,
        submit: Callable[[Command], Reply],
        replay: Callable[[Replay], None],
        alarms: AlarmBoard,
        now: Callable[[], datetime],
    ) -> None:
        self._topic = topic
        self._submit = submit
        self._replay = replay
        self._alarms = alarms
        self._now = now
        self._replays: OrderedDict[str, Reply] = OrderedDict()
        self._quiet: asyncio.TimerHandle | None = None
        alarms.clear(ALARM_PLACE)

    def answer(self, message: Incoming) -> Reply | None:
        """The reply to a message; nothing when it does not even have an id to answer to."""
        try:
            command = self._read(message)
        except SteleError as error:
            return self._refuse_unreadable(message, error)
        try:
            if isinstance(command.body, Replay):
                return self._answer_replay(command, command.body)
            return self._submit(command)
        except Exception as error:  # the boundary between a command and the process
            logger.exception("command %s failed", command.id)
            return Reply(command.id, self._now(), accepted=False, error=info_of(error))

    def _read(self, message: Incoming) -> Command:
        if message.topic != self._topic:
            raise SteleError(WRONG_TOPIC, f"a message came on {message.topic[:200]!r}")
        return decode(
            message.payload,
            Command,
            limit_bytes=MAX_COMMAND_BYTES,
            what=f"a message on {self._topic}",
        )

    def _answer_replay(self, command: Command, wanted: Replay) -> Reply:
        if known := self._replays.get(command.id):
            return msgspec.structs.replace(known, at=self._now(), duplicate=True)
        try:
            self._replay(wanted)
            reply = Reply(command.id, self._now(), accepted=True)
        except SteleError as error:
            reply = Reply(command.id, self._now(), accepted=False, error=error.info)
        self._replays[command.id] = reply
        if len(self._replays) > _REMEMBERED_REPLAYS:
            self._replays.popitem(last=False)
        return reply

    def _refuse_unreadable(self, message: Incoming, error: SteleError) -> Reply | None:
        logger.warning("refused: %s", error)
        if error.code not in (WRONG_TOPIC, TOO_LARGE):
            try:
                command_id = msgspec.json.decode(message.payload, type=_Envelope).id
                return Reply(command_id, self._now(), accepted=False, error=error.info)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass
        self._alarms.sound(ALARM_PLACE, error.info)
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = asyncio.get_running_loop().call_later(
            _QUIET_S, self._alarms.clear, ALARM_PLACE
        )
        return None

    def close(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
