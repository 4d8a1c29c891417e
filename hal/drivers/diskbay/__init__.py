"""A bay of one hard disk: lines for tray and power, smartctl, mount and mkfs."""

from hal.drivers.diskbay.driver import LineDiskBay
from hal.drivers.diskbay.lines import BayInput, BayLines, BayOutput, DiskBayTiming, DiskPrograms

__all__ = ["BayInput", "BayLines", "BayOutput", "DiskBayTiming", "DiskPrograms", "LineDiskBay"]
