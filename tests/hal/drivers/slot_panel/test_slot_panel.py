"""720 slots: presence and lights, few transfers, and faults that cost only their own slots."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.slot_panel import wiring
from hal.drivers.slot_panel.driver import SlotPanel
from hal.drivers.tca9548a.driver import Multiplexers
from hal.errors import HalError
from hal.interfaces.slot_panel import SlotLights, SlotSensors
from simulators.clock import run_virtual
from tests.hal.drivers.i2c_board import Board, Mcp23017, Mux, bits_on_the_bus

BUS_HZ = 400_000
SLOTS = tuple(f"s{number:03d}" for number in range(1, 721))


class Module:
    """A module as it is wired: expander e behind multiplexer e/64, channel e/8, address e%8."""

    def __init__(self, slots: int = 720) -> None:
        self.board = Board()
        self.muxes = [Mux(), Mux()]
        self.board.fit(0x70, self.muxes[0])
        self.board.fit(0x71, self.muxes[1])
        self.expanders = [Mcp23017() for _ in range(-(-slots // 8))]
        for number, chip in enumerate(self.expanders):
            self.muxes[number // 64].fit(number // 8 % 8, 0x20 + number % 8, chip)
        self.panel = self.restarted(slots)

    def restarted(self, slots: int = 720) -> SlotPanel:
        return SlotPanel(Multiplexers(self.board, (0x70, 0x71)), SLOTS[:slots])

    def put(self, slot: str) -> None:
        number = int(slot[1:]) - 1
        self.expanders[number // 8].wires &= ~(1 << number % 8)

    @property
    def lit(self) -> set[str]:
        return {
            SLOTS[8 * number + bit]
            for number, chip in enumerate(self.expanders)
            for bit in range(8)
            if chip.driven >> 8 + bit & 1
        }


def test_each_slot_has_its_own_sensor() -> None:
    async def story() -> None:
        module = Module()
        assert isinstance(module.panel, SlotSensors)
        full = {"s001", "s008", "s009", "s512", "s513", "s720"}
        for slot in full:
            module.put(slot)
        found = await module.panel.read()
        assert tuple(found) == SLOTS
        assert {slot for slot, there in found.items() if there} == full

    run_virtual(story())


def test_a_whole_module_is_read_in_a_fraction_of_a_second() -> None:
    async def story() -> None:
        module = Module()
        await module.panel.read()
        module.board.log.clear()
        await module.panel.read()
        assert len(module.board.log) == 126
        assert bits_on_the_bus(module.board.log) / BUS_HZ < 0.05

    run_virtual(story())


def test_some_slots_ask_only_their_own_expanders() -> None:
    async def story() -> None:
        module = Module()
        module.put("s007")
        await module.panel.read()
        module.board.log.clear()
        assert await module.panel.read(["s007", "s001"]) == {"s007": True, "s001": False}
        assert len(module.board.log) == 4

    run_virtual(story())


def test_exactly_these_are_lit() -> None:
    async def story() -> None:
        module = Module()
        assert isinstance(module.panel, SlotLights)
        for lit in ({"s001", "s720"}, {"s300"}, set(), set(SLOTS)):
            await module.panel.show(lit)
            assert module.lit == lit

    run_virtual(story())


def test_a_single_light_takes_few_transfers() -> None:
    async def story() -> None:
        module = Module()
        await module.panel.show(())
        module.board.log.clear()
        await module.panel.show({"s300"})
        assert len(module.board.log) == 5
        module.board.log.clear()
        await module.panel.show({"s300"})
        assert module.board.log == []

    run_virtual(story())


def test_lights_left_by_a_crash_go_out_when_nothing_is_to_be_lit() -> None:
    async def story() -> None:
        module = Module()
        await module.panel.show({"s300", "s001"})
        await module.restarted().show(())
        assert module.lit == set()

    run_virtual(story())


def test_a_dead_expander_costs_its_eight_slots() -> None:
    async def story() -> None:
        module = Module()
        del module.muxes[0].channels[2][0x23]
        found = await module.panel.read()
        lost = set(SLOTS) - set(found)
        assert lost == {f"s{number:03d}" for number in range(153, 161)}
        assert set(module.panel.faults) == lost
        assert {fault.code for fault in module.panel.faults.values()} == {1011}
        with pytest.raises(HalError) as caught:
            await module.panel.show({"s001", "s155", "s720"})
        assert caught.value.code == 1011
        assert module.lit == {"s001", "s720"}

    run_virtual(story())


def test_a_dead_multiplexer_costs_its_slots_and_comes_back() -> None:
    async def story() -> None:
        module = Module()
        chips = module.board.chips.pop(0x71)
        assert tuple(await module.panel.read()) == SLOTS[:512]
        assert len(module.panel.faults) == 208
        module.board.fit(0x71, *chips)
        assert tuple(await module.panel.read()) == SLOTS
        assert module.panel.faults == {}

    run_virtual(story())


def test_a_light_that_could_not_be_switched_is_tried_again() -> None:
    async def story() -> None:
        module = Module()
        await module.panel.show(())
        chip = module.muxes[0].channels[0].pop(0x20)
        with pytest.raises(HalError):
            await module.panel.show({"s001"})
        module.muxes[0].channels[0][0x20] = chip
        await module.panel.show({"s001"})
        assert module.lit == {"s001"}

    run_virtual(story())


def test_an_expander_that_lost_power_shows_its_lights_again_when_it_is_read() -> None:
    async def story() -> None:
        module = Module()
        await module.panel.show({"s001"})
        module.expanders[0].power_on()
        assert module.lit == set()
        await module.panel.read()
        assert module.lit == {"s001"}

    run_virtual(story())


def test_a_bus_that_is_gone_is_an_error_and_no_empty_module() -> None:
    async def story() -> None:
        module = Module()
        await module.panel.read()
        module.board.failure = OSError(errno.EIO, "gone")
        for call in (module.panel.read(), module.panel.show({"s001"})):
            with pytest.raises(HalError) as caught:
                await call
            assert caught.value.code == 1010

    run_virtual(story())


def test_a_slot_that_does_not_exist_is_an_error() -> None:
    async def story() -> None:
        module = Module(slots=8)
        for call in (module.panel.read(["s009"]), module.panel.show({"s009"})):
            with pytest.raises(HalError) as caught:
                await call
            assert caught.value.code == 2107

    run_virtual(story())


def test_a_number_of_slots_that_is_no_multiple_of_eight() -> None:
    async def story() -> None:
        module = Module(slots=11)
        module.put("s011")
        found = await module.panel.read()
        assert tuple(found) == SLOTS[:11]
        assert found["s011"]
        await module.panel.show({"s010"})
        assert module.lit == {"s010"}

    run_virtual(story())


def test_places_that_do_not_do_are_refused() -> None:
    multiplexers = Multiplexers(Board(), (0x70,))
    place = wiring.ExpanderPlace(0x70, 0, 0x20)
    for places in ((place,), (place, place)):
        with pytest.raises(ValueError, match="places"):
            SlotPanel(multiplexers, SLOTS[:16], places)


def test_the_wiring_of_the_disc_cabinet() -> None:
    places = wiring.expander_places(720)
    assert len(places) == 90
    assert places[0] == wiring.ExpanderPlace(0x70, 0, 0x20)
    assert places[63] == wiring.ExpanderPlace(0x70, 7, 0x27)
    assert places[64] == wiring.ExpanderPlace(0x71, 0, 0x20)
    assert places[89] == wiring.ExpanderPlace(0x71, 3, 0x21)
    assert len(set(places)) == 90


@given(st.sets(st.sampled_from(SLOTS[:8])))
def test_a_slot_is_lit_by_its_own_bit_of_port_b(lit: set[str]) -> None:
    latches = wiring.encode_lights(SLOTS[:8], lit)
    assert {SLOTS[bit - 8] for bit in range(16) if latches >> bit & 1} == lit
