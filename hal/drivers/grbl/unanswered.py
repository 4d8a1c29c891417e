"""Lines that a controller has been sent and has not answered yet, oldest first."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar

from hal.drivers.grbl import codec
from hal.drivers.grbl.faults import refusal_error
from hal.errors import HalError

T = TypeVar("T")


@dataclass(slots=True)
class Line:
    """One line under way; `answer` is done when the controller has taken or refused it."""

    text: str
    size_bytes: int
    answer: asyncio.Future[None] = field(repr=False)


class Unanswered:
    """The controller answers each line once and in order: this is where answers find theirs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines: deque[Line] = deque()

    def __bool__(self) -> bool:
        return bool(self._lines)

    @property
    def oldest(self) -> Line:
        return self._lines[0]

    def has_room(self, size_bytes: int) -> bool:
        """Whether the controller's receive buffer certainly takes that much more."""
        waiting_bytes = sum(line.size_bytes for line in self._lines)
        return waiting_bytes + size_bytes <= codec.RX_BUFFER_BYTES

    def add(self, text: str, size_bytes: int) -> Line:
        line = Line(text, size_bytes, asyncio.get_running_loop().create_future())
        line.answer.add_done_callback(look)
        self._lines.append(line)
        return line

    def answer(self, refusal: int | None) -> None:
        """The oldest line was taken, or refused with a number. An answer to nothing is ignored."""
        if not self._lines:
            return
        line = self._lines.popleft()
        if refusal is None:
            line.answer.set_result(None)
        else:
            line.answer.set_exception(refusal_error(self._name, refusal, line.text))

    def fail(self, error: HalError) -> None:
        """None of them will be answered any more."""
        while self._lines:
            self._lines.popleft().answer.set_exception(error)


def look(answer: asyncio.Future[T]) -> None:
    """Mark an exception as seen: the caller that waited for it may have been cancelled."""
    if not answer.cancelled():
        answer.exception()
