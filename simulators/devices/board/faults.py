"""What can befall the lines of contacts, sensors and locks, and the latches."""

from typing import TYPE_CHECKING

from simulators.devices.board.contact import BOUNCE, WIRE_CUT
from simulators.devices.wiring.expanders import STUCK_LATCH
from simulators.faults.registry import register_lasting

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulators.cabinet import Cabinet


def _lines(cabinet: "Cabinet") -> "Collection[str]":
    return cabinet.electronics.lines


def _contacts(cabinet: "Cabinet") -> "Collection[str]":
    return cabinet.electronics.contacts


def _latches(cabinet: "Cabinet") -> "Collection[str]":
    return cabinet.electronics.latches


register_lasting(
    WIRE_CUT,
    _lines,
    "A wire is cut. WHERE is a line: front.contact, front.key, front.bolt, front.lock, smoke, "
    "water, mains, fan1.output, fan1.tachometer, b01.presence, b01.latch, m1.s001.",
)
register_lasting(
    BOUNCE,
    _contacts,
    "A contact chatters for some milliseconds when it changes. WHERE is one: front.contact.",
)
register_lasting(
    STUCK_LATCH,
    _latches,
    "A latch stays where it is. WHERE is a bay (b01) or a magazine's place (n01.g1).",
)
