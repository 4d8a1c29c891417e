"""The slots of a module that tell and show: presence sensors and lights on port expanders."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hal.drivers.mcp23017.driver import Expander
from hal.drivers.slot_panel import wiring
from hal.drivers.tca9548a.driver import Multiplexers
from hal.errors import HalError
from hal.transports.interfaces import I2cBus

BUS_UNUSABLE = 1010


class SlotPanel:
    """`SlotSensors` and `SlotLights` of one module.

    Expanders behind one channel are asked in one go, so that the multiplexer is switched once for
    eight of them, and others get the bus between two channels. One dead expander, or one dead
    multiplexer, costs its own slots: `faults` says which.
    """

    verified = "simulator"

    def __init__(
        self,
        multiplexers: Multiplexers,
        slots: Sequence[str],
        places: Sequence[wiring.ExpanderPlace] | None = None,
        *,
        name: str = "panel",
    ) -> None:
        """`places` of the expanders of eight slots each, in order; `expander_places` when unset.

        Raises:
            ValueError: there are fewer expanders than the slots need, or two at one place.
        """
        self.name = name
        self.slots: tuple[str, ...] = tuple(slots)
        places = wiring.expander_places(len(slots)) if places is None else places
        if len(places) * wiring.SLOTS_AN_EXPANDER < len(slots) or len(set(places)) < len(places):
            raise ValueError(f"{len(places)} places of expanders do not do for {len(slots)} slots")
        channels: dict[tuple[int, int], I2cBus] = {}
        self._octets: list[_Octet] = []
        for number, place in enumerate(places[: -(-len(slots) // wiring.SLOTS_AN_EXPANDER)]):
            first = number * wiring.SLOTS_AN_EXPANDER
            mine = self.slots[first : first + wiring.SLOTS_AN_EXPANDER]
            at = (place.multiplexer, place.channel)
            bus = channels.setdefault(at, multiplexers.channel(*at))
            label = f"{name} {mine[0]} to {mine[-1]}"
            expander = Expander(bus, place.address, outputs=wiring.LIGHTS, name=label)
            self._octets.append(_Octet(expander, mine))
        self._octet_of = {slot: octet for octet in self._octets for slot in octet.slots}

    @property
    def faults(self) -> Mapping[str, HalError]:
        """Why the slots that could not be asked or lit the last time could not, by slot."""
        return {
            slot: octet.fault for slot, octet in self._octet_of.items() if octet.fault is not None
        }

    async def read(self, slots: Collection[str] | None = None) -> Mapping[str, bool]:
        """Whether a medium stands in each of these slots, or in all. A slot whose sensor cannot be
        asked is missing. 720 slots take 126 transfers, some 30 ms of a bus of 400 kHz.

        Raises:
            HalError: 1010 the bus is unusable, so no slot can be asked; 2107 no such slot.
        """
        asked = self.slots if slots is None else tuple(slots)
        found: dict[str, bool] = {}

        async def ask(octet: _Octet, bus: I2cBus) -> None:
            state = await octet.expander.read(bus)
            found.update(wiring.decode_presence(state.levels, octet.slots))

        await self._each(self._octets_of(asked), ask)
        return {slot: found[slot] for slot in asked if slot in found}

    async def show(self, lit: Collection[str]) -> None:
        """Have exactly these lit and all others dark. Expanders that show it already are left
        alone, so that a single light takes the transfers of one.

        Raises:
            HalError: 1010 the bus is unusable; 1011, 1013, 1014 some cannot be switched, as
                `faults` tells, and the others are; 2107 no such slot.
        """
        wanted = frozenset(lit)
        self._octets_of(wanted)
        changing = [octet for octet in self._octets if octet.shown != octet.lights(wanted)]

        async def switch(octet: _Octet, bus: I2cBus) -> None:
            octet.shown = None
            await octet.expander.write(octet.lights(wanted), wiring.LIGHTS, bus)
            octet.shown = octet.lights(wanted)

        await self._each(changing, switch)
        for octet in changing:
            if octet.fault is not None:
                raise octet.fault

    # Inside -----------------------------------------------------------------------------------

    def _octets_of(self, slots: Iterable[str]) -> list["_Octet"]:
        try:
            return list(dict.fromkeys(self._octet_of[slot] for slot in slots))
        except KeyError as error:
            raise HalError(2107, f"{self.name} has no slot {error.args[0]}") from None

    async def _each(
        self, octets: Iterable["_Octet"], act: Callable[["_Octet", I2cBus], Awaitable[None]]
    ) -> None:
        """Do it with each of them, channel by channel; what fails is kept as its fault."""
        channels: dict[I2cBus, list[_Octet]] = {}
        for octet in octets:
            channels.setdefault(octet.expander.bus, []).append(octet)
        for bus, together in channels.items():
            try:
                async with bus.exclusively() as held:
                    for octet in together:
                        octet.fault = await _fault_of(act(octet, held))
            except HalError as error:  # of the multiplexer: none of them was reached
                if error.code == BUS_UNUSABLE:
                    raise
                for octet in together:
                    octet.fault = error


@dataclass(slots=True, eq=False)
class _Octet:
    """Eight slots, or fewer, and their expander."""

    expander: Expander
    slots: tuple[str, ...]
    shown: int | None = None
    """What its lights show; unset when that is not certain."""
    fault: HalError | None = None

    def lights(self, lit: Collection[str]) -> int:
        return wiring.encode_lights(self.slots, lit)


async def _fault_of(act: Awaitable[None]) -> HalError | None:
    """The failure of a single expander. Raises `HalError`: 1010, which is nobody's own."""
    try:
        await act
    except HalError as error:
        if error.code == BUS_UNUSABLE:
            raise
        return error
    return None
