"""The file system of the disk in a bay: mounted, unmounted, made on a new disk."""

import asyncio
import os
from pathlib import Path

from hal.drivers.diskbay import codec
from hal.drivers.diskbay.lines import DiskBayTiming, DiskPrograms
from hal.drivers.program.program import Outcome, Program
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskRoom

EDGE_BYTES = 1 << 20
"""A disk is new when its first and last MiB are zeros: what marks partitions, file systems and
members of an array stands there."""


class DiskFileSystem:
    """`mount_point` is a folder of this bay's own; it is made when it is missing."""

    def __init__(
        self,
        name: str,
        device: Path,
        mount_point: Path,
        programs: DiskPrograms,
        timing: DiskBayTiming,
    ) -> None:
        self._name = name
        self._device = device
        self._mount_point = mount_point
        self._mount = Program(f"mount of bay {name}", programs.mount, timing.mount_s)
        self._umount = Program(f"umount of bay {name}", programs.umount, timing.unmount_s)
        self._mkfs = Program(f"mkfs of bay {name}", programs.mkfs, timing.make_s)
        self._df = Program(f"df of bay {name}", programs.df, timing.df_s)
        self._may_be_mounted = True
        """False only after umount said so: spares asking it again for a bay that stays off."""

    async def ensure_mounted(self) -> Path:
        """Raises: HalError: 3244 no file system that can be mounted; 1040 to 1042 mount."""
        run = await self._try_mount()
        if run is not None:
            raise self._not_mountable(run)
        return self._mount_point

    async def ensure_made(self, label: str) -> Path:
        """Mount it; on a new disk, make one named `label` before.

        Raises:
            HalError: 3244; 3247 it cannot be mounted and the disk is not blank either, so nothing
                was written; 3248 the file system cannot be made.
        """
        run = await self._try_mount()
        if run is None:
            return self._mount_point
        if not codec.lacks_file_system(run.lines):
            raise self._not_mountable(run)
        await self._require_blank()
        made = await self._mkfs.run(*codec.mkfs_argv(str(self._device), label))
        again = await self._try_mount() if made.exit_code == 0 else made
        if again is not None:
            raise HalError(
                3248, f"no file system can be made in bay {self._name}", again.last_words
            )
        return self._mount_point

    async def ensure_unmounted(self) -> None:
        """Raises: HalError: 3242 in use; 1040 to 1043 umount."""
        if not self._may_be_mounted:
            return
        if await asyncio.to_thread(os.path.lexists, self._mount_point):
            run = await self._umount.run(str(self._mount_point))
            if codec.is_in_use(run.lines):
                raise HalError(3242, f"the disk in bay {self._name} is in use", run.last_words)
            if run.exit_code != 0 and not codec.was_not_mounted(run.lines):
                raise HalError(1043, f"the disk in bay {self._name} stays mounted", run.last_words)
        self._may_be_mounted = False

    async def room(self) -> DiskRoom:
        """Of what is mounted. Raises: HalError: 3244 df finds nothing; 1040 to 1043 df."""
        run = await self._df.run(*codec.df_argv(str(self._mount_point)))
        if run.exit_code != 0:
            raise HalError(3244, f"the disk in bay {self._name} is not mounted", run.last_words)
        return codec.parse_room(self._name, run.lines)

    # Inside -----------------------------------------------------------------------------------

    async def _try_mount(self) -> Outcome | None:
        """`None` when it is mounted; otherwise what mount said."""
        await self._prepare_mount_point()
        # mount tells its folder without symbolic links; the folder itself may be one.
        parent = await asyncio.to_thread(self._mount_point.parent.resolve)
        folder = str(parent / self._mount_point.name)
        self._may_be_mounted = True
        run = await self._mount.run(*codec.mount_argv(str(self._device), folder))
        if run.exit_code == 0 or codec.is_mounted_there(run.lines, folder):
            return None
        return run

    async def _prepare_mount_point(self) -> None:
        """Have a folder to mount on. One that cannot be listed is what a disk left that lost its
        power for a moment."""
        try:
            await asyncio.to_thread(_ensure_folder, self._mount_point)
        except OSError:
            self._may_be_mounted = True
            await self.ensure_unmounted()
            try:
                await asyncio.to_thread(_ensure_folder, self._mount_point)
            except OSError as error:
                raise HalError(3244, f"bay {self._name} has no mount point", str(error)) from error

    async def _require_blank(self) -> None:
        try:
            edges = await asyncio.to_thread(_edges, self._device)
        except OSError as error:
            raise HalError(
                3248, f"the disk in bay {self._name} cannot be read", str(error)
            ) from error
        if edges.strip(b"\0"):
            raise HalError(
                3247, f"the disk in bay {self._name} is not blank, so it was not formatted"
            )

    def _not_mountable(self, run: Outcome) -> HalError:
        return HalError(3244, f"the disk in bay {self._name} cannot be mounted", run.last_words)


def _ensure_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    next(folder.iterdir(), None)


def _edges(device: Path) -> bytes:
    with device.open("rb") as disk:
        first = disk.read(EDGE_BYTES)
        disk.seek(max(0, disk.seek(0, os.SEEK_END) - EDGE_BYTES))
        return first + disk.read(EDGE_BYTES)
