"""Contacts, locks and fans made of single digital lines, whatever chip these hang on."""

from hal.drivers.line.contact import LineContact
from hal.drivers.line.fan import TachometerFan
from hal.drivers.line.lock import BoltLock, Latch

__all__ = ["BoltLock", "Latch", "LineContact", "TachometerFan"]
