"""A disc printer behind CUPS, and its tray."""

from hal.drivers.printer.driver import CupsPrinter, PrinterTiming

__all__ = ["CupsPrinter", "PrinterTiming"]
