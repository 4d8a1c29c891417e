"""`smartctl`, `mount`, `umount`, `mkfs` and `df`, over the bays of one cabinet."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from simulators.devices.disk import filesystem, smart
from simulators.links.disks.shelf import BayShelf
from simulators.links.program import Command, Host, absolute

ASKING_S = 0.5
MOUNTING_S = 0.4
FORMATTING_S = 5.0
MOUNT_FAILED, USAGE = 32, 1
DMESG = "       dmesg(1) may have more information after failed mount system call.\n"


class Smartctl(Command):
    """`smartctl --json -a DEV`, and `smartctl -s standby,now DEV`, which parks the heads."""

    lost_code = smart.COMMAND_FAILED

    def __init__(self, shelf: BayShelf) -> None:
        super().__init__()
        self._shelf = shelf

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        if argv[:2] == ("-s", "standby,now"):
            return await self._park(argv[-1], host, folder)
        words = [word for word in argv if not word.startswith("-")]
        if not {"--json", "-j", "--json=c"} & set(argv) or len(words) != 1:
            host.say("smartctl: only --json -a DEVICE is simulated\n")
            return smart.NO_DEVICE
        await asyncio.sleep(ASKING_S)
        now, device = datetime.now(UTC), words[0]
        bay = self._shelf.find(device, folder)
        disk = self._shelf.disk(bay) if bay else None
        if disk is None:
            text = f"{device}: Unable to detect device type"
            answer, status = smart.refusal(argv, text, smart.NO_DEVICE, now), smart.NO_DEVICE
        elif f"smart-silent:{disk.serial}" in self._shelf.world.state.faults:
            text = "Read Device Identity failed: Input/output error"
            answer, status = smart.refusal(argv, text, smart.OPEN_FAILED, now), smart.OPEN_FAILED
        else:
            answer, status = smart.report(argv, device, disk, now)
        host.answer(json.dumps(answer, indent=2) + "\n")
        return status

    async def _park(self, device: str, host: Host, folder: Path) -> int:
        await asyncio.sleep(ASKING_S)
        bay = self._shelf.find(device, folder)
        disk = self._shelf.disk(bay) if bay else None
        if disk is None:
            host.say(f"{device}: Unable to detect device type\n")
            return smart.NO_DEVICE
        disk.smart.load_cycles += 1
        self._shelf.world.save("disks")
        host.answer("Device placed in STANDBY mode\n")
        return 0


class Mount(Command):
    """`mount [-t TYPE] [-o OPTIONS] [-r] DEV DIR`; `mount` alone lists what is mounted."""

    lost_code = MOUNT_FAILED

    def __init__(self, shelf: BayShelf) -> None:
        super().__init__()
        self._shelf = shelf

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        plain, options = _split(argv, ("-t", "-o", "--types", "--options"))
        if not plain:
            for name, where in self._shelf.mounts.items():
                how = self._shelf.options(name)
                host.answer(f"{self._shelf.link(name)} on {where} type ext4 ({how})\n")
            return 0
        if len(plain) != 2:
            host.say("mount: bad usage\nTry 'mount --help' for more information.\n")
            return USAGE
        device, point = plain[0], absolute(folder, plain[1])
        await asyncio.sleep(MOUNTING_S)
        bay = self._shelf.find(device, folder)
        refusal = self._refusal(device, point, bay)
        if refusal or bay is None:
            host.say(f"mount: {point}: {refusal}\n{DMESG}")
            return MOUNT_FAILED
        read_only = {"-r", "--read-only", "ro"} & {*argv, *",".join(options).split(",")}
        try:
            self._shelf.mount(bay, point, "ro,relatime" if read_only else "rw,relatime")
        except OSError as error:  # a kernel would cover what is in it; a link cannot
            host.say(f"mount: {point}: {error.strerror}.\n")
            return MOUNT_FAILED
        return 0

    def _refusal(self, device: str, point: Path, bay: str | None) -> str:
        mounts = self._shelf.mounts
        if not point.is_dir() and point not in mounts.values():
            return "mount point does not exist."
        if bay is None:
            return f"special device {device} does not exist."
        if bay in mounts:
            return f"{device} already mounted on {mounts[bay]}."
        disk = self._shelf.disk(bay)
        if disk is None or not disk.filesystem:
            return (
                f"wrong fs type, bad option, bad superblock on {device}, missing codepage or"
                " helper program, or other error."
            )
        if f"disk-unmountable:{disk.serial}" in self._shelf.world.state.faults:
            return f"can't read superblock on {device}."
        return ""


class Umount(Command):
    """`umount [-l] DIR|DEV`."""

    lost_code = MOUNT_FAILED

    def __init__(self, shelf: BayShelf) -> None:
        super().__init__()
        self._shelf = shelf

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        plain, _ = _split(argv, ("-t", "-O"))
        if len(plain) != 1:
            host.say("umount: bad usage\nTry 'umount --help' for more information.\n")
            return USAGE
        await asyncio.sleep(MOUNTING_S)
        target = absolute(folder, plain[0])
        for bay, point in self._shelf.mounts.items():
            if target in (point, self._shelf.link(bay)):
                if not {"-l", "--lazy"} & set(argv) and self._shelf.is_busy(bay):
                    host.say(f"umount: {plain[0]}: target is busy.\n")
                    return MOUNT_FAILED
                self._shelf.unmount(bay)
                return 0
        host.say(f"umount: {plain[0]}: {_why_not(target)}.\n")
        return MOUNT_FAILED


class Mkfs(Command):
    """`mkfs.ext4 [-q] [-F] [-L LABEL] DEV`."""

    def __init__(self, shelf: BayShelf) -> None:
        super().__init__()
        self._shelf = shelf

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        plain, values = _split(argv, ("-L", "-b", "-m", "-E", "-O", "-T", "-U", "-N", "-i", "-I"))
        host.say("mke2fs 1.47.0 (5-Feb-2023)\n")
        device = plain[0] if plain else ""
        bay = self._shelf.find(device, folder)
        if bay is None:
            host.say(f"The file {device} does not exist and no size was specified.\n")
            return 1
        if bay in self._shelf.mounts:
            host.say(f"{device} is mounted; will not make a filesystem here!\n")
            return 1
        await asyncio.sleep(FORMATTING_S)
        disk = self._shelf.disk(bay)
        if disk is None or f"disk-unwritable:{disk.serial}" in self._shelf.world.state.faults:
            host.say("mkfs.ext4: Input/output error while writing out and closing file system\n")
            return 1
        label = values[0] if "-L" in argv else ""
        filesystem.make_filesystem(self._shelf.world.disk_folder(disk.serial), disk, label)
        self._shelf.world.save("disks")
        if "-q" not in argv:
            host.answer(f"Filesystem UUID: {disk.uuid}\nWriting superblocks: done\n\n")
        return 0


class Df(Command):
    """`df -B1 --output=size,used,avail DIR|DEV`, whatever is asked for."""

    def __init__(self, shelf: BayShelf) -> None:
        super().__init__()
        self._shelf = shelf

    async def obey(self, argv: tuple[str, ...], host: Host, folder: Path) -> int:
        plain, _ = _split(argv, ())
        target = absolute(folder, plain[-1]) if plain else folder
        for bay, point in self._shelf.mounts.items():
            disk = self._shelf.disk(bay)
            if disk and (target == self._shelf.link(bay) or target.is_relative_to(point)):
                size = filesystem.usable_bytes(disk)
                used = filesystem.used_bytes(self._shelf.world.disk_folder(disk.serial))
                figures = {"size": size, "used": used, "avail": max(0, size - used)}
                columns = _columns(argv)
                host.answer(" ".join(_TITLES[word].rjust(14) for word in columns) + "\n")
                host.answer(" ".join(str(figures[word]).rjust(14) for word in columns) + "\n")
                return 0
        host.say(f"df: {plain[-1] if plain else folder}: No such file or directory\n")
        return 1


def _why_not(target: Path) -> str:
    return "not mounted" if target.exists() else "no mount point specified"


_TITLES = {"size": "1B-blocks", "used": "Used", "avail": "Avail"}


def _columns(argv: tuple[str, ...]) -> list[str]:
    for word in argv:
        if word.startswith("--output="):
            return [name for name in word.removeprefix("--output=").split(",") if name in _TITLES]
    return list(_TITLES)


def _split(argv: tuple[str, ...], with_value: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What stands alone among the words, and the values of those options that have one.

    `-L` comes first among the values, wherever it stood.
    """
    plain: list[str] = []
    values: list[str] = []
    label: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            continue
        if word in with_value:
            (label if word == "-L" else values).append(next(words, ""))
        elif not word.startswith("-"):
            plain.append(word)
    return plain, label + values
