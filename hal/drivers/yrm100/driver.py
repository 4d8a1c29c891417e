"""A tag reader YRM100: each reading asks it several times who is there."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hal.drivers.yrm100 import codec
from hal.errors import HalError
from hal.transports.interfaces import SerialLink

BAUD = 115200
POLLS = 3
"""A poll misses a tag now and then, and of two tags it may bring either."""
ANSWER_S = 0.3
QUIET_S = 0.03
"""After the first frame others of the same poll follow at once, or not at all."""


@dataclass(slots=True)
class _Round:
    """What some polls brought together."""

    tags: set[str] = field(default_factory=set)
    empty: int = 0
    damaged: int = 0
    faults: list[str] = field(default_factory=list)


class Yrm100:
    """`TagReader`. `connect` opens the serial link, 115200 8N1, each time it is called."""

    verified = "simulator"
    is_asked = True

    def __init__(
        self, connect: Callable[[], Awaitable[SerialLink]], *, name: str = "tag reader"
    ) -> None:
        self._name = name
        self._connect = connect
        self._link: SerialLink | None = None
        self._splitter = codec.FrameSplitter()
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._name

    async def read(self) -> str | None:
        """The EPC of the one tag that is there now, in capital hex digits. Takes about 0.15 s.

        Raises:
            HalError: 1030 it does not answer or its line is gone, 1031 what it sends is damaged,
                1032 several tags, 1033 it reports a fault.
        """
        async with self._turn:
            try:
                found = await self._ask()
            except BaseException as error:
                # What comes late, or half, must not answer the next question.
                await self._end()
                if isinstance(error, HalError | OSError):
                    raise self._silent(error) from error
                raise
        return self._judge(found)

    async def aclose(self) -> None:
        async with self._turn:
            await self._end()

    # Inside -----------------------------------------------------------------------------------

    async def _ask(self) -> _Round:
        link = self._link
        if link is None:
            link = self._link = await self._connect()
            await self._let_finish(link)
            self._splitter = codec.FrameSplitter()
        found = _Round()
        for _ in range(POLLS):
            self._splitter.damaged = 0
            await link.write(codec.encode_frame(codec.Frame(codec.COMMAND, codec.SINGLE_POLL)))
            await self._collect(link, found)
        return found

    async def _let_finish(self, link: SerialLink) -> None:
        """Drop what still comes of an earlier question, or of switching on."""
        until_s = asyncio.get_running_loop().time() + ANSWER_S
        with contextlib.suppress(TimeoutError):
            while asyncio.get_running_loop().time() < until_s:
                async with asyncio.timeout(QUIET_S):
                    await link.read()

    async def _collect(self, link: SerialLink, found: _Round) -> None:
        """Take in the frames of one poll. Raises `TimeoutError`: there is none."""
        heard = False
        while True:
            try:
                async with asyncio.timeout(QUIET_S if heard else ANSWER_S):
                    frames = self._splitter.feed(await link.read())
            except TimeoutError:
                self._splitter.drop()
                found.damaged += self._splitter.damaged
                if not heard and not self._splitter.damaged:
                    raise
                return
            for frame in frames:
                self._sort(frame, found)
            found.damaged += self._splitter.damaged
            heard = heard or bool(frames) or self._splitter.damaged > 0
            self._splitter.damaged = 0

    def _sort(self, frame: codec.Frame, found: _Round) -> None:
        if (frame.kind, frame.command) == (codec.NOTICE, codec.SINGLE_POLL):
            tag = codec.decode_tag(frame.payload)
            if tag is None:
                found.damaged += 1
            else:
                found.tags.add(tag)
        elif (frame.kind, frame.command) == (codec.RESPONSE, codec.FAILED):
            code = frame.payload[0] if frame.payload else 0
            if code == codec.NO_TAG:
                found.empty += 1
            else:
                found.faults.append(codec.FAULTS.get(code, f"0x{code:02x}"))

    def _judge(self, found: _Round) -> str | None:
        """One tag may be missed once; damage and faults count when nothing better came."""
        if len(found.tags) > 1:
            raise HalError(1032, f"{self._name} sees several tags", ", ".join(sorted(found.tags)))
        if found.tags:
            return found.tags.pop()
        if found.empty > POLLS // 2:
            return None
        if found.faults:
            raise HalError(1033, f"{self._name} reports a fault", ", ".join(found.faults))
        raise HalError(1031, f"what {self._name} sends is damaged", f"{found.damaged} frames")

    def _silent(self, error: Exception) -> HalError:
        return HalError(1030, f"{self._name} does not answer", str(error))

    async def _end(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            with contextlib.suppress(HalError, OSError):
                await link.aclose()
