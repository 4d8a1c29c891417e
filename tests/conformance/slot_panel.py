"""What every `SlotSensors` with `SlotLights` must do."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.slot_panel import SlotLights, SlotSensors


class Panel(SlotSensors, SlotLights, Protocol):
    """Both of one module."""


class PanelRig(Protocol):
    """A module of 720 slots of which some are full; all lights are dark."""

    panel: Panel

    def full(self) -> set[str]:
        """The slots in which a disc really stands."""
        ...

    def lit(self) -> set[str]:
        """The slots whose lights really burn."""
        ...

    def take_out(self, slot: str) -> None: ...

    def restarted(self) -> Panel:
        """A panel that knows nothing yet."""
        ...

    def lose_expander(self, *, lost: bool) -> set[str]:
        """Take one chip off its bus, or put it back; the slots that hang on it."""
        ...

    def lose_bus(self) -> None: ...


async def each_slot_tells_whether_a_disc_stands_in_it(rig: PanelRig) -> None:
    found = await rig.panel.read()
    assert tuple(found) == rig.panel.slots
    assert len(found) == 720
    assert {slot for slot, there in found.items() if there} == rig.full() != set()
    taken = min(rig.full())
    rig.take_out(taken)
    assert await rig.panel.read([taken]) == {taken: False}


async def exactly_the_wanted_lights_burn(rig: PanelRig) -> None:
    slots = rig.panel.slots
    for lit in ({slots[0]}, {slots[7], slots[8], slots[511], slots[512], slots[719]}, set()):
        await rig.panel.show(lit)
        assert rig.lit() == lit


async def a_restart_leaves_no_light_behind(rig: PanelRig) -> None:
    await rig.panel.show(set(rig.panel.slots[::9]))
    panel = rig.restarted()
    assert {slot for slot, there in (await panel.read()).items() if there} == rig.full()
    await panel.show(())
    assert rig.lit() == set()


async def a_lost_chip_costs_its_own_slots_alone(rig: PanelRig) -> None:
    lost = rig.lose_expander(lost=True)
    found = await rig.panel.read()
    assert set(rig.panel.slots) - set(found) == lost
    assert {slot for slot, there in found.items() if there} == rig.full() - lost
    others = set(rig.panel.slots) - lost
    with pytest.raises(HalError) as caught:
        await rig.panel.show(rig.panel.slots)
    assert caught.value.code == 1011
    assert rig.lit() == others
    rig.lose_expander(lost=False)
    assert tuple(await rig.panel.read()) == rig.panel.slots
    await rig.panel.show(rig.panel.slots)
    assert rig.lit() == set(rig.panel.slots)


async def a_lost_bus_is_an_error_and_no_empty_module(rig: PanelRig) -> None:
    await rig.panel.read()
    rig.lose_bus()
    with pytest.raises(HalError) as caught:
        await rig.panel.read()
    assert caught.value.code == 1010
    with pytest.raises(HalError) as caught:
        await rig.panel.show({rig.panel.slots[0]})
    assert caught.value.code == 1010


PanelCheck = Callable[[PanelRig], Awaitable[None]]
CHECKS: tuple[PanelCheck, ...] = (
    each_slot_tells_whether_a_disc_stands_in_it,
    exactly_the_wanted_lights_burn,
    a_restart_leaves_no_light_behind,
    a_lost_chip_costs_its_own_slots_alone,
    a_lost_bus_is_an_error_and_no_empty_module,
)
