"""Buses while they are being wired: chips get their place, and their places get names.

A chip is called by what it is for (`climate`) or by its way (`main/0x44`; behind channel 3 of
multiplexer 0x70, `main/0x70.3/0x20`). Faults are known by the way.
"""

from collections.abc import Callable
from typing import TypeVar

from simulators.devices.i2c.bus import Branches, Segment
from simulators.devices.i2c.message import Chip
from simulators.devices.i2c.seat import Seat
from simulators.devices.mcp23017 import Mcp23017, Pins
from simulators.world.places import fault_name
from simulators.world.world import World

Sensed = TypeVar("Sensed")
EXPANDER, SENSIRION, METER, MULTIPLEXER = "expander", "checked", "unchecked", "multiplexer"
"""Kinds of chips: what can be wrong with one depends on it."""


class Bus:
    """One bus by name, with its multiplexers."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.segment = Segment()
        self.kinds: dict[str, str] = {}
        """Of every chip, by its way."""
        self.aliases: dict[str, str] = {}
        """What a chip is for, to its way."""
        self._branches: dict[int, Branches] = {}

    def solder(
        self,
        kind: str,
        address: int,
        make: Callable[[], Chip[Sensed]],
        sense: Callable[[], Sensed],
        *,
        elsewhere: Callable[[], Sensed] | None = None,
        alias: str = "",
    ) -> None:
        """Put a sensor straight on the bus."""
        way = f"{self.name}/{address:#04x}"
        self.kinds[way] = kind
        if alias:
            self.aliases[alias] = way
        seat = Seat(address, make, sense, has=self._has(way), elsewhere=elsewhere)
        self.segment.nodes.append(seat)

    def expand(
        self,
        mux: int,
        channel: int,
        address: int,
        sense: Callable[[], int],
        act: Callable[[int], None] = lambda high: None,  # noqa: ARG005
    ) -> None:
        """Put an expander behind a multiplexer.

        Args:
            sense: mask of the lines that are pulled to ground, bit 0 = A0.
            act: told the mask of the lines that the chip drives high, now and after each write.
        """
        way = f"{self.name}/{mux:#04x}.{channel}/{address:#04x}"
        self.kinds[way] = EXPANDER
        chip = Mcp23017()
        seat = Seat(
            address,
            Mcp23017,
            lambda: Pins(low=sense()),
            has=self._has(way),
            elsewhere=Pins,
            acted=lambda: act(chip.driven_high),
        )
        seat.chip = chip
        act(chip.driven_high)
        self._multiplexer(mux).channels[channel].nodes.append(seat)

    def _multiplexer(self, address: int) -> Branches:
        branches = self._branches.get(address)
        if branches is None:
            way = f"{self.name}/{address:#04x}"
            self.kinds[way] = MULTIPLEXER
            branches = self._branches[address] = Branches(address, self._has(way))
            self.segment.nodes.append(branches)
        return branches

    def _has(self, way: str) -> Callable[[str], bool]:
        faults = self.world.state.faults
        return lambda fault: bool(faults) and fault_name(fault, way) in faults
