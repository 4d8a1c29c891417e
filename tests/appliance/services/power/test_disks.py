"""Disks get power one after the other, keep it while used, and lose it when idle."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.states import BayState
from appliance.services.power.disks import OFF_AGAIN_S, DiskPower
from hal.errors import HalError
from simulators.clock import run_virtual
from tests.appliance.services.power.bays import SPIN_UP_S, PaperBay

EVERY_S, IDLE_S = 5.0, 600.0


def told(
    story: Callable[[DiskPower, dict[str, PaperBay]], Awaitable[None]], count: int = 4
) -> None:
    async def tell() -> None:
        bays = {f"b{number:02}": PaperBay(f"b{number:02}") for number in range(1, count + 1)}
        power = DiskPower(bays, start_every_s=EVERY_S, idle_off_s=IDLE_S)
        await power.look()
        await story(power, bays)
        power.stop()

    run_virtual(tell())


async def use(power: DiskPower, bay: str, seconds: float) -> None:
    async with power.powered(bay):
        await asyncio.sleep(seconds)


def test_starts_are_staggered_however_many_want_one() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        await asyncio.gather(*(use(power, name, 100.0) for name in bays))
        starts = sorted(bay.times("on")[0] for bay in bays.values())
        assert [after - before for before, after in pairwise(starts)] == [EVERY_S] * 31

    told(story, count=32)


def test_a_disk_is_off_after_its_idle_time_and_not_before() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        await use(power, "b01", 50.0)
        await asyncio.sleep(IDLE_S - 1)
        assert power.state("b01") is BayState.ON
        await use(power, "b01", 10.0)
        assert len(bays["b01"].times("on")) == 1
        await asyncio.sleep(IDLE_S - 1)
        assert bays["b01"].on
        await asyncio.sleep(2)
        assert power.state("b01") is BayState.OFF
        assert not bays["b01"].on

    told(story)


def test_two_users_keep_one_disk_on_until_the_last_has_gone() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        await asyncio.gather(use(power, "b01", 10.0), use(power, "b01", 2 * IDLE_S))
        ended = asyncio.get_running_loop().time()
        await asyncio.sleep(IDLE_S + 1)
        assert len(bays["b01"].times("on")) == 1
        assert bays["b01"].times("off") == [ended + IDLE_S]

    told(story)


def test_a_disk_found_on_at_the_start_is_switched_off_when_nobody_comes() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        bays["b02"].on = True
        bays["b03"].present = False
        await power.look()
        assert power.state("b02") is BayState.ON
        assert power.state("b03") is BayState.EMPTY
        await asyncio.sleep(IDLE_S + 1)
        assert not bays["b02"].on

    told(story)


def test_a_disk_that_does_not_come_up_is_shown_so_and_can_be_tried_again() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        bays["b01"].dead = True
        with pytest.raises(HalError, match="3241"):
            await use(power, "b01", 1.0)
        assert power.state("b01") is BayState.UNAVAILABLE
        error = power.error("b01")
        assert error is not None
        assert error.code == 3241
        bays["b01"].dead = False
        await use(power, "b01", 1.0)
        assert power.state("b01") is BayState.ON
        assert power.error("b01") is None

    told(story)


def test_a_file_system_in_use_is_left_on_and_tried_again() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        await use(power, "b01", 1.0)
        bays["b01"].busy = True
        await asyncio.sleep(IDLE_S + 1)
        assert bays["b01"].on
        error = power.error("b01")
        assert error is not None
        assert error.code == 3242
        bays["b01"].busy = False
        await asyncio.sleep(OFF_AGAIN_S)
        assert not bays["b01"].on
        assert power.error("b01") is None

    told(story)


def test_a_closed_gate_starts_nothing_and_lets_waiting_users_on_afterwards() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        await use(power, "b01", 1.0)
        power.gate.close("smoke")
        assert await power.all_off() == []
        assert not bays["b01"].on
        waiting = asyncio.create_task(use(power, "b02", 1.0))
        await asyncio.sleep(1000.0)
        assert bays["b02"].acts == []
        power.gate.open("smoke")
        await waiting
        assert len(bays["b02"].times("on")) == 1

    told(story)


def test_a_released_tray_is_not_started_and_a_used_disk_not_released() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        using = asyncio.create_task(use(power, "b01", 100.0))
        await asyncio.sleep(SPIN_UP_S + 1)
        with pytest.raises(SteleError, match="4043"):
            await power.ensure_released("b01")
        await using
        await power.ensure_released("b01")
        assert power.state("b01") is BayState.RELEASED
        assert not bays["b01"].on
        with pytest.raises(SteleError, match="4043"):
            await use(power, "b01", 1.0)
        bays["b01"].present = False
        await power.ensure_held("b01")
        assert power.state("b01") is BayState.EMPTY
        with pytest.raises(SteleError, match="4042"):
            power.state("b33")

    told(story)


def test_a_user_who_gives_up_leaves_the_disk_to_the_idle_switch() -> None:
    async def story(power: DiskPower, bays: dict[str, PaperBay]) -> None:
        using = asyncio.create_task(use(power, "b01", 100.0))
        await asyncio.sleep(SPIN_UP_S / 2)
        using.cancel()
        await asyncio.gather(using, return_exceptions=True)
        await asyncio.sleep(IDLE_S + 1)
        assert not bays["b01"].on

    told(story)
