"""A host's end of the lines' socket (`simulators.links.gpio_socket`), for threads.

Changes come in by a thread of their own and are told by another, so that whoever is told may use
any line.
"""

import json
import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulators.links.socket_path import short_path

PATIENCE_S = 5.0
"""Seconds that the cabinet may take to answer."""

Watcher = Callable[[float, int], None]
"""Told the time (host's monotonic clock, seconds) and the level."""


class GpioClient:
    """The connection to the cabinet: levels as last told, and who wants to know of changes."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            with short_path(path.parent, path.name) as short:
                self._socket.connect(short)
        except OSError as error:
            self._socket.close()
            raise OSError(error.errno, f"no cabinet answers at {path}") from error
        self._changed = threading.Condition()
        self._levels: dict[int, int] = {}
        self._driven: dict[int, int] = {}
        """Outputs as last set here; what the cabinet says of them may be of an earlier setting."""
        self._errors: dict[int, str] = {}
        self._watchers: dict[int, Watcher] = {}
        self._news: queue.SimpleQueue[tuple[int, float, int] | None] = queue.SimpleQueue()
        self.is_gone = False
        threads = {"listen": self._listen, "tell": self._tell}
        for name, work in threads.items():
            threading.Thread(target=work, name=f"stele-sim gpio {name}", daemon=True).start()

    def setup(self, number: int, output: bool, pull: str) -> None:
        """Make a line an input or output, and wait until its level is known."""
        with self._changed:
            for known in (self._levels, self._driven, self._errors):
                known.pop(number, None)
            self._send(setup=number, output=output, pull=pull)
            answered = self._changed.wait_for(
                lambda: self.is_gone or number in self._levels or number in self._errors,
                PATIENCE_S,
            )
            if not answered:
                raise TimeoutError(f"the cabinet does not answer for line {number}")
            if number in self._errors:
                raise OSError(self._errors.pop(number))
            self._require()

    def drive(self, number: int, level: int) -> None:
        """Set an output; what is read of it from now on is that level."""
        with self._changed:
            self._require()
            self._driven[number] = level
            self._send(set=number, value=level)

    def level(self, number: int) -> int:
        """A line's level as last told. Raises OSError: the cabinet has gone."""
        with self._changed:
            self._require()
            return self._driven.get(number, self._levels[number])

    def watch(self, number: int, watcher: Watcher | None) -> None:
        """Tell somebody of a line's changes, or nobody any more."""
        if watcher is None:
            self._watchers.pop(number, None)
        else:
            self._watchers[number] = watcher

    def until_gone(self, timeout_s: float) -> None:
        """Wait until the cabinet has hung up. Raises TimeoutError: it has not."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.is_gone, timeout_s):
                raise TimeoutError("the cabinet is still there")

    def close(self) -> None:
        """Hang up."""
        with self._changed:
            self.is_gone = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # the cabinet was quicker
            return

    def _require(self) -> None:
        if self.is_gone:
            raise OSError("the cabinet has gone")

    def _send(self, **message: object) -> None:
        self._require()
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _listen(self) -> None:
        with self._socket, self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    self._hear(json.loads(line))
            except (OSError, ValueError):  # torn off in the middle of a line
                pass
            with self._changed:
                self.is_gone = True
                self._changed.notify_all()
        self._news.put(None)

    def _hear(self, message: dict[str, Any]) -> None:
        number = message.get("pin")
        if number is None:
            return
        with self._changed:
            if "error" in message:
                self._errors[number] = str(message["error"])
            else:
                level = int(message["value"])
                before = self._levels.get(number)
                self._levels[number] = level
                if before not in (None, level):
                    self._news.put((number, message["at_ns"] / 1e9, level))
            self._changed.notify_all()

    def _tell(self) -> None:
        while news := self._news.get():
            number, at_s, level = news
            watcher = self._watchers.get(number)
            if watcher:
                watcher(at_s, level)
