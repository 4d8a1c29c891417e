"""What every sensor on a bus must do when something is wrong: a number, and never an old value."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import pytest

from hal.errors import HalError


class Readable(Protocol):
    async def read(self) -> object: ...


class SensorRig(Protocol):
    """One sensor that works, and what may befall it, by the names in `TROUBLES`."""

    @property
    def sensor(self) -> Readable: ...

    @property
    def troubles(self) -> Mapping[str, frozenset[int]]:
        """The troubles that this sensor can have, with the numbers that may be told of each."""
        ...

    twice: frozenset[int]
    """What may be told of two sensors at one address."""

    def set_trouble(self, name: str, *, present: bool) -> None: ...


ABSENT, DEAD_BUS = "absent", "dead bus"
OTHER_KIND, BROKEN_OFF = "another kind of chip", "broken off"
TWICE, CHECKSUM = "two at one address", "wrong checksum"
STUCK = "stuck"
READINGS_MAX = 40
"""A sensor that brings the same bits so often must have been found out."""

ON_ANY_BUS: Mapping[str, frozenset[int]] = {
    ABSENT: frozenset({1011}),
    DEAD_BUS: frozenset({1010}),
    OTHER_KIND: frozenset({1012, 1013}),
    BROKEN_OFF: frozenset({1012, 1013, 1014, 1016}),
}
WITH_CHECKSUMS = {**ON_ANY_BUS, CHECKSUM: frozenset({1012})}


async def each_trouble_is_a_number_until_it_is_over(rig: SensorRig) -> None:
    await rig.sensor.read()
    for trouble, codes in rig.troubles.items():
        rig.set_trouble(trouble, present=True)
        for _ in range(2):
            with pytest.raises(HalError) as caught:
                await rig.sensor.read()
            assert caught.value.code in codes, trouble
        rig.set_trouble(trouble, present=False)
        await rig.sensor.read()


async def the_first_reading_may_be_the_one_that_fails(rig: SensorRig) -> None:
    rig.set_trouble(ABSENT, present=True)
    with pytest.raises(HalError) as caught:
        await rig.sensor.read()
    assert caught.value.code == 1011
    rig.set_trouble(ABSENT, present=False)
    await rig.sensor.read()


async def two_at_one_address_are_no_sensor(rig: SensorRig) -> None:
    rig.set_trouble(TWICE, present=True)
    for _ in range(2):
        with pytest.raises(HalError) as caught:
            await rig.sensor.read()
        assert caught.value.code in rig.twice
    rig.set_trouble(TWICE, present=False)
    await rig.sensor.read()


async def a_value_that_stands_still_is_none_until_it_moves(rig: SensorRig) -> None:
    rig.set_trouble(STUCK, present=True)
    codes = {await _code_of(rig) for _ in range(READINGS_MAX)}
    assert codes == {None, 1015}
    assert await _code_of(rig) == 1015
    rig.set_trouble(STUCK, present=False)
    await rig.sensor.read()


async def _code_of(rig: SensorRig) -> int | None:
    """The number that a reading fails with."""
    try:
        await rig.sensor.read()
    except HalError as error:
        return error.code
    return None


SensorCheck = Callable[[SensorRig], Awaitable[None]]
CHECKS: tuple[SensorCheck, ...] = (
    each_trouble_is_a_number_until_it_is_over,
    the_first_reading_may_be_the_one_that_fails,
    two_at_one_address_are_no_sensor,
)
CHECKS_OF_LIFE: tuple[SensorCheck, ...] = (a_value_that_stands_still_is_none_until_it_moves,)
"""Neither air nor the current of a computer that runs is ever the same to the last bit for long."""
