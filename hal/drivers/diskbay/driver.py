"""A disk bay: tray and power over lines, health by smartctl, the file system by mount and mkfs.

The bay keeps no state of its own: the lines say whether a disk is there, held and powered, and
mount says what is mounted. So it may be made anew at any time over a bay in any state.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from hal.drivers.diskbay import codec
from hal.drivers.diskbay.filesystem import DiskFileSystem
from hal.drivers.diskbay.lines import BayLines, DiskBayTiming, DiskPrograms
from hal.drivers.program.program import Program
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskHealth, DiskRoom


class LineDiskBay:
    """`DiskBay`. `device` exists while the disk is powered and has answered the kernel.

    `mount_point` is a folder of this bay's own; it is made when it is missing.

    Example::

        bay = LineDiskBay(
            "b01", Path("/dev/disk/by-path/…"), lines, programs, Path("/run/stele/disks/b01")
        )
    """

    verified = "simulator"

    def __init__(
        self,
        name: str,
        device: Path,
        lines: BayLines,
        programs: DiskPrograms,
        mount_point: Path,
        *,
        timing: DiskBayTiming | None = None,
    ) -> None:
        self._name = name
        self._device = device
        self._lines = lines
        self._timing = timing or DiskBayTiming()
        self._smartctl = Program(f"smartctl of bay {name}", programs.smartctl, self._timing.smart_s)
        self._file_system = DiskFileSystem(name, device, mount_point, programs, self._timing)
        self._one_call = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._name

    async def is_present(self) -> bool:
        return await self._lines.present.is_active()

    async def is_powered(self) -> bool:
        return await self._lines.power.is_active()

    async def is_held(self) -> bool:
        """Whether the tray is closed and its latch holds it, by the latch's own feedback."""
        return await self._lines.latched.is_active()

    async def ensure_on(self) -> None:
        """Power on and wait until the disk answers. The tray is latched first.

        Raises:
            HalError: 3240 no disk; 3241 it does not come up, and is off again; 3245 the tray is
                not closed.
        """
        async with self._one_call:
            await self._ensure_on()

    async def ensure_off(self) -> None:
        """Unmount, park the heads, power off. No error when off already or empty.

        Raises:
            HalError: 3242 the file system is in use; 1040, 1041, 1043 umount.
        """
        async with self._one_call:
            await self._ensure_off()

    async def ensure_released(self) -> None:
        """Power off and draw the latch.

        Raises:
            HalError: as `ensure_off`; 3246 the latch does not move: it is let back.
        """
        async with self._one_call:
            await self._ensure_off()
            await self._lines.release.set(True)
            if not await self._becomes(self._is_not_latched, self._timing.latch_s):
                await self._lines.release.set(False)
                raise HalError(3246, f"the latch of bay {self._name} does not let the tray go")

    async def ensure_held(self) -> None:
        """Let the latch hold the tray. Raises: HalError: 3245 the tray is not closed."""
        async with self._one_call:
            await self._ensure_held()

    async def health(self) -> DiskHealth:
        """Ask the disk, which must be on.

        Raises:
            HalError: 3240, 3243, 1040 to 1043 as `codec.parse_health`.
        """
        async with self._one_call:
            await self._require_disk()
            if not await self._is_up():
                raise HalError(3243, f"the disk in bay {self._name} is not on")
            run = await self._smartctl.run(*codec.health_argv(str(self._device)))
            return codec.parse_health(self._name, run.exit_code, run.text)

    async def ensure_mounted(self) -> Path:
        """Have the file system mounted, powering on if needed; its root folder.

        Raises:
            HalError: 3240, 3241, 3245; 3244 no file system that can be mounted; 1040, 1041.
        """
        async with self._one_call:
            await self._ensure_on()
            return await self._file_system.ensure_mounted()

    async def room(self) -> DiskRoom:
        """Ask df; of a folder with nothing mounted on it, df would tell the computer's own room.

        Raises:
            HalError: 3243 the disk is not on; 3244 it cannot be mounted; 1040 to 1043 df.
        """
        async with self._one_call:
            if not await self._is_up():
                raise HalError(3243, f"the disk in bay {self._name} is not on")
            await self._file_system.ensure_mounted()
            return await self._file_system.room()

    async def ensure_formatted(self, label: str) -> Path:
        """As `ensure_mounted`, but give a new disk a file system named `label` first.

        Raises:
            HalError: as `ensure_mounted`; 3247 it cannot be mounted and is not blank either, so
                nothing was written; 3248 the file system cannot be made.
        """
        async with self._one_call:
            await self._ensure_on()
            return await self._file_system.ensure_made(label)

    # Inside, under the lock -------------------------------------------------------------------

    async def _ensure_on(self) -> None:
        await self._require_disk()
        await self._ensure_held()
        if not await self._is_up():
            await self._file_system.ensure_unmounted()  # what a disk left that lost its power
        await self._lines.power.set(True)
        if not await self._becomes(self._is_up, self._timing.spin_up_s):
            await self._lines.power.set(False)
            raise HalError(
                3241,
                f"the disk in bay {self._name} does not come up",
                f"{self._device} has not appeared in {self._timing.spin_up_s:g} s",
            )

    async def _ensure_off(self) -> None:
        await self._file_system.ensure_unmounted()
        if await self._is_up():
            # A disk that will not park is switched off all the same: it parks by itself, harder.
            with contextlib.suppress(HalError):
                await self._smartctl.run(*codec.standby_argv(str(self._device)))
        await self._lines.power.set(False)

    async def _ensure_held(self) -> None:
        if await self._lines.release.is_active():
            await self._lines.release.set(False)
        if not await self._becomes(self.is_held, self._timing.latch_s):
            raise HalError(3245, f"the tray of bay {self._name} is not closed")

    async def _require_disk(self) -> None:
        if not await self.is_present():
            raise HalError(3240, f"there is no disk in bay {self._name}")

    async def _is_up(self) -> bool:
        return await self.is_powered() and await asyncio.to_thread(self._device.exists)

    async def _is_not_latched(self) -> bool:
        return not await self.is_held()

    async def _becomes(self, state: Callable[[], Awaitable[bool]], limit_s: float) -> bool:
        """Look until it is so or the time is up; at least once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_s
        while not await state():
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(self._timing.poll_s)
        return True
