"""The trays at the desk: opened, closed, and looked into by closing them."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Protocol

from hal.errors import HalError
from hal.interfaces.guidance import Motion
from hal.interfaces.optical_drive import DiscStatus, OpticalDrive


class Tray(Protocol):
    """What drives and printers have in common."""

    async def open_tray(self) -> None: ...

    async def close_tray(self) -> None: ...


class Desk:
    """Drives, and printers, which cannot tell whether a disc is in them."""

    def __init__(
        self, drives: Mapping[str, OpticalDrive], printers: Mapping[str, Tray] | None = None
    ) -> None:
        self._drives = drives
        self._printers = printers or {}
        self.names = (*drives, *self._printers)
        self.motion: Motion = nullcontext

    async def open(self, name: str) -> None:
        async with self.motion():
            await self._tray(name).open_tray()

    async def has_disc(self, name: str) -> bool | None:
        """Close the tray and ask; unset for a printer, which does not know.

        Raises:
            HalError: 32xx the drive does not answer.
        """
        async with self.motion():
            await self._tray(name).close_tray()
            drive = self._drives.get(name)
            if drive is None:
                return None
            return (await drive.disc()).status is not DiscStatus.ABSENT

    def _tray(self, name: str) -> Tray:
        tray = self._drives.get(name) or self._printers.get(name)
        if tray is None:
            raise HalError(2107, f"this library has no drive {name}")
        return tray
