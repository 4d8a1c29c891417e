"""A simulated command, whoever runs it: a process over the control socket, or a test in memory.

The command itself is a `Program`: it is given its arguments and a `Host`, which is its standard
input, output and error. Bytes of media never pass through the cabinet: the host moves them between
its pipes and the file that the program names.
"""

import asyncio
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Protocol


class Host(Protocol):
    """Standard input and output of one run of a program."""

    def say(self, text: str) -> None:
        """Write to standard error."""
        ...

    def answer(self, text: str) -> None:
        """Write to standard output."""
        ...

    async def copy_input(self, path: Path, offset: int, limit: int) -> int:
        """Move bytes from standard input into the file; return how many, 0 at the end.

        Returns fewer than `limit` only at the end of the input.
        """
        ...

    async def copy_output(self, path: Path, offset: int, length: int) -> int:
        """Move bytes of the file to standard output; return how many: fewer at the file's end."""
        ...


class Program(Protocol):
    """One command of a cabinet's computer."""

    @property
    def farewell(self) -> str | None:
        """What it says when SIGTERM ends it, with exit code 1; None dies of the signal."""
        ...

    async def run(self, argv: tuple[str, ...], host: Host, folder: Path | None = None) -> int:
        """Do what the words say and return the exit code.

        `folder` is where relative paths start. Cancelling the call is the death of the program.
        """
        ...

    def stop(self) -> None:
        """The cabinet's power is cut: every run under way loses its device."""
        ...


def absolute(folder: Path, text: str) -> Path:
    """The path that a program means which runs in the folder; links are not followed."""
    return Path(os.path.abspath(folder / text))  # noqa: PTH100  # `resolve` follows links


class Command(ABC):
    """A program whose runs end when the cabinet's power is cut. Subclasses obey the words."""

    farewell: str | None = None
    lost_code = 1
    """Exit code when the device is lost under way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()
        self._powered = True

    def stop(self) -> None:
        self._powered = False
        for task in self._running:
            task.cancel()

    async def run(self, argv: tuple[str, ...], host: Host, folder: Path | None = None) -> int:
        task = asyncio.current_task()
        if task:
            self._running.add(task)
        try:
            return await self.obey(argv, host, folder or Path.cwd())
        except asyncio.CancelledError:
            if self._powered:
                raise
            host.say("Input/output error\n")
            return self.lost_code
        finally:
            if task:
                self._running.discard(task)

    @abstractmethod
    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        """Do what the words say and return the exit code."""
