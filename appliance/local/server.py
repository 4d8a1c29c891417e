"""The unix socket: one JSON object a line both ways, for the socket's owner alone.

Nothing that a client sends or leaves undone reaches further than its own connection: lines have a
largest length, connections a largest number, and a client that does not read is dropped.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from appliance.agent.telemetry import TelemetryGroup
from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo
from appliance.contract.messages.local import LocalAnswer, LocalRequest
from appliance.contract.wire import MAX_COMMAND_BYTES, TOO_LARGE, decode
from appliance.local.address import address_of
from appliance.local.desk import NOT_A_REQUEST, LocalDesk

UNUSABLE = 5121
TOO_MANY = 5124
CLIENTS_MAX = 32
BAD_LINES_MAX = 100
SEND_S = 20.0
"""A client that takes nothing for so long is dropped."""
SHORTEST_S = 0.2
LONGEST_S = 5.0

_NOTHING = LocalAnswer()

logger = logging.getLogger(__name__)


class LocalServer:
    """Serves between `start` and `stop`."""

    def __init__(
        self,
        path: Path,
        *,
        desk: LocalDesk,
        pictures: Mapping[str, TelemetryGroup],
        alarms: Callable[[], Struct],
        now: Callable[[], datetime],
    ) -> None:
        """`alarms` draws the picture of alarms as the cabinet may see it."""
        self._path = path
        self._desk = desk
        self._pictures = pictures
        self._draws = {name: group.picture for name, group in pictures.items()} | {"alarms": alarms}
        self._now = now
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; nobody else may use the folder.

        Raises:
            SteleError: 5121 the socket cannot be made.
        """
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.unlink(missing_ok=True)
            with address_of(self._path) as address:
                listener.bind(address)
            self._path.chmod(0o600)  # before it listens: nobody can have come in
        except (OSError, ValueError) as error:
            listener.close()
            raise SteleError(
                UNUSABLE, f"the local socket {self._path} cannot be opened", str(error)
            ) from error
        self._server = await asyncio.start_unix_server(
            self._serve, sock=listener, limit=MAX_COMMAND_BYTES
        )

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._path.unlink(missing_ok=True)
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - tells the type checker where we are
        client = _Client(writer, self._pictures, self._draws)
        self._clients.add(task)
        try:
            if len(self._clients) > CLIENTS_MAX:
                await client.send(_refusal(TOO_MANY, f"more than {CLIENTS_MAX} connections"))
            else:
                await self._converse(client, reader)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass  # the client has gone, or we go: nobody waits for this task's result
        finally:
            self._clients.discard(task)
            await client.close()

    async def _converse(self, client: "_Client", reader: asyncio.StreamReader) -> None:
        bad_lines = 0
        while bad_lines < BAD_LINES_MAX:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                told = f"a line of more than {MAX_COMMAND_BYTES} bytes"
                await client.send(_refusal(TOO_LARGE, told))
                return
            try:
                request = _read(line, self._draws)
            except SteleError as error:
                bad_lines += 1
                await client.send(LocalAnswer(error=error.info))
                continue
            if request.watch is not None:
                client.watch(request.watch)
            else:
                await client.send(await self._desk.answer(request))


class _Client:
    """One connection: what it watches, and what is sent to it."""

    def __init__(
        self,
        writer: asyncio.StreamWriter,
        pictures: Mapping[str, TelemetryGroup],
        draws: Mapping[str, Callable[[], Struct]],
    ) -> None:
        self._writer = writer
        self._pictures = pictures
        self._draws = draws
        self._sending = asyncio.Lock()
        self._watching: list[asyncio.Task[None]] = []

    async def send(self, answer: LocalAnswer) -> None:
        """Send one line; returns when there is room for more. Raises `TimeoutError`."""
        async with self._sending, asyncio.timeout(SEND_S):
            self._writer.write(msgspec.json.encode(answer) + b"\n")
            await self._writer.drain()

    def watch(self, groups: list[str]) -> None:
        """Send these groups from now on, and no others."""
        for task in self._watching:
            task.cancel()
        self._watching = [
            asyncio.create_task(self._show(group), name=f"local {group}")
            for group in dict.fromkeys(groups)
        ]

    async def close(self) -> None:
        for task in self._watching:
            task.cancel()
        self._writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()

    async def _show(self, group: str) -> None:
        stale = asyncio.Event()
        unlisten = self._pictures[group].listen(stale.set)
        try:
            while True:
                stale.clear()
                await self.send(msgspec.structs.replace(_NOTHING, **{group: self._draws[group]()}))
                await asyncio.sleep(SHORTEST_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LONGEST_S - SHORTEST_S):
                        await stale.wait()
        except (ConnectionError, TimeoutError):
            self._writer.transport.abort()
        finally:
            unlisten()


def _read(line: bytes, groups: Mapping[str, object]) -> LocalRequest:
    """Raises: SteleError: 1112, 1113 the line is no request; 5123 it does not ask for one thing."""
    request = decode(line, LocalRequest, limit_bytes=MAX_COMMAND_BYTES, what="a line")
    asked = [name for name in request.__struct_fields__ if getattr(request, name) is not None]
    if len(asked) != 1:
        raise SteleError(NOT_A_REQUEST, "a request asks for exactly one thing")
    unknown = [group for group in request.watch or () if group not in groups]
    if unknown:
        raise SteleError(NOT_A_REQUEST, f"there is no group {unknown[0][:64]!r}")
    return request


def _refusal(code: int, message: str) -> LocalAnswer:
    return LocalAnswer(error=ErrorInfo(code, message))
