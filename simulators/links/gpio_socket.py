"""The computer's digital lines as a unix socket, for a firmware in a process of its own.

Lines of JSON. The client says `{"setup": 5, "output": false}` (with `"pull": "up"`, which is also
what holds without it, `"down"` or `"floating"`) and `{"set": 6, "value": 1}`. The server says
`{"pin": 5, "value": 0, "at_ns": …}` when a line was set up and at each change; the time is the
host's monotonic clock. What it does not understand it answers with `{"error": text}`; a
`"pin"` beside it says which line the error is about.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from simulators.links.gpio import GpioWire
from simulators.links.socket_port import SocketPort

LONGEST_LINE = 1000
PULLS = ("up", "down", "floating")


class GpioPort(SocketPort):
    """One connection."""

    def __init__(self, wire: GpioWire, connections: set[SocketPort]) -> None:
        super().__init__(connections)
        self._wire = wire
        self._received = b""
        self._watched: dict[int, Callable[[int], None]] = {}

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        for number, watcher in self._watched.items():
            self._wire.unwatch(number, watcher)

    def data_received(self, data: bytes) -> None:
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._obey(line)
        if len(self._received) > LONGEST_LINE:
            self.cut_off()

    def _obey(self, line: bytes) -> None:
        number = None
        try:
            message = json.loads(line)
            number = message.get("setup", message.get("set"))
            if "setup" in message:
                self._setup(int(number), message)
            else:
                self._wire.drive(int(number), int(message["value"]))
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            self._send(pin=number, error=str(error) or type(error).__name__)

    def _setup(self, number: int, message: dict[str, Any]) -> None:
        pull = message.get("pull", "up")
        if pull not in PULLS:
            raise ValueError(f"no pull {pull!r}")
        if number in self._watched:  # its own answer is the one that counts
            self._wire.unwatch(number, self._watched.pop(number))
        level = self._wire.setup(number, output=bool(message.get("output")), pull=pull)
        self._tell(number, level)

        def watcher(changed: int) -> None:
            self._tell(number, changed)

        self._watched[number] = watcher
        self._wire.watch(number, watcher)

    def _tell(self, number: int, level: int) -> None:
        self._send(pin=number, value=level, at_ns=time.monotonic_ns())

    def _send(self, **message: object) -> None:
        self.send(json.dumps(message).encode() + b"\n")
