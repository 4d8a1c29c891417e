"""The serial port, over a pty: bytes both ways, hang-up, exclusive use, end of the thread."""

import asyncio
import os
import pty
import threading
import tty
from collections.abc import AsyncIterator

import pytest

from hal.errors import HalError
from hal.transports.interfaces import SerialLink
from hal.transports.serial_port import LOOK_AROUND_S, SerialPort, open_serial_port


class Wire:
    """The far end of a pty, and its path."""

    def __init__(self) -> None:
        self.far, near = pty.openpty()
        tty.setraw(near)
        self.path = os.ttyname(near)
        self._near = near

    def hang_up(self) -> None:
        for name in ("far", "_near"):
            if (fd := getattr(self, name)) >= 0:
                setattr(self, name, -1)
                os.close(fd)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    wire.hang_up()


@pytest.fixture
async def port(wire: Wire) -> AsyncIterator[SerialPort]:
    port = await open_serial_port(wire.path)
    yield port
    await port.aclose()


async def test_bytes_go_both_ways(wire: Wire, port: SerialPort) -> None:
    assert isinstance(port, SerialLink)
    await port.write(b"?")
    await port.write(b"G0 X1\n")
    received = b""
    while len(received) < 7:
        received += await asyncio.to_thread(os.read, wire.far, 100)
    assert received == b"?G0 X1\n"
    os.write(wire.far, b"ok\r\n")
    answer = b""
    while len(answer) < 4:
        answer += await port.read()
    assert answer == b"ok\r\n"


async def test_a_write_does_not_wait_for_the_reader(wire: Wire, port: SerialPort) -> None:
    """The owner thread sleeps in a read; a write must wake it at once."""
    reading = asyncio.ensure_future(port.read())
    await asyncio.sleep(0)
    async with asyncio.timeout(20 * LOOK_AROUND_S / 2):
        for _ in range(20):
            await port.write(b"?")
    os.write(wire.far, b"x")
    assert await reading == b"x"


async def test_many_bytes_arrive_complete_and_in_order(wire: Wire, port: SerialPort) -> None:
    sent = bytes(range(256)) * 200
    writer = threading.Thread(target=_write_all, args=(wire.far, sent))
    writer.start()
    received = bytearray()
    while len(received) < len(sent):
        received += await port.read()
    writer.join()
    assert received == sent


async def test_a_hang_up_ends_reading_and_writing(wire: Wire, port: SerialPort) -> None:
    reading = asyncio.ensure_future(port.read())
    await asyncio.sleep(0)
    wire.hang_up()
    with pytest.raises(HalError) as caught:
        async with asyncio.timeout(5):
            await reading
    assert caught.value.code == 1002
    with pytest.raises(HalError) as caught:
        await port.write(b"?")
    assert caught.value.code == 1002


async def test_a_port_that_is_in_use_or_missing_is_refused(wire: Wire, port: SerialPort) -> None:
    for path in (wire.path, "/dev/does-not-exist"):
        with pytest.raises(HalError) as caught:
            await open_serial_port(path)
        assert caught.value.code == 1001


async def test_closing_ends_the_owner_thread_and_a_waiting_read(wire: Wire) -> None:
    port = await open_serial_port(wire.path)
    reading = asyncio.ensure_future(port.read())
    await asyncio.sleep(0)
    await port.aclose()
    await port.aclose()
    with pytest.raises(HalError) as caught:
        await reading
    assert caught.value.code == 1002
    assert not any(thread.name == f"serial {wire.path}" for thread in threading.enumerate())


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
