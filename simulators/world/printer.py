"""The print unit: what was printed on which disc.

A print's image, as it came out, is in the world's `prints/<serial>.png`.

Faults in `State.faults`: `print-smeared`, `print-upside-down`, `print-missing` spoil every
print while they last; `printer-stopped` and `no-ink` keep it from printing; `camera-black` and
`camera-gone` are the camera's.
"""

import msgspec

PRINT_SMEARED = "print-smeared"
PRINT_UPSIDE_DOWN = "print-upside-down"
PRINT_MISSING = "print-missing"
PRINTER_STOPPED = "printer-stopped"
NO_INK = "no-ink"
CAMERA_BLACK = "camera-black"
CAMERA_GONE = "camera-gone"


class Print(msgspec.Struct):
    """The label side of one disc."""

    image: str
    """Path of the picture that was sent, relative to the world's folder."""
    title: str = ""
    smeared: bool = False
    upside_down: bool = False
    missing: bool = False
    """The printer ran and left nothing."""
    times: int = 1
    """How often this disc was printed on."""


class PrinterState(msgspec.Struct):
    """The printer itself. Its tray is in `State.open_trays` under the printer's name."""

    jobs: int = 0
    """Number of the last job that `lp` accepted."""
    ink_pct: float = 100.0
