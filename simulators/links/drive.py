"""A drive on its cable: driven by the loop's clock, used by one program at a time.

What a host would see as the drive's block device is a symbolic link to the disc's
bytes. It exists while a disc with data spins in the closed drive.
"""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulators.devices.drive.drive import GONE, Drive, Order, Outputs
from simulators.devices.drive.surface import DIRTY_LENS, copy_degraded
from simulators.world.disc import Disc, DiscState
from simulators.world.power import DRIVE_BURN_W, DRIVE_IDLE_W, DRIVE_READ_W
from simulators.world.world import World


class BusyError(Exception):
    """Another program has the drive."""


class DriveWire:
    """One running drive."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.link = world.folder / "dev" / name
        self._drive = Drive(world, name, asyncio.get_running_loop().time())
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._busy = False
        self._writing = False
        self._written = 0
        self._told = self._tick()

    @property
    def disc(self) -> Disc | None:
        """The disc that spins in the drive."""
        return self._drive.disc if self._told.ready else None

    @property
    def gone(self) -> bool:
        return f"{GONE}:{self.name}" in self.world.state.faults

    @contextmanager
    def acquired(self) -> Iterator[None]:
        """Have the drive for oneself.

        Raises:
            BusyError: at once, when someone else has it.
        """
        if self._busy:
            raise BusyError(self.name)
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While a burn is under way, nothing can be read."""
        self._writing = True
        self._written = 0
        self.refresh()
        try:
            yield
        finally:
            self._writing = False
            self.refresh()

    def note_written(self, size_bytes: int) -> None:
        """How far the burn under way has come."""
        self._written = size_bytes
        self._changed.set()

    async def until_writing(self) -> None:
        """Wait until a burn is under way whose first bytes are on the disc."""
        while not (self._writing and self._written):
            self._changed.clear()
            await self._changed.wait()

    async def order(self, order: Order) -> None:
        """Give an order and wait until tray and disc have come to rest."""
        self._tick(order)
        while self._told.wake_s < math.inf:
            self._changed.clear()
            await self._changed.wait()

    def refresh(self) -> None:
        """Look at the world again, after a fault or a burn."""
        self._told = self._tick()

    def stop(self) -> None:
        """Cut the power."""
        if self._timer:
            self._timer.cancel()
        self.link.unlink(missing_ok=True)

    def _tick(self, order: Order | None = None) -> Outputs:
        loop = asyncio.get_running_loop()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._told = self._drive.update(loop.time(), order)
        if self._told.wake_s < math.inf:
            self._timer = loop.call_at(self._told.wake_s, self._tick)
        self._draw_power()
        self._show_device()
        self._changed.set()
        return self._told

    def _draw_power(self) -> None:
        spins_w = DRIVE_BURN_W if self._writing else DRIVE_READ_W
        self.world.power.set(self.name, spins_w if self._told.ready else DRIVE_IDLE_W)

    def _show_device(self) -> None:
        target = self._device_target()
        if target is None:
            self.link.unlink(missing_ok=True)
        elif not self.link.is_symlink() or self.link.readlink() != target:
            beside = self.link.with_suffix(".new")
            beside.unlink(missing_ok=True)
            beside.symlink_to(target)
            beside.replace(self.link)

    def _device_target(self) -> Path | None:
        disc = self.disc
        if disc is None or disc.state is DiscState.BLANK or self._writing or self.gone:
            return None
        image = self.world.image_path(disc)
        if f"{DIRTY_LENS}:{self.name}" not in self.world.state.faults:
            return image
        degraded = image.with_suffix(f".{self.name}.img")
        if not degraded.exists() or degraded.stat().st_mtime_ns != image.stat().st_mtime_ns:
            copy_degraded(disc, image, degraded)
        return degraded
