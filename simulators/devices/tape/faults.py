"""What else goes wrong with cartridges."""

from typing import TYPE_CHECKING

from simulators.devices.tape.unit import TAPE_SNAPPED
from simulators.faults.registry import Fault, FaultError, nearest, register
from simulators.world.places import fault_name
from simulators.world.tapes import Tape

if TYPE_CHECKING:
    from simulators.cabinet import Cabinet

TAPE = "WHERE is a barcode or the cartridge's place."


def _find(cabinet: "Cabinet", fault: Fault) -> Tape:
    tapes = cabinet.world.state.tapes
    for tape in tapes.values():
        if fault.where in (tape.barcode, tape.place):
            return tape
    raise FaultError(f"there is no cartridge {fault.where!r}; {nearest(fault.where, tapes)}")


def _snap(cabinet: "Cabinet", fault: Fault) -> str:
    name = fault_name(TAPE_SNAPPED, _find(cabinet, fault).barcode)
    if fault.lift:
        raise FaultError("a torn tape stays torn")
    cabinet.world.state.faults[name] = {}
    return f"{name} begins"


def _confuse_homes(cabinet: "Cabinet", fault: Fault) -> str:
    """The unit claims for every loaded drive the home slot of the cartridge that is named."""
    tape = _find(cabinet, fault)
    if not tape.home:
        raise FaultError(f"{tape.barcode} is in no drive: it has no home slot to be claimed")
    drives = cabinet.world.layout.tape_drives
    others = [
        other
        for other in cabinet.world.state.tapes.values()
        if other.place in drives and other is not tape
    ]
    if not others:
        raise FaultError("only one drive is loaded: no other can claim the same slot")
    for other in others:
        other.home = tape.home
    return f"{len(others) + 1} drives claim {tape.home} as their cartridge's home"


def _shorten(cabinet: "Cabinet", fault: Fault) -> str:
    tape = _find(cabinet, fault)
    if fault.lift or not fault.value:
        raise FaultError("tape-short needs --value, the tape's bytes, and cannot be lifted")
    tape.capacity_bytes = int(fault.value)
    return f"{tape.barcode} holds {tape.capacity_bytes} bytes"


register(TAPE_SNAPPED, _snap, f"A cartridge's tape is torn. {TAPE}")
register("tape-homes", _confuse_homes, f"All drives claim one home slot. {TAPE}")
register("tape-short", _shorten, f"A cartridge holds only VALUE bytes. {TAPE}")
