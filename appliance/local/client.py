"""Asking a running firmware over its local socket, one question after the other. Blocking."""

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import Command, CommandBody, Reply
from appliance.contract.messages.local import LocalAnswer, LocalRequest
from appliance.local.address import address_of

NOT_THERE = 5122
ANSWER_S = 30.0


class LocalClient:
    """One connection."""

    def __init__(self, link: socket.socket, path: Path) -> None:
        self._link = link
        self._path = path
        self._lines = link.makefile("rb")

    def close(self) -> None:
        """Let go of what has been read ahead."""
        self._lines.close()

    def ask(self, request: LocalRequest) -> LocalAnswer:
        """Send one request and wait for its answer; pictures that come before it are passed over.

        Raises:
            SteleError: what the firmware refused it with; 5122 it does not answer.
        """
        try:
            self._link.sendall(msgspec.json.encode(request) + b"\n")
            answer = self._next()
            while request.watch is None and _is_picture(answer):
                answer = self._next()
            return answer
        except OSError as error:
            raise _not_there(self._path, error) from error

    def watch(self, *groups: str) -> Iterator[LocalAnswer]:
        """Pictures of these groups, as they come."""
        answer = self.ask(LocalRequest(watch=list(groups)))
        while True:
            yield answer
            try:
                answer = self._next()
            except OSError as error:
                raise _not_there(self._path, error) from error

    def order(self, body: CommandBody, now: datetime) -> Reply:
        """Give one command.

        Raises:
            SteleError: it was refused; 5122.
        """
        command = Command(f"local-{secrets.token_hex(8)}", now, body)
        reply = self.ask(LocalRequest(command=command)).reply
        if reply is None:
            raise SteleError(NOT_THERE, "the firmware answered something else")
        if reply.error is not None:
            raise SteleError(reply.error.code, reply.error.message, reply.error.detail)
        return reply

    def _next(self) -> LocalAnswer:
        line = self._lines.readline()
        if not line:
            raise SteleError(NOT_THERE, f"the firmware closed {self._path}")
        answer = msgspec.json.decode(line, type=LocalAnswer)
        if answer.error is not None:
            raise SteleError(answer.error.code, answer.error.message, answer.error.detail)
        return answer


def _is_picture(answer: LocalAnswer) -> bool:
    answers = (answer.reply, answer.history, answer.past_alarms)
    return all(one is None for one in answers)


@contextmanager
def connected(path: Path) -> Iterator[LocalClient]:
    """A connection to the firmware whose socket this is. Raises: SteleError: 5122."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(ANSWER_S)
        try:
            with address_of(path) as address:
                link.connect(address)
        except OSError as error:
            raise _not_there(path, error) from error
        client = LocalClient(link, path)
        try:
            yield client
        finally:
            client.close()


def _not_there(path: Path, error: OSError) -> SteleError:
    return SteleError(NOT_THERE, f"no firmware answers on {path}", str(error))
