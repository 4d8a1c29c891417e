"""Disk bays of plain objects, which note when they were switched."""

import asyncio
from pathlib import Path

from hal.errors import HalError
from hal.interfaces.disk_bay import DiskHealth, DiskRoom

SPIN_UP_S = 8.0


class PaperBay:
    def __init__(self, name: str, *, present: bool = True) -> None:
        self.name = name
        self.present = present
        self.on = False
        self.released = False
        self.dead = False
        self.busy = False
        self.acts: list[tuple[str, float]] = []

    def _note(self, act: str) -> None:
        self.acts.append((act, asyncio.get_running_loop().time()))

    def times(self, act: str) -> list[float]:
        return [at_s for what, at_s in self.acts if what == act]

    async def is_present(self) -> bool:
        return self.present

    async def is_powered(self) -> bool:
        return self.on

    async def ensure_on(self) -> None:
        if not self.present:
            raise HalError(3240, f"bay {self.name} has no disk")
        self._note("on")
        self.on = True
        await asyncio.sleep(SPIN_UP_S)
        if self.dead:
            raise HalError(3241, f"the disk in {self.name} does not come up")

    async def ensure_off(self) -> None:
        if self.busy:
            raise HalError(3242, f"the disk in {self.name} is in use")
        if self.on:
            self._note("off")
        self.on = False

    async def ensure_released(self) -> None:
        await self.ensure_off()
        self.released = True

    async def ensure_held(self) -> None:
        self.released = False

    async def room(self) -> DiskRoom:
        return DiskRoom(10**12, 10**12)

    async def health(self) -> DiskHealth:
        return DiskHealth("serial", "model", 10**12, passed=True)

    async def ensure_mounted(self) -> Path:
        await self.ensure_on()
        return Path("/nowhere")
