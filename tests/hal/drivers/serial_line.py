"""A serial line in memory whose other end a test plays."""

import asyncio
from collections.abc import Callable


class SerialLine:
    """`SerialLink`. `answer` is called with what is written and says what comes back, and when."""

    def __init__(self, answer: Callable[[bytes], list[tuple[float, bytes]]] | None = None) -> None:
        self._answer = answer
        self._received: asyncio.Queue[bytes] = asyncio.Queue()
        self.written: list[bytes] = []
        self.opened = 0
        self.is_open = False
        self.refuses = False

    async def connect(self) -> "SerialLine":
        if self.refuses:
            raise OSError("no such device")
        self.opened += 1
        self.is_open = True
        self._received = asyncio.Queue()
        return self

    async def write(self, data: bytes) -> None:
        if not self.is_open:
            raise ConnectionError("gone")
        self.written.append(data)
        loop = asyncio.get_running_loop()
        for delay_s, answer in self._answer(data) if self._answer else ():
            loop.call_later(delay_s, self.say, answer)

    async def read(self) -> bytes:
        data = await self._received.get()
        if not data:
            raise ConnectionError("gone")
        return data

    def say(self, data: bytes) -> None:
        if self.is_open:
            self._received.put_nowait(data)

    def hang_up(self) -> None:
        self.is_open = False
        self._received.put_nowait(b"")

    async def aclose(self) -> None:
        self.is_open = False
