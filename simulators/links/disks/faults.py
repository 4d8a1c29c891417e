"""What else goes wrong with disks, their file systems and what a hand does to them."""

from typing import TYPE_CHECKING

from simulators.faults.registry import Fault, FaultError, nearest, register
from simulators.world.disks import Disk
from simulators.world.places import OUTSIDE, fault_name

if TYPE_CHECKING:
    from simulators.cabinet import Cabinet

SILENT = "smart-silent"
"""Name of the fault in the world, with a disk's serial: it does not answer IDENTIFY."""
UNMOUNTABLE = "disk-unmountable"
"""Name of the fault in the world, with a disk's serial: its file system cannot be read."""
UNWRITABLE = "disk-unwritable"
"""Name of the fault in the world, with a disk's serial: no file system can be made on it."""
DISK = "WHERE is a disk's serial or its bay."


def _find(cabinet: "Cabinet", fault: Fault) -> Disk:
    disks = cabinet.world.state.disks
    for disk in disks.values():
        if fault.where in (disk.serial, disk.place):
            return disk
    raise FaultError(f"there is no disk {fault.where!r}; {nearest(fault.where, disks)}")


def _mark(cabinet: "Cabinet", fault: Fault) -> str:
    """The fault is the disk's and goes with it."""
    name = fault_name(fault.what, _find(cabinet, fault).serial)
    if fault.lift:
        cabinet.world.state.faults.pop(name, None)
    else:
        cabinet.world.state.faults[name] = {}
    return f"{name} {'is lifted' if fault.lift else 'begins'}"


def _yank(cabinet: "Cabinet", fault: Fault) -> str:
    """Pull a disk whatever its latch and its power say; lifted, it is pushed back in."""
    disk = _find(cabinet, fault)
    bays = cabinet.world.bays
    if fault.lift:
        raise FaultError("a disk that was pulled is put in again by hand")
    if disk.place not in bays.names:
        raise FaultError(f"disk {disk.serial} is in no bay")
    place, on = disk.place, bays[disk.place].power_on
    disk.place = OUTSIDE
    bays[place].mounted_at = ""
    return f"disk {disk.serial} was torn out of {place}{', while it was on' if on else ''}"


def _count(cabinet: "Cabinet", fault: Fault) -> str:
    """Sectors were replaced; the disk still says that it is well."""
    disk = _find(cabinet, fault)
    disk.smart.reallocated = 0 if fault.lift else int(fault.value or 8)
    return f"disk {disk.serial} counts {disk.smart.reallocated} reallocated sectors"


def _shrink(cabinet: "Cabinet", fault: Fault) -> str:
    """A disk of VALUE bytes, so that it is soon full."""
    disk = _find(cabinet, fault)
    if fault.lift or not fault.value or fault.value < 4096:
        raise FaultError("disk-small needs --value, the disk's bytes, and cannot be lifted")
    disk.capacity_bytes = int(fault.value)
    return f"disk {disk.serial} holds {disk.capacity_bytes} bytes"


register(SILENT, _mark, f"A disk does not answer smartctl. {DISK}")
register(UNMOUNTABLE, _mark, f"A disk's file system cannot be mounted. {DISK}")
register(UNWRITABLE, _mark, f"No file system can be made on a disk. {DISK}")
register("disk-torn-out", _yank, f"A disk is pulled, whatever latch and power say. {DISK}")
register("disk-reallocated", _count, f"A disk has replaced VALUE sectors, and is well. {DISK}")
register("disk-small", _shrink, f"A disk holds only VALUE bytes. {DISK}")
