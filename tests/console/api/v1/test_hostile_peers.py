"""The API as it really listens: what peers send that no client library would."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.access.local import ensure_local_token
from console.broker import free_port

TWO_GB = 2 << 30
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
START_WITHIN_S = 30


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    port: int
    token: str

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def head(self, first: str, *lines: str) -> bytes:
        """The beginning of a request with the token."""
        own = [first, "Host: 127.0.0.1", f"Authorization: Bearer {self.token}", *lines]
        return "\r\n".join([*own, "", ""]).encode("latin-1")

    def peak_bytes(self) -> int:
        """The most memory that any of the server's processes has had."""
        pids = [self.process.pid]
        for pid in pids:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            pids += map(int, children)
        found = (re.search(r"VmHWM:\s+(\d+) kB", _status(pid)) for pid in pids)
        return max(int(peak[1]) * 1024 for peak in found if peak)


def _status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    token = ensure_local_token(data)
    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", "console.web.server", "--data", str(data), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        found = Server(process, port, token)
        try:
            _wait_for(found)
            yield found
        finally:
            process.terminate()


def _wait_for(server: Server) -> None:
    end = time.monotonic() + START_WITHIN_S
    while True:
        try:
            with server.connect() as peer:
                peer.sendall(server.head("GET /api/v1/status HTTP/1.1", "Connection: close"))
                assert answer_of(peer)[0] == 200
                return
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            assert server.process.poll() is None
            time.sleep(0.05)  # there is nothing to wait on before it listens


def answer_of(peer: socket.socket) -> tuple[int, int]:
    """Status and code of what comes back; the code is 0 where there is none."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        chunk = peer.recv(65_536)
        if not chunk:
            break
        raw += chunk
    head, _, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]) and (chunk := peer.recv(65_536)):
        body += chunk
    status = int(head.split(b" ", 2)[1])
    return status, json.loads(body).get("code", 0) if body else 0


def pour(peer: socket.socket, chunk: bytes, total: int) -> int:
    """Send up to `total` bytes; gives how many went before the other side had enough."""
    sent = 0
    try:
        while sent < total:
            sent += peer.send(chunk)
    except OSError:
        pass
    return sent


def chunked(size: int) -> bytes:
    return f"{size:x}\r\n".encode() + b" " * size + b"\r\n"


@pytest.mark.parametrize(
    ("how", "chunk"),
    [
        ("Content-Length: 2147483648", b" " * 65_536),
        ("Transfer-Encoding: chunked", chunked(65_536)),
    ],
)
def test_two_gigabytes_of_json_are_refused_and_cost_nothing(
    server: Server, how: str, chunk: bytes
) -> None:
    before = server.peak_bytes()
    with server.connect() as peer:
        kind = "Content-Type: application/json"
        peer.sendall(server.head("POST /api/v1/inventories HTTP/1.1", kind, how))
        sent = pour(peer, chunk, TWO_GB)
        assert sent < 64 << 20
        assert reads_413(peer)
    assert server.peak_bytes() - before < 32 << 20


def reads_413(peer: socket.socket) -> bool:
    """The refusal, unless the connection was reset before it could be read."""
    try:
        return answer_of(peer) == (413, 5422)
    except (ConnectionResetError, BrokenPipeError, IndexError):
        return True


def test_the_refusal_is_read_by_a_client_that_waits_for_it(server: Server) -> None:
    with server.connect() as peer:
        kind = "Content-Type: application/json"
        large = ("Content-Length: 2147483648", "Expect: 100-continue")
        peer.sendall(server.head("POST /api/v1/inventories HTTP/1.1", kind, *large))
        assert peer.recv(len(CONTINUE)) == CONTINUE  # the server says so before it asks us
        assert answer_of(peer) == (413, 5422)


def test_a_deeply_nested_body_breaks_nothing(server: Server) -> None:
    body = b'{"appliances":' + b"[" * 1_000_000
    with server.connect() as peer:
        kind = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        peer.sendall(server.head("POST /api/v1/inventories HTTP/1.1", *kind) + body)
        assert answer_of(peer) == (400, 5421)


def test_a_body_that_is_cut_short_is_refused(server: Server) -> None:
    with server.connect() as peer:
        kind = ("Content-Type: application/json", "Content-Length: 1000")
        peer.sendall(server.head("POST /api/v1/inventories HTTP/1.1", *kind) + b'{"slots":[')
        peer.shutdown(socket.SHUT_WR)
        assert answer_of(peer) == (408, 5428)


Broken = Callable[[Server], bytes]


@pytest.mark.parametrize(
    "request_of",
    [
        lambda s: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10 + b"\r\n\r\n",
        lambda s: s.head("GET /api/v1/status HTTP/9.9"),
        lambda s: s.head("GET /api/v1/st\x00atus HTTP/1.1"),
        lambda s: s.head("GET /api/v1/status HTTP/1.1", "Content-Length: -1"),
        lambda s: s.head("GET /api/v1/status HTTP/1.1", "Content-Length: 5", "Content-Length: 6"),
        lambda s: s.head("GET /api/v1/status HTTP/1.1", "X: " + "a" * 100_000),
        lambda s: s.head("GET /api/v1/status HTTP/1.1", *(f"X-{n}: a" for n in range(1000))),
        lambda s: s.head("GET /api/v1/status?" + "a" * 100_000 + " HTTP/1.1"),
        lambda s: s.head("POST /api/v1/inventories HTTP/1.1", "Transfer-Encoding: chunked") + b"zz",
    ],
)
def test_a_request_that_is_none_is_refused_and_the_next_one_is_served(
    server: Server, request_of: Broken
) -> None:
    with server.connect() as peer:
        first = b""
        with contextlib.suppress(OSError):  # it may have had enough before all was sent
            peer.sendall(request_of(server))
            peer.shutdown(socket.SHUT_WR)
            first = peer.recv(65_536)
        assert not first or 400 <= int(first.split(b" ", 2)[1]) < 500
    with server.connect() as peer:
        peer.sendall(server.head("GET /api/v1/status HTTP/1.1", "Connection: close"))
        assert answer_of(peer) == (200, 0)


def test_a_hundred_peers_that_say_nothing_keep_nobody_out(server: Server) -> None:
    silent = [server.connect() for _ in range(100)]
    try:
        for peer in silent:
            peer.sendall(server.head("POST /api/v1/inventories HTTP/1.1", "Content-Length: 10"))
        with server.connect() as peer:
            peer.sendall(server.head("GET /api/v1/status HTTP/1.1", "Connection: close"))
            assert answer_of(peer) == (200, 0)
    finally:
        for peer in silent:
            peer.close()
