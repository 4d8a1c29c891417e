"""A tag reader RDM6300: it repeats the tag that lies before it and is silent without one."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from hal.drivers.rdm6300.codec import FrameSplitter
from hal.errors import HalError
from hal.transports.interfaces import SerialLink

BAUD = 9600
GONE_S = 0.22
"""A tag that was not repeated for so long is gone."""
IDLE_S = 1.0
"""When nobody asks for so long the line is closed: nothing has to take in what nobody wants."""


class Rdm6300:
    """`TagReader`. `connect` opens the serial link, 9600 8N1, each time it is called.

    It listens from a `read` on for as long as others follow, so that an answer is about the last
    220 ms and not about what lay in a buffer.
    """

    verified = "simulator"
    is_asked = False

    def __init__(
        self, connect: Callable[[], Awaitable[SerialLink]], *, name: str = "tag reader"
    ) -> None:
        self._name = name
        self._connect = connect
        self._link: SerialLink | None = None
        self._task: asyncio.Task[None] | None = None
        self._since_s = 0.0
        self._asked_at_s = 0.0
        self._seen_at_s: dict[str, float] = {}
        self._damaged_at_s: float | None = None
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._name

    async def read(self) -> str | None:
        """The tag that was told within the last 220 ms, as ten capital hex digits. Takes 220 ms
        when it was not asked just before.

        Whether a reader that says nothing has no tag before it or is broken cannot be told: only
        a lost line is an error.

        Raises:
            HalError: 1030 its line is gone, 1031 only damaged frames came, 1032 several tags.
        """
        loop = asyncio.get_running_loop()
        async with self._turn:
            self._asked_at_s = loop.time()
            task = self._task or await self._listen()
            remaining_s = self._since_s + GONE_S - loop.time()
            if remaining_s > 0:
                await asyncio.wait({task}, timeout=remaining_s)
            if task.done():
                await self._end()
                raise HalError(1030, f"the line of {self._name} is gone")
        oldest_s = loop.time() - GONE_S
        tags = sorted(tag for tag, at_s in self._seen_at_s.items() if at_s >= oldest_s)
        if len(tags) > 1:
            raise HalError(1032, f"{self._name} sees several tags", ", ".join(tags))
        if tags:
            return tags[0]
        if self._damaged_at_s is not None and self._damaged_at_s >= oldest_s:
            raise HalError(1031, f"{self._name} sends damaged frames")
        return None

    async def aclose(self) -> None:
        async with self._turn:
            await self._end()

    async def _listen(self) -> asyncio.Task[None]:
        try:
            self._link = await self._connect()
        except (HalError, OSError) as error:
            raise HalError(
                1030, f"the line of {self._name} cannot be opened", str(error)
            ) from error
        loop = asyncio.get_running_loop()
        self._since_s = loop.time()
        self._seen_at_s.clear()
        self._damaged_at_s = None
        self._task = loop.create_task(self._take_in(self._link), name=f"listen to {self._name}")
        return self._task

    async def _take_in(self, link: SerialLink) -> None:
        loop = asyncio.get_running_loop()
        splitter = FrameSplitter()
        with contextlib.suppress(HalError, ConnectionError):  # the line is gone: `read` tells
            while (rest_at_s := self._asked_at_s + IDLE_S) > loop.time():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(rest_at_s):
                        self._note(splitter.feed(await link.read()), splitter)
            self._task = self._link = None
            await link.aclose()

    def _note(self, tags: list[str], splitter: FrameSplitter) -> None:
        now_s = asyncio.get_running_loop().time()
        if splitter.damaged:
            splitter.damaged = 0
            self._damaged_at_s = now_s
        self._seen_at_s = {
            tag: at_s for tag, at_s in self._seen_at_s.items() if at_s >= now_s - GONE_S
        }
        self._seen_at_s.update(dict.fromkeys(tags, now_s))

    async def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        link, self._link = self._link, None
        if link is not None:
            await link.aclose()
