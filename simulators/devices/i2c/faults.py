"""What can befall a bus and the chips on it."""

from typing import TYPE_CHECKING

import msgspec

from simulators.devices.i2c.seat import ABSENT, BAD_CRC, NOISY, SHORT, STUCK, TWICE, WRONG
from simulators.devices.wiring.places import EXPANDER, METER, MULTIPLEXER, SENSIRION
from simulators.faults.registry import Fault, mark, register, register_lasting, require_place
from simulators.links.i2c import DEAD

if TYPE_CHECKING:
    from collections.abc import Collection

    from simulators.cabinet import Cabinet

SENSORS = frozenset((SENSIRION, METER))
CHIPS = SENSORS | {EXPANDER}
WHERE = "WHERE is a chip, by what it is for (climate) or its way (main/0x70.0/0x20)."


def _register(what: str, kinds: frozenset[str], told: str) -> None:
    """A lasting fault of chips of some kinds; it is kept by the chip's way."""

    def act(cabinet: "Cabinet", fault: Fault) -> str:
        chips = {
            name: way for name, (way, kind) in cabinet.electronics.chips.items() if kind in kinds
        }
        require_place(fault, chips)
        return mark(cabinet, msgspec.structs.replace(fault, where=chips[fault.where]), _anywhere)

    def _anywhere(cabinet: "Cabinet") -> "Collection[str]":
        return {way for way, _ in cabinet.electronics.chips.values()}

    register(what, act, f"{told} {WHERE}")


def _buses(cabinet: "Cabinet") -> "Collection[str]":
    return cabinet.electronics.buses


_register(ABSENT, CHIPS | {MULTIPLEXER}, "A chip does not answer.")
_register(WRONG, CHIPS, "A wrong kind of chip is at a chip's address.")
_register(TWICE, CHIPS, "A second chip of the kind is at a chip's address.")
_register(SHORT, CHIPS, "A chip breaks off in the middle of its answer.")
_register(STUCK, CHIPS, "What a chip senses stays as it is, to the last bit.")
_register(BAD_CRC, frozenset((SENSIRION,)), "The checksums of a chip's words are wrong.")
_register(NOISY, SENSORS, "What a chip senses scatters widely.")
register_lasting(DEAD, _buses, "Nobody can talk on a bus. WHERE is a bus (main, m1).")
