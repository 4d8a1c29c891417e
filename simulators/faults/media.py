"""What goes wrong with disks, tapes, the printer and the camera."""

from simulators.cabinet import Cabinet
from simulators.faults.registry import Fault, FaultError, nearest, register, register_lasting
from simulators.world.disks import DISK_DEAD, DISK_SLOW, Disk
from simulators.world.places import fault_name
from simulators.world.printer import (
    CAMERA_BLACK,
    CAMERA_GONE,
    NO_INK,
    PRINT_MISSING,
    PRINT_SMEARED,
    PRINT_UPSIDE_DOWN,
    PRINTER_STOPPED,
)
from simulators.world.tapes import PICKER_JAM, TAPE_DRIVE_GONE, Tape


def _find_disk(cabinet: Cabinet, fault: Fault) -> Disk:
    disks = cabinet.world.state.disks
    for disk in disks.values():
        if fault.where in (disk.serial, disk.place):
            return disk
    places = [*disks, *cabinet.world.bays.names]
    raise FaultError(f"there is no disk {fault.where!r}; {nearest(fault.where, places)}")


def _mark_disk(cabinet: Cabinet, fault: Fault) -> str:
    """The fault is the disk's and goes with it, wherever it is put."""
    disk = _find_disk(cabinet, fault)
    name = fault_name(fault.what, disk.serial)
    if fault.lift:
        cabinet.world.state.faults.pop(name, None)
    else:
        cabinet.world.state.faults[name] = {}
    return f"{name} {'is lifted' if fault.lift else 'begins'}"


def _wear(cabinet: Cabinet, fault: Fault) -> str:
    disk = _find_disk(cabinet, fault)
    count = 0 if fault.lift else int(fault.value or 24)
    disk.smart.pending = disk.smart.reallocated = count
    disk.smart.passed = count < 100
    return f"disk {disk.serial} counts {count} pending and {count} reallocated sectors"


def _spoil_file(cabinet: Cabinet, fault: Fault) -> str:
    """`where` is a disk and a path on it: ``b03:volume/data/a.tif``."""
    where, _, path = fault.where.partition(":")
    disk = _find_disk(cabinet, Fault(fault.what, where))
    if not path:
        raise FaultError("disk-file needs a disk and a path on it: b03:folder/file")
    kept = [one for one in disk.bad_paths if one != path]
    disk.bad_paths = kept if fault.lift else [*kept, path]
    return f"{path} on disk {disk.serial} {'reads again' if fault.lift else 'cannot be read'}"


def _find_tape(cabinet: Cabinet, fault: Fault) -> Tape:
    tapes = cabinet.world.state.tapes
    for tape in tapes.values():
        if fault.where in (tape.barcode, tape.place):
            return tape
    raise FaultError(f"there is no cartridge {fault.where!r}; {nearest(fault.where, tapes)}")


def _fail_tape_write(cabinet: Cabinet, fault: Fault) -> str:
    tape = _find_tape(cabinet, fault)
    tape.write_error_at = None if fault.lift else int(fault.value or 0)
    state = "goes well again" if fault.lift else f"fails at byte {tape.write_error_at}"
    return f"writing {tape.barcode} {state}"


def _spoil_tape_file(cabinet: Cabinet, fault: Fault) -> str:
    tape = _find_tape(cabinet, fault)
    number = int(fault.value or 0)
    kept = [one for one in tape.bad_files if one != number]
    tape.bad_files = kept if fault.lift else [*kept, number]
    state = "reads again" if fault.lift else "cannot be read"
    return f"tape file {number} of {tape.barcode} {state}"


def _protect_tape(cabinet: Cabinet, fault: Fault) -> str:
    tape = _find_tape(cabinet, fault)
    tape.write_protected = not fault.lift
    return f"{tape.barcode} is {'writable' if fault.lift else 'write-protected'}"


def _peel_barcode(cabinet: Cabinet, fault: Fault) -> str:
    tape = _find_tape(cabinet, fault)
    tape.unlabelled = not fault.lift
    return f"{tape.barcode} {'has' if fault.lift else 'lost'} its label"


DISK = "WHERE is a disk's serial or its bay."
register(DISK_DEAD, _mark_disk, f"A disk never answers. {DISK}")
register(DISK_SLOW, _mark_disk, f"A disk takes long to come up. {DISK}")
register("disk-worn", _wear, f"A disk counts VALUE bad sectors (100 and more fail it). {DISK}")
register("disk-file", _spoil_file, "A file on a disk cannot be read. WHERE is b03:folder/file.")

TAPE = "WHERE is a barcode or the cartridge's place."
register("tape-write-error", _fail_tape_write, f"Writing fails at byte VALUE of the tape. {TAPE}")
register("tape-file", _spoil_tape_file, f"Tape file number VALUE cannot be read. {TAPE}")
register("tape-protected", _protect_tape, f"A cartridge is write-protected. {TAPE}")
register("tape-unlabelled", _peel_barcode, f"A cartridge loses its barcode. {TAPE}")
register_lasting(
    TAPE_DRIVE_GONE,
    lambda here: here.world.layout.tape_drives,
    "A tape drive does not answer. WHERE is one.",
)
register_lasting(PICKER_JAM, None, "The tape unit's picker moves nothing.")
register_lasting(PRINT_SMEARED, None, "Every print comes out smeared.")
register_lasting(PRINT_UPSIDE_DOWN, None, "Every print comes out upside down.")
register_lasting(PRINT_MISSING, None, "The printer runs and leaves nothing on the disc.")
register_lasting(PRINTER_STOPPED, None, "The printer is stopped.")
register_lasting(NO_INK, None, "The printer has no ink.")
register_lasting(CAMERA_BLACK, None, "The camera's picture is black.")
register_lasting(CAMERA_GONE, None, "The camera is not there.")
