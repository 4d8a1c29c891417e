"""What carries a request to a console and its answer back: HTTP, or a call within the process."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from appliance.contract.errors import SteleError

Content = bytes | Iterable[bytes] | None
"""A body: whole, or in pieces of which only one at a time is in memory."""


class LostError(SteleError):
    """5415: the console did not answer. `was_sent`: it may have got the request all the same."""

    def __init__(self, message: str, *, was_sent: bool) -> None:
        super().__init__(5415, message)
        self.was_sent = was_sent


class Answer(Protocol):
    """An answer whose body has not been read yet. To be closed."""

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces; raises LostError when the rest does not come."""

    def close(self) -> None: ...


class Transport(Protocol):
    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: Content
    ) -> Answer:
        """Send one request; `target` is a path with its query.

        Raises:
            LostError: 5415.
        """

    def close(self) -> None: ...


@dataclass(frozen=True)
class Whole:
    """An answer that was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_whole(answer: Answer) -> Whole:
    """Read an answer to its end and close it."""
    try:
        return Whole(answer.status, answer.headers, b"".join(answer.chunks()))
    finally:
        answer.close()
