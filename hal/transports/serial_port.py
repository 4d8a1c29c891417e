"""A real serial port: one owner thread reads and writes it, the event loop only sees bytes.

pyserial blocks, and the asyncio packages over it never tell a hang-up; so a thread owns the port.
It sleeps in `read`; `cancel_read` wakes it when there is something to write or the port is to be
closed. A pulled adapter (or a closed pty) shows itself as an exception in the thread and as error
1002 to both directions; a controller that is silent on a live line is for the driver's heartbeat.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable

import serial

from hal.errors import HalError

LOOK_AROUND_S = 0.5
"""How long the owner thread sleeps in a read before it asks whether the line is alive."""


class SerialPort:
    """`SerialLink` over a device such as ``/dev/ttyUSB0``. Make it with `open_serial_port`."""

    def __init__(self, port: serial.Serial, name: str) -> None:
        self.name = name
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._news = asyncio.Event()
        self._failure: HalError | None = None
        self._outgoing: deque[tuple[bytes, asyncio.Future[None]]] = deque()
        self._closing = False
        self._ended = False
        self._end = threading.Lock()
        """Held while the thread is woken: afterwards its descriptors may be someone else's."""
        self._thread = threading.Thread(target=self._own, name=f"serial {name}", daemon=True)
        self._thread.start()

    async def read(self) -> bytes:
        while not self._received:
            if self._failure is not None:
                raise self._failure
            self._news.clear()
            await self._news.wait()
        data = bytes(self._received)
        self._received.clear()
        return data

    async def write(self, data: bytes) -> None:
        if self._failure is not None:
            raise self._failure
        written: asyncio.Future[None] = self._loop.create_future()
        self._outgoing.append((data, written))
        self._wake()
        await written

    async def aclose(self) -> None:
        """Close the port and end its thread. Idempotent."""
        if not self._closing:
            self._closing = True
            self._wake()
        while self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, LOOK_AROUND_S)
        self._fail(f"{self.name} was closed")

    def _wake(self) -> None:
        with self._end:
            if not self._ended:
                self._port.cancel_read()

    # The owner thread -------------------------------------------------------------------------

    def _own(self) -> None:
        try:
            while not self._closing:
                self._write_waiting()
                data = self._port.read(max(1, self._port.in_waiting))
                if data:
                    self._tell(self._receive, data)
        except (OSError, TypeError) as error:
            # pyserial raises TypeError when the descriptor went away under a blocking read.
            self._tell(self._fail, f"the serial line {self.name} is gone: {error}")
        finally:
            with self._end:
                self._ended = True
            with contextlib.suppress(OSError):
                self._port.close()

    def _write_waiting(self) -> None:
        while self._outgoing:
            data, written = self._outgoing[0]
            self._port.write(data)
            self._outgoing.popleft()
            self._tell(_finish, written)

    def _tell(self, callback: Callable[..., object], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody listens
            self._loop.call_soon_threadsafe(callback, *args)

    # On the loop ------------------------------------------------------------------------------

    def _receive(self, data: bytes) -> None:
        self._received += data
        self._news.set()

    def _fail(self, message: str) -> None:
        if self._failure is None:
            self._failure = HalError(1002, message)
        while self._outgoing:
            _, written = self._outgoing.popleft()
            if not written.done():
                written.set_exception(self._failure)
        self._news.set()


def _finish(written: asyncio.Future[None]) -> None:
    if not written.done():
        written.set_result(None)


async def open_serial_port(path: str, baud: int = 115200) -> SerialPort:
    """Open `path` exclusively, 8N1 without flow control.

    Opening raises DTR, which resets an Arduino-like controller: a welcome line may follow.

    Raises:
        HalError: 1001 it cannot be opened.
    """
    try:
        port = await asyncio.to_thread(
            serial.Serial, path, baud, timeout=LOOK_AROUND_S, exclusive=True
        )
    except (OSError, ValueError) as error:
        raise HalError(1001, f"the serial line {path} cannot be opened", str(error)) from error
    return SerialPort(port, path)
