"""Transfers on a bus: over a kernel adapter, over a socket, one after the other, lost and found."""

import asyncio
import contextlib
import errno
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from smbus2 import SMBus, i2c_msg

from hal.transports import i2c_socket
from hal.transports.i2c_adapter import I2cAdapter, open_adapter
from hal.transports.i2c_bus import LocalI2cBus
from hal.transports.interfaces import I2cBus

Answer = Callable[[int, bytes, int], bytes]


class Kernel(SMBus):  # type: ignore[misc, unused-ignore]
    """An adapter whose bus is a function: what the kernel does with the messages of one ioctl."""

    def __init__(self, answer: Callable[[list[tuple[int, bytes | int]]], bytes]) -> None:
        super().__init__()
        self.answer = answer
        self.closed = False

    def i2c_rdwr(self, *messages: i2c_msg) -> None:
        told = [(m.addr, m.len if m.flags & 1 else bytes(m)) for m in messages]
        data = self.answer(told)
        for index, byte in enumerate(data):
            messages[-1].buf[index] = bytes([byte])

    def close(self) -> None:
        self.closed = True


async def test_write_and_read_are_one_request_to_the_kernel() -> None:
    told = []

    def answer(messages: list[tuple[int, bytes | int]]) -> bytes:
        told.append(messages)
        return b"\xbe\xef"

    adapter = I2cAdapter(Kernel(answer), "i2c-9")
    assert await adapter.transfer(0x44, b"\x24\x00", 2) == b"\xbe\xef"
    assert await adapter.transfer(0x44, b"", 2) == b"\xbe\xef"
    assert told == [[(0x44, b"\x24\x00"), (0x44, 2)], [(0x44, 2)]]
    await adapter.aclose()


async def test_an_absent_chip_keeps_the_adapter_and_a_pulled_adapter_does_not() -> None:
    number = errno.EREMOTEIO
    opened: list[Kernel] = []

    def answer(messages: list[tuple[int, bytes | int]]) -> bytes:
        raise OSError(number, "no")

    async def open_kernel(path: Path) -> I2cAdapter:
        opened.append(Kernel(answer))
        return I2cAdapter(opened[-1], path.name)

    bus = LocalI2cBus("/dev/i2c-9", open_kernel)
    for expected in (1, 1):
        with pytest.raises(OSError, match="no"):
            await bus.transfer(0x44, b"\x00")
        assert len(opened) == expected
    number = errno.ENODEV
    with pytest.raises(OSError, match="no"):
        await bus.transfer(0x44, b"\x00")
    assert opened[0].closed
    with pytest.raises(OSError, match="no"):
        await bus.transfer(0x44, b"\x00")
    assert len(opened) == 2
    await bus.aclose()


def test_a_path_without_an_adapter_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        open_adapter(tmp_path / "i2c-7")


class Server:
    """The other end of the socket, written from the docstring of `i2c_socket`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests: list[tuple[int, bytes, int]] = []
        self.answer: Answer = lambda address, data, length: bytes(length)
        self.silent = asyncio.Event()
        self.asked = asyncio.Event()
        self.short = False
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                address, written, length = struct.unpack("<BHH", await reader.readexactly(5))
                data = await reader.readexactly(written)
                self.requests.append((address, data, length))
                self.asked.set()
                if self.silent.is_set():
                    continue
                try:
                    writer.write(b"\0" + self.answer(address, data, length))
                except OSError as error:
                    writer.write(bytes([error.errno or errno.EIO]))
                if self.short:
                    break
        writer.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path / "i2c.sock")
    async with await asyncio.start_unix_server(server.serve, server.path):
        yield server
        for writer in server._writers:
            writer.close()


async def test_a_bus_over_a_socket_brings_data_and_errors(server: Server) -> None:
    bus = LocalI2cBus(server.path)
    assert isinstance(bus, I2cBus)
    server.answer = lambda address, data, length: b"\x12\x34"
    assert await bus.transfer(0x40, b"\x02", 2) == b"\x12\x34"

    def nobody(address: int, data: bytes, length: int) -> bytes:
        raise OSError(errno.ENXIO, "nobody")

    server.answer = nobody
    with pytest.raises(OSError, match="No such device or address") as caught:
        await bus.transfer(0x41, b"")
    assert caught.value.errno == errno.ENXIO
    server.answer = lambda address, data, length: b""
    assert await bus.transfer(0x40, b"\x05\x0a\x00") == b""
    assert server.requests == [(0x40, b"\x02", 2), (0x41, b"", 0), (0x40, b"\x05\x0a\x00", 0)]
    await bus.aclose()


async def test_a_socket_that_is_gone_comes_back(server: Server) -> None:
    bus = LocalI2cBus(server.path)
    server.short = True
    server.answer = lambda address, data, length: b"\x12"
    with pytest.raises(OSError, match="gone"):
        await bus.transfer(0x40, b"\x02", 2)
    server.short = False
    server.answer = lambda address, data, length: b"\x12\x34"
    assert await bus.transfer(0x40, b"\x02", 2) == b"\x12\x34"
    await bus.aclose()


async def test_a_socket_may_lie_deep(server: Server, tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    (deep / "i2c.sock").symlink_to(server.path)
    bus = LocalI2cBus(deep / "i2c.sock")
    assert await bus.transfer(0x40, b"\x02", 2) == bytes(2)
    await bus.aclose()


async def test_a_socket_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await LocalI2cBus(tmp_path / "none.sock").transfer(0x40, b"")


async def test_a_silent_socket_ends_after_its_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i2c_socket, "ANSWER_S", 0.05)
    bus = LocalI2cBus(server.path)
    server.silent.set()
    with pytest.raises(OSError, match="does not answer") as caught:
        await bus.transfer(0x40, b"\x02", 2)
    assert caught.value.errno == errno.ETIMEDOUT
    await bus.aclose()


async def test_a_cancelled_transfer_leaves_its_answer_to_nobody(server: Server) -> None:
    bus = LocalI2cBus(server.path)
    server.silent.set()
    cancelled = asyncio.ensure_future(bus.transfer(0x40, b"\x01", 1))
    await server.asked.wait()
    cancelled.cancel()
    await asyncio.wait({cancelled})
    server.silent.clear()
    server.answer = lambda address, data, length: data[:1]
    assert await bus.transfer(0x40, b"\x02", 1) == b"\x02"
    await bus.aclose()


async def test_nobody_comes_between_exclusive_transfers(server: Server) -> None:
    bus = LocalI2cBus(server.path)
    async with bus.exclusively() as held:
        other = asyncio.ensure_future(bus.transfer(0x55, b"other"))
        for data in (b"1", b"2"):
            await held.transfer(0x40, data)
            async with held.exclusively() as inner:
                await inner.transfer(0x40, data * 2)
    await other
    assert [data for _, data, _ in server.requests] == [b"1", b"11", b"2", b"22", b"other"]
    await bus.aclose()
