"""What else goes wrong with the printer."""

from typing import TYPE_CHECKING

from simulators.devices.printer.queue import PRINT_ABORTED, PRINT_SWAPPED
from simulators.faults.registry import Fault, FaultError, register, register_lasting

if TYPE_CHECKING:
    from simulators.cabinet import Cabinet


def _run_low(cabinet: "Cabinet", fault: Fault) -> str:
    printers = cabinet.world.state.printers
    if not printers:
        raise FaultError("this cabinet has no printer")
    level_pct = 100.0 if fault.lift else float(4.0 if fault.value is None else fault.value)
    for printer in printers.values():
        printer.ink_pct = level_pct
    return f"the printer has {level_pct:g} % of its ink"


register("ink", _run_low, "The printer has only VALUE percent of its ink; it prints pale below 8.")
register_lasting(PRINT_ABORTED, None, "The printer's back end fails; the queue stops.")
register_lasting(PRINT_SWAPPED, None, "The label of the disc before comes out.")
