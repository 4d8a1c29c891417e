"""The cabinet's control socket: simulated commands, hands, faults and the clock's speed come in.

A connection's first message decides what it is; the messages of a command are described
in `simulators.links.client`. A person's hand is `{"hand": [words]}`, a fault `{"fault": {…}}`,
another speed of the clock `{"speed": number}`, with `"when": "writing"` once a disc is being
written; `{"settle": true}` writes down what drifts with time. They are answered, when it is
done, with `{"done": text}` or `{"error": text}`.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulators.cabinet import Cabinet
from simulators.clock import ScaledEventLoop
from simulators.faults.fault import FaultError, inject, parse_fault
from simulators.hands.hand import do
from simulators.hands.reach import HandError
from simulators.links.socket_path import SOCKET, short_path
from simulators.links.xorriso.shutdown import TERMINATED

LOG = logging.getLogger(__name__)


class _ProcessHost:
    """Standard input and output of a command's process, over its connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._moved: asyncio.Future[int] | None = None
        self.terminated = False

    def send(self, **message: Any) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    def say(self, text: str) -> None:
        self.send(say=text)

    def answer(self, text: str) -> None:
        self.send(answer=text)

    async def copy_input(self, path: Path, offset: int, limit: int) -> int:
        return await self._move(copy=[str(path), offset, limit])

    async def copy_output(self, path: Path, offset: int, length: int) -> int:
        return await self._move(give=[str(path), offset, length])

    async def _move(self, **message: Any) -> int:
        self._moved = asyncio.get_running_loop().create_future()
        self.send(**message)
        return await self._moved

    async def listen(self) -> None:
        """Take the process's messages until it dies or is told to die."""
        while line := await self._reader.readline():
            message = json.loads(line)
            if "terminate" in message:
                self.terminated = True
                return
            if self._moved and not self._moved.done():
                self._moved.set_result(int(message["moved"]))


class ControlServer:
    """Serves one cabinet."""

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        folder = self._cabinet.world.folder
        (folder / SOCKET).unlink(missing_ok=True)
        with short_path(folder) as path:
            self._server = await asyncio.start_unix_server(self._serve, path)

    async def stop(self) -> None:
        """Cut off everyone. Burns under way end as their processes would by dying."""
        if self._server:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        (self._cabinet.world.folder / SOCKET).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task  # noqa: S101  # a coroutine always runs in a task
        self._tasks.add(task)
        try:
            message = json.loads(await reader.readline() or "{}")
            if "argv" in message:
                await self._run_program(message, _ProcessHost(reader, writer))
            elif "fault" in message:
                writer.write(_answer(lambda: self._take_fault(message["fault"])))
            elif "hand" in message:
                words = [str(word) for word in message["hand"]]
                writer.write(_answer(lambda: do(self._cabinet, words)))
            elif "settle" in message:
                writer.write(_answer(self._cabinet.settle))
            elif "speed" in message:
                if message.get("when") == "writing" and not await self._until_writing(reader):
                    return
                writer.write(_answer(lambda: _take_speed(message["speed"])))
            await writer.drain()
        except (ConnectionError, ValueError) as error:
            LOG.warning("a control connection broke: %s", error)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _run_program(self, message: dict[str, Any], host: _ProcessHost) -> None:
        argv = tuple(str(word) for word in message["argv"])
        folder = Path(str(message["folder"]))
        command = self._cabinet.programs.get(str(message["program"]))
        if command is None:
            host.say(f"this cabinet has no use for {message['program']}\n")
            host.send(exit=1)
            return
        program = asyncio.create_task(command.run(argv, host, folder))
        listener = asyncio.create_task(host.listen())
        try:
            await asyncio.wait({program, listener}, return_when=asyncio.FIRST_COMPLETED)
            if program.done():
                host.send(exit=program.result())
            elif host.terminated:
                program.cancel()
                await asyncio.wait({program})
                host.say(command.farewell or "")
                host.send(exit=TERMINATED)
        finally:
            program.cancel()
            listener.cancel()
            await asyncio.wait({program, listener})

    async def _until_writing(self, reader: asyncio.StreamReader) -> bool:
        """Wait for a burn; False when whoever wants to know has gone meanwhile."""
        writing = asyncio.create_task(self._cabinet.until_writing())
        gone = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({writing, gone}, return_when=asyncio.FIRST_COMPLETED)
            return writing.done()
        finally:
            writing.cancel()
            gone.cancel()

    def _take_fault(self, message: Any) -> str:
        return inject(self._cabinet, parse_fault(message))


def _take_speed(speed: Any) -> str:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, ScaledEventLoop):
        raise TypeError("this cabinet's clock has no speed")
    loop.set_speed(float(speed))
    return f"the clock runs {loop.speed:g} times as fast"


def _answer(act: Callable[[], str]) -> bytes:
    try:
        done = {"done": act()}
    except (FaultError, HandError, TypeError, ValueError) as error:
        done = {"error": str(error)}
    return json.dumps(done).encode() + b"\n"
