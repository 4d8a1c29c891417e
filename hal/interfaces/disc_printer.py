"""Capability: print on a disc's label side, and look at what was printed."""

from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class DiscPrinter(Protocol):
    """A printer with a tray that takes one disc at a time from the robot or a person."""

    @property
    def name(self) -> str: ...

    async def open_tray(self) -> None: ...

    async def close_tray(self) -> None: ...

    async def print(self, image: Path, title: str) -> None:
        """Print the image file onto the disc in the tray; returns when the printer is done.

        Raises:
            HalError: 3260 no disc, 3261 out of ink, 3262 stopped or offline, 3263 the job was
                aborted, 1040 and 1041 the command.
        """
        ...


@runtime_checkable
class Camera(Protocol):
    """A camera that sees a printed disc, or the slots of a cabinet."""

    @property
    def name(self) -> str: ...

    async def take_frame(self, to: Path) -> None:
        """Take a fresh picture and write it as a PNG file.

        Raises:
            HalError: 1050 the camera cannot be opened, 1051 it gives no picture.
        """
        ...
