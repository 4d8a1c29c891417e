"""The process of a simulated command: a thin client of the cabinet's control socket.

It sends its arguments, prints what it is told, and moves bytes between its pipes and the file that
it is told, in large blocks, so that the bytes of media never pass through the cabinet. One JSON
object a line:

    to the cabinet    {"program": word, "argv": […], "folder": cwd} · {"moved": bytes}
                      · {"terminate": true}
    from the cabinet  {"say": text} · {"answer": text} · {"copy": [path, offset, limit]}
                      · {"give": [path, offset, length]} · {"exit": code}

It starts quickly because it imports next to nothing. Death of the cabinet looks like a device that
has lost its cable.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

from simulators.links.socket_path import short_path

STDIN, STDOUT = 0, 1
BLOCK_BYTES = 1024 * 1024
BURNER = "burner"
WORDS = {
    BURNER: 5,
    "smartctl": 2,
    "mount": 32,
    "umount": 32,
    "mkfs": 1,
    "df": 1,
    "mtx": 1,
    "mt": 2,
    "dd": 1,
    "lp": 1,
    "lpstat": 1,
    "cancel": 1,
    "tray": 1,
}
"""Every simulated command, and its exit code when the device is gone."""


class _TerminatedError(Exception):
    """SIGTERM arrived."""


class _EndedError(Exception):
    """The cabinet told the exit code."""


class _Client:
    """One run of the command."""

    def __init__(self, folder: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with short_path(folder) as path:
            self._socket.connect(path)
        self._pending = b""
        self._open: dict[str, int] = {}
        self._block = memoryview(bytearray(BLOCK_BYTES))
        self._terminated = False

    def send(self, **message: Any) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def terminate(self) -> None:
        """Tell that SIGTERM has arrived, and move no more bytes.

        Whatever is sent after this may find the cabinet's end closed, and closing it with
        something unread would lose the exit code on its way here.
        """
        self._terminated = True
        self.send(terminate=True)

    def receive(self) -> Iterator[dict[str, Any]]:
        """Wait for messages; there is at least one."""
        while b"\n" not in self._pending:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError
            self._pending += data
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            yield json.loads(line)

    def work(self) -> None:
        """Do as told until the end."""
        while True:
            for message in self.receive():
                self._obey(message)

    def _obey(self, message: dict[str, Any]) -> None:
        if "say" in message:
            sys.stderr.write(message["say"])
            sys.stderr.flush()
        elif "answer" in message:
            sys.stdout.write(message["answer"])
            sys.stdout.flush()
        elif self._terminated and "exit" not in message:
            return
        elif "copy" in message:
            self.send(moved=self._copy(*message["copy"]))
        elif "give" in message:
            self.send(moved=self._give(*message["give"]))
        else:
            raise _EndedError(message["exit"])

    def _copy(self, path: str, offset: int, limit: int) -> int:
        if path not in self._open:
            self._open[path] = os.open(path, os.O_WRONLY)
        copied = 0
        while copied < limit:
            ready, _, _ = select.select([STDIN, self._socket.fileno()], [], [])
            if self._socket.fileno() in ready:
                for message in self.receive():
                    self._obey(message)
                continue
            # One buffer for all: fresh memory for every block costs more than the copying.
            count = os.readv(STDIN, [self._block[: limit - copied]])
            if not count:
                break
            view = self._block[:count]
            while view:
                written = os.pwrite(self._open[path], view, offset + copied)
                copied += written
                view = view[written:]
        return copied

    def _give(self, path: str, offset: int, length: int) -> int:
        given = 0
        file = os.open(path, os.O_RDONLY)
        try:
            while given < length:
                view = self._block[: length - given]
                view = view[: os.preadv(file, [view], offset + given)]
                if not view:
                    break
                given += len(view)
                while view:
                    view = view[os.write(STDOUT, view) :]
        finally:
            os.close(file)
        return given


def _raise_terminated(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _TerminatedError


def main(word: str, folder: str, argv: list[str]) -> int:
    """Run the command; return its exit code."""
    lost = "libburn : FATAL" if word == BURNER else word
    try:
        client = _Client(folder)
    except OSError as error:
        sys.stderr.write(f"{lost} : no cabinet answers in {folder}: {error}\n")
        return WORDS[word]
    if word == BURNER:
        signal.signal(signal.SIGTERM, _raise_terminated)
    with contextlib.suppress(OSError):
        fcntl.fcntl(STDIN, fcntl.F_SETPIPE_SZ, BLOCK_BYTES)
    try:
        try:
            # pathlib is slow to import
            client.send(program=word, argv=argv, folder=os.getcwd())  # noqa: PTH109
            client.work()
        except _TerminatedError:
            client.terminate()
            client.work()
    except _EndedError as end:
        return int(end.args[0])
    except (ConnectionError, BrokenPipeError):
        sys.stderr.write(f"{lost} : Lost connection to drive\n")
    return WORDS[word]
