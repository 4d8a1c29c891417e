"""The computer's side of all bays: device files that come and go, and what is mounted where."""

import asyncio
import os
from pathlib import Path

from simulators.devices.disk import filesystem
from simulators.links.program import absolute
from simulators.world.disks import Disk
from simulators.world.world import World

LOST = "lost"
"""What a mount point leads to, below the world's folder, when its disk has lost its power."""


class BayShelf:
    """Keeps `dev/b01`… and the mount points as bays and power stand."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._mounted: dict[str, tuple[Path, str]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        for name in world.bays.names:
            if world.bays[name].mounted_at:  # the computer was switched off together with us
                self._restore_folder(Path(world.bays[name].mounted_at))
                world.bays[name].mounted_at = ""
        world.save("bays")
        world.watch(self._on_change)
        self.refresh()

    def _on_change(self, fields: frozenset[str]) -> None:
        if fields & {"bays", "disks", "faults"}:
            self.refresh()

    def refresh(self) -> None:
        """Look at every bay again."""
        for name in self.world.bays.names:
            self._refresh(name)

    def _refresh(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()
        ready_s, now_s = self.world.bays.ready_at_s(name), self.world.now()
        if ready_s is not None and ready_s > now_s:
            loop = asyncio.get_running_loop()
            self._timers[name] = loop.call_at(ready_s + 1e-3, self._refresh, name)
        disk = self.disk(name)
        link = self.link(name)
        if disk and disk.filesystem:
            filesystem.keep_unreadable(self.world.disk_folder(disk.serial), disk.bad_paths)
        if disk:
            target = filesystem.ensure_device(self.world.disk_folder(disk.serial), disk)
            if not link.is_symlink() or link.readlink() != target:
                _point(link, target)
        else:
            link.unlink(missing_ok=True)
        if name in self._mounted and (not disk or not self.world.bays[name].mounted_at):
            self._lose(name)

    def link(self, bay: str) -> Path:
        """The device of a bay's disk."""
        return self.world.folder / "dev" / bay

    def disk(self, bay: str) -> Disk | None:
        """The disk in the bay, when it answers."""
        return self.world.bays.disk_in(bay) if self.world.bays.is_ready(bay) else None

    def find(self, device: str, folder: Path) -> str | None:
        """The bay whose device this is, and whose disk answers."""
        path = absolute(folder, device)
        for name in self.world.bays.names:
            if path == self.link(name) and self.disk(name):
                return name
        return None

    # Mounting

    @property
    def mounts(self) -> dict[str, Path]:
        """Mount points by bay; those of disks that are gone too, until they are unmounted."""
        return {name: point for name, (point, _) in self._mounted.items()}

    def mount(self, bay: str, point: Path, options: str) -> None:
        """Let the folder be the root of the bay's disk. Raises OSError: it is not empty."""
        disk = self.disk(bay)
        assert disk  # noqa: S101  # the caller has found it
        point.rmdir()
        point.symlink_to(self.world.disk_folder(disk.serial))
        self._mounted[bay] = (point, options)
        self.world.bays[bay].mounted_at = str(point)
        self.world.save("bays")

    def options(self, bay: str) -> str:
        return self._mounted[bay][1]

    def is_busy(self, bay: str) -> bool:
        """Whether a process has a file of the disk open, or stands in one of its folders."""
        disk = self.world.bays.disk_in(bay)
        if disk is None:
            return False
        root = f"{self.world.disk_folder(disk.serial)}/"
        for process in Path("/proc").glob("[0-9]*"):
            try:
                used = [os.readlink(process / "cwd")]  # noqa: PTH115  # may be odd text
                with os.scandir(process / "fd") as entries:
                    used += [os.readlink(entry.path) for entry in entries]  # noqa: PTH115
            except OSError:  # gone, or somebody else's
                continue
            if any(f"{path}/".startswith(root) for path in used):
                return True
        return False

    def unmount(self, bay: str) -> None:
        point, _ = self._mounted.pop(bay)
        self._restore_folder(point)
        self._settle(bay)
        self.world.bays[bay].mounted_at = ""
        self.world.save("bays")

    def _lose(self, bay: str) -> None:
        point, _ = self._mounted[bay]
        if point.is_symlink():
            _point(point, self.world.folder / LOST)
        self._settle(bay)

    def _settle(self, bay: str) -> None:
        """Keep no more on the disk than it holds."""
        disk = self.world.bays.disk_in(bay)
        if disk and disk.filesystem:
            filesystem.cut_to_capacity(self.world.disk_folder(disk.serial), disk)

    def _restore_folder(self, point: Path) -> None:
        if point.is_symlink():
            point.unlink()
            point.mkdir()

    def stop(self) -> None:
        """The computer goes off: nothing is mounted, no device is there."""
        for timer in self._timers.values():
            timer.cancel()
        for bay in tuple(self._mounted):
            self.unmount(bay)
        for name in self.world.bays.names:
            self.link(name).unlink(missing_ok=True)


def _point(link: Path, target: Path) -> None:
    """Let a link lead elsewhere, in one step."""
    link.parent.mkdir(parents=True, exist_ok=True)
    beside = link.with_name(f"{link.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(link)
