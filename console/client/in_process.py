"""The console's own API without a server: the same application, called in this process."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication

from werkzeug.datastructures import Headers

from console.client.transport import Content


class InProcessTransport:
    """Calls a WSGI application. Bodies stream in both directions as they do over a wire."""

    def __init__(self, app: WSGIApplication, on_close: Callable[[], None]) -> None:
        self._app = app
        self._on_close = on_close

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: Content
    ) -> "InProcessAnswer":
        """Whatever goes wrong inside, the application answers with a failure."""
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": _body(content),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        if isinstance(content, bytes):
            environ["CONTENT_LENGTH"] = str(len(content))
        elif content is None:
            environ["CONTENT_LENGTH"] = "0"
        started: list[Any] = []

        def start_response(status: str, found: list[tuple[str, str]], *_: Any) -> Any:
            started[:] = [int(status[:3]), Headers(found)]
            return started.append

        parts = self._app(environ, start_response)
        return InProcessAnswer(started, parts)

    def close(self) -> None:
        self._on_close()


class InProcessAnswer:
    def __init__(self, started: list[Any], parts: Iterable[bytes]) -> None:
        self._parts = parts
        self._first = iter(parts)
        # An application may only say its status once it is asked for the first piece.
        self._ready = [] if started else [next(self._first, b"")]
        self.status: int = started[0]
        self.headers: Mapping[str, str] = started[1]

    def chunks(self) -> Iterator[bytes]:
        yield from self._ready
        yield from self._first

    def close(self) -> None:
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()


def _body(content: Content) -> io.BufferedIOBase:
    if content is None or isinstance(content, bytes):
        return io.BytesIO(content or b"")
    return io.BufferedReader(_Pieces(iter(content)), 1 << 20)


class _Pieces(io.RawIOBase):
    """An iterator of bytes as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
