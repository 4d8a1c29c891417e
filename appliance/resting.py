"""Locks brought to where they are without power, by whoever finds the firmware gone."""

import asyncio
from collections.abc import Awaitable

from appliance.hardware import Hardware
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskBay


async def bring_to_rest(hardware: Hardware) -> list[str]:
    """Let out every bolt, latch and drawer; what does not follow, in words. Motion and disks'
    power are left alone: a robot finishes what it was told, a disk may be written to.

    Every lock is tried, whatever another does. A bolt beside an open door goes out too: nobody
    is left who would let it out when the door is closed.
    """
    names: list[str] = []
    acts: list[Awaitable[None]] = []
    for name, lock in hardware.locks.items():
        names.append(f"door {name}")
        acts.append(lock.ensure_locked())
    for place, latch in hardware.latches.items():
        names.append(f"magazine {place}")
        acts.append(latch.ensure_locked())
    for bay, disk in hardware.bays.items():
        names.append(f"bay {bay}")
        acts.append(_hold(disk))
    done = await asyncio.gather(*acts, return_exceptions=True)
    faults = []
    for name, outcome in zip(names, done, strict=True):
        if isinstance(outcome, HalError):
            faults.append(f"{name}: {outcome.message}")
        elif isinstance(outcome, BaseException):
            raise outcome
    return faults


async def _hold(disk: DiskBay) -> None:
    if not await disk.is_held():
        await disk.ensure_held()
