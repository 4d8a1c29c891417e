"""A real S3-speaking store (SeaweedFS, from a wheel), and a proxy that spoils its answers."""

import contextlib
import functools
import json
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.config
import botocore.exceptions
import botocore.session

ACCESS_KEY, SECRET_KEY = "stele-key", "stele-secret-word"
READER_KEY, READER_SECRET = "reader-key", "reader-secret-word"
BUCKET = "archive"

_IDENTITIES = {
    "identities": [
        {
            "name": "stele",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": READER_KEY, "secretKey": READER_SECRET}],
            "actions": ["Read", "List"],
        },
    ]
}
_PORTS = (
    *("-master.port", "-master.port.grpc", "-volume.port", "-volume.port.grpc"),
    *("-filer.port", "-filer.port.grpc", "-s3.port.grpc"),
)


@dataclass
class S3Server:
    """Where it listens. The bucket `BUCKET` is there."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @functools.cached_property
    def client(self) -> Any:
        """A client of its own, to look behind the landing zone's back."""
        return botocore.session.Session().create_client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=botocore.config.Config(
                s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}
            ),
        )

    def keys(self, prefix: str) -> set[str]:
        answer = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return {one["Key"].removeprefix(prefix) for one in answer.get("Contents", ())}


@contextlib.contextmanager
def running_server() -> Iterator[S3Server]:
    """Start the store, wait until its bucket is made, kill it in the end."""
    with tempfile.TemporaryDirectory(prefix="stele-s3-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "s3.json").write_text(json.dumps(_IDENTITIES))
        port, *others = _free_ports(len(_PORTS) + 1)
        weed = shutil.which("weed", path=sysconfig.get_path("scripts")) or "weed"
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                    *("-filer", "-s3", f"-s3.port={port}", f"-s3.config={folder}/s3.json"),
                    *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"),
                    *("-master.volumeSizeLimitMB=64", "-volume.max=60"),
                    "-master.volumePreallocate=false",
                    *(f"{name}={number}" for name, number in zip(_PORTS, others, strict=True)),
                ],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        try:
            server = S3Server(port)
            _make_bucket(server, process)
            yield server
        finally:
            process.kill()  # its own goodbye takes half a minute
            process.wait()


def _make_bucket(server: S3Server, process: "subprocess.Popen[bytes]") -> None:
    client = server.client
    deadline = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
            # The first object waits for a volume to be made.
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@dataclass
class Proxy:
    """Hands requests on to the store and counts them; `plan` says what goes wrong with which.

    A fault is ``(method, what)``: the next request of that method is cut after so many bytes of
    the answer's body (an int; -1 for no answer at all), or answered with a status and an error code
    (a tuple) by the proxy itself.
    """

    server: S3Server
    requests: list[str] = field(default_factory=list)
    plan: list[tuple[str, int | tuple[int, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, method: str) -> list[str]:
        return [line for line in self.requests if line.startswith(method)]

    @contextlib.contextmanager
    def running(self) -> Iterator["Proxy"]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while (request := _read_message(connection)) is not None:
                head, body = request
                line = head.split(b"\r\n", 1)[0].decode()
                self.requests.append(line)
                fault = self._fault(line)
                if isinstance(fault, tuple):
                    connection.sendall(_answer(*fault))
                    continue
                answer = self._ask(head + body)
                if fault is not None:
                    head_bytes = answer.index(b"\r\n\r\n") + 4
                    connection.sendall(answer[: head_bytes + fault] if fault >= 0 else b"")
                    return
                connection.sendall(answer)

    def _fault(self, line: str) -> int | tuple[int, str] | None:
        for place, (method, what) in enumerate(self.plan):
            if line.startswith(method):
                del self.plan[place]
                return what
        return None

    def _ask(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection:")]
        with socket.create_connection(("127.0.0.1", self.server.port)) as upstream:
            upstream.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            answer = bytearray()
            while chunk := upstream.recv(1 << 16):
                answer += chunk
        return bytes(answer).replace(b"Connection: close\r\n", b"", 1)


def _read_message(connection: socket.socket) -> tuple[bytes, bytes] | None:
    data = bytearray()
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(1 << 16)
        if not chunk:
            return None
        data += chunk
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if headers.get(b"expect") == b"100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = b"\r\n".join(
            line for line in head.split(b"\r\n") if not line.lower().startswith(b"expect:")
        )
    missing = int(headers.get(b"content-length", b"0")) - len(body)
    parts = [body]
    while missing > 0:
        chunk = connection.recv(min(missing, 1 << 16))
        if not chunk:
            return None
        parts.append(chunk)
        missing -= len(chunk)
    return head + b"\r\n\r\n", b"".join(parts)


def _answer(status: int, code: str) -> bytes:
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(body),
        body,
    )
