"""A tag reader's serial wire: driven by the loop's clock, heard by one port at a time.

Faults, with the name of the reader's place: `reader-silent` no byte in either direction;
`tag-garbled` what it reads comes wrong; `two-tags` a second tag is in its field.
Not modelled: the time that bytes take on the line.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from simulators.clock import ScaledEventLoop
from simulators.devices.rfid import rdm6300, yrm100
from simulators.devices.rfid.faults import GARBLED, SILENT, TWO_TAGS
from simulators.world.places import fault_name
from simulators.world.world import World

STRAY_TAG = "0BADC0FFEE"
SPACING_S = 0.05
"""Wall seconds between two frames at least, however fast the clock runs."""
TTY_BYTES = 4095
"""Unread bytes that a serial line keeps; what comes then is lost."""
FELT = frozenset(("magazines", "faults"))


class _Told(Protocol):
    @property
    def sent(self) -> bytes: ...

    @property
    def wake_s(self) -> float: ...


class TagReaderWire:
    """A running reader. Who listens says whether there was room for the bytes."""

    def __init__(self, world: World, place: str, model: str) -> None:
        self.place = place
        self._world = world
        self._update = READERS[model]()
        self._cut_off: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._running = True
        self._listener: Callable[[bytes], None] | None = None
        self._resting = False
        world.watch(lambda fields: self.refresh() if fields & FELT else None)

    def attach(
        self,
        listener: Callable[[bytes], None] | None,
        cut_off: Callable[[], None] | None = None,
    ) -> None:
        """Give the wire to a port, or to none; `cut_off` is called when it loses it again."""
        self._listener = listener
        before, self._cut_off = self._cut_off, cut_off
        if before:
            before()

    def receive(self, data: bytes = b"") -> None:
        """Let bytes arrive at the reader, and let it act up to now."""
        self.rest()
        self._resting = False
        if not self._running or not self._listener:
            return
        silent = self._has(SILENT)
        told = self._update(
            self._loop.time(), self._tags(), self._has(GARBLED), data * (not silent)
        )
        if told.sent and not silent:
            self._listener(told.sent)
        if told.wake_s < math.inf:
            soonest_s = self._loop.time()
            if isinstance(self._loop, ScaledEventLoop):
                soonest_s += SPACING_S * max(0.0, self._loop.speed - 1)
            self._timer = self._loop.call_at(max(told.wake_s, soonest_s), self.receive)

    def refresh(self) -> None:
        """Feel the world again, if anybody waits for what is felt."""
        if not self._resting:
            self.receive()

    def rest(self) -> None:
        """Nobody waits for bytes: say nothing until `receive` is called again."""
        self._resting = True
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def stop(self) -> None:
        """Cut the power."""
        self._running = False
        self.attach(None)
        self.rest()

    def _tags(self) -> list[str]:
        magazine = self._world.magazines.at(self.place)
        tags = [magazine.tag] if magazine else []
        return tags + [STRAY_TAG] * self._has(TWO_TAGS)

    def _has(self, fault: str) -> bool:
        return fault_name(fault, self.place) in self._world.state.faults


def _make_rdm6300() -> Callable[[float, list[str], bool, bytes], _Told]:
    reader = rdm6300.Rdm6300()
    return lambda now_s, tags, garbled, received: reader.update(
        now_s, rdm6300.Field(tags, garbled), received
    )


def _make_yrm100() -> Callable[[float, list[str], bool, bytes], _Told]:
    """A magazine's number stands at the end of its UHF transponder's twelve bytes."""
    reader = yrm100.Yrm100()
    return lambda now_s, tags, garbled, received: reader.update(
        now_s, yrm100.Field([tag.rjust(24, "0") for tag in tags], garbled), received
    )


READERS = {"rdm6300": _make_rdm6300, "yrm100": _make_yrm100}
"""By the model that a profile names."""


class MemoryTagReader:
    """One opening of a reader's port, in the shape of the firmware's `SerialLink`.

    A later opening takes the wire away from it. The reader speaks only while somebody waits in
    `read` or has written, so that a tag that stays does not fill days of simulated time.
    """

    def __init__(self, wire: TagReaderWire) -> None:
        self._wire = wire
        self._received = bytearray()
        self._changed = asyncio.Event()
        self._open = True
        wire.attach(self._take, self._lose)
        wire.rest()

    def _take(self, data: bytes) -> None:
        self._received += data[: TTY_BYTES - len(self._received)]
        self._changed.set()

    def _lose(self) -> None:
        self._open = False
        self._changed.set()

    async def write(self, data: bytes) -> None:
        """Hand bytes to the reader; they arrive at once."""
        if not self._open:
            raise ConnectionError("the reader's port is gone")
        self._wire.receive(bytes(data))
        await asyncio.sleep(0)

    async def read(self) -> bytes:
        """Wait for at least one byte from the reader."""
        if not self._received and self._open:
            self._wire.receive()
        try:
            while not self._received:
                if not self._open:
                    raise ConnectionError("the reader's port is gone")
                self._changed.clear()
                await self._changed.wait()
        finally:
            if self._open:
                self._wire.rest()
        data = bytes(self._received)
        self._received.clear()
        return data

    async def aclose(self) -> None:
        """Close the port."""
        if self._open:
            self._wire.attach(None)
