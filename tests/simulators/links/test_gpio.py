"""The computer's lines in memory: levels and locks, as wired in the cabinet."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, FaultError, inject
from simulators.links.memory_gpio import MemoryInput
from simulators.world.world import World

CONTACT, KEY, BOLT, LOCK = 5, 19, 13, 6
SMOKE, WATER, MAINS = 17, 27, 22
FAN, TACHOMETER = 18, 23


@pytest.fixture
def hybrid(tmp_path: Path) -> Iterator[World]:
    world = World.create(tmp_path / "world", "hybrid", discs=0)
    yield world
    world.close()


def watch(line: MemoryInput) -> list[bool]:
    """A list that grows with what the line tells."""
    told: list[bool] = []
    line.watch(told.append)
    return told


def test_at_rest_every_contact_of_a_closed_door_is_low_but_the_key(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            lines = cabinet.gpio()
            low = [lines.input(n).is_active() for n in (CONTACT, BOLT, SMOKE, WATER, MAINS, KEY)]
            assert low == [True, True, True, True, True, False]

    run_virtual(story())


def test_the_lock_draws_its_bolt_after_a_moment_and_the_spring_pushes_it_out(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            lines = cabinet.gpio()
            bolt, lock = lines.input(BOLT), lines.output(LOCK)
            told = watch(bolt)
            await lock.set(True)
            assert await lock.is_set()
            assert bolt.is_active()
            await asyncio.sleep(0.5)
            assert told == [False]
            hybrid.doors.open("front")
            assert not lines.input(CONTACT).is_active()
            hybrid.doors.close("front")
            await lock.set(False)
            await asyncio.sleep(0.5)
            assert told == [False, True]
            assert hybrid.state.doors["front"].bolt_out
            assert hybrid.state.doors["rear"].bolt_out

    run_virtual(story())


def test_an_output_that_is_closed_is_let_go(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            lock = cabinet.gpio().output(LOCK)
            await lock.set(True)
            await asyncio.sleep(1)
            assert not hybrid.state.doors["front"].bolt_out
            lock.close()
            await asyncio.sleep(1)
            assert hybrid.state.doors["front"].bolt_out

    run_virtual(story())


def test_a_firmware_that_dies_leaves_its_outputs_as_they_are(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            await cabinet.gpio().output(LOCK).set(True)
            await asyncio.sleep(1)
            cabinet.gpio().input(BOLT)  # the next firmware looks before it acts
            await asyncio.sleep(1)
            assert not hybrid.state.doors["front"].bolt_out

    run_virtual(story())


def test_a_power_cut_locks_the_doors(tmp_path: Path) -> None:
    async def open_up(world: World) -> None:
        cabinet = Cabinet(world)
        await cabinet.gpio().output(LOCK).set(True)
        await asyncio.sleep(1)
        line = cabinet.gpio().input(BOLT)
        cabinet.stop()
        with pytest.raises(OSError, match="power"):
            line.is_active()
        assert not world.state.doors["front"].bolt_out

    async def come_back(world: World) -> None:
        with Cabinet(world):
            await asyncio.sleep(1)
            assert world.state.doors["front"].bolt_out

    run_virtual(open_up(World.create(tmp_path / "world", "hybrid", discs=0)))
    run_virtual(come_back(World.open(tmp_path / "world")))


def test_hazards_open_their_lines(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            lines = cabinet.gpio()
            told = {n: watch(lines.input(n)) for n in (SMOKE, WATER, MAINS)}
            for fault in ("smoke", "wet-floor", "mains-lost"):
                inject(cabinet, Fault(fault))
            await asyncio.sleep(0)
            assert told == {SMOKE: [False], WATER: [False], MAINS: [False]}
            inject(cabinet, Fault("wet-floor", lift=True))
            await asyncio.sleep(0)
            assert told[WATER] == [False, True]

    run_virtual(story())


def test_a_fan_turns_while_its_output_is_high(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            lines = cabinet.gpio()
            pulses, fan = watch(lines.input(TACHOMETER)), lines.output(FAN)
            await asyncio.sleep(5)
            assert not pulses
            await fan.set(True)
            await asyncio.sleep(4.9)  # between two edges
            assert len(pulses) >= 15
            inject(cabinet, Fault("fan-stalled", "fan1"))
            pulses.clear()
            await asyncio.sleep(5)
            assert not pulses

    run_virtual(story())


@pytest.mark.parametrize("line", ["smoke", "water", "mains", "front.contact", "front.bolt"])
def test_a_cut_wire_reads_as_the_unsafe_answer(hybrid: World, line: str) -> None:
    numbers = {"smoke": SMOKE, "water": WATER, "mains": MAINS}
    number = numbers.get(line, CONTACT if line == "front.contact" else BOLT)

    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            felt = cabinet.gpio().input(number)
            assert felt.is_active()
            inject(cabinet, Fault("wire-cut", line))
            assert not felt.is_active()
            inject(cabinet, Fault("wire-cut", line, lift=True))
            assert felt.is_active()

    run_virtual(story())


def test_a_lock_with_a_cut_wire_stays_locked(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            inject(cabinet, Fault("wire-cut", "front.lock"))
            await cabinet.gpio().output(LOCK).set(True)
            await asyncio.sleep(1)
            assert hybrid.state.doors["front"].bolt_out

    run_virtual(story())


def test_a_bouncing_contact_tells_several_changes_within_milliseconds(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            inject(cabinet, Fault("contact-bounce", "front.contact"))
            told = watch(cabinet.gpio().input(CONTACT))
            inject(cabinet, Fault("force-door", "front"))
            await asyncio.sleep(0.02)
            assert len(told) >= 5
            assert told[0] is told[-1] is False

    run_virtual(story())


@pytest.mark.parametrize(
    ("fault", "where", "told"),
    [
        ("wire-cut", "front.contcat", "did you mean 'front.contact'"),
        ("contact-bounce", "front.lock", "front.contact"),
    ],
)
def test_faults_of_lines_that_are_not_there_are_refused(
    hybrid: World, fault: str, where: str, told: str
) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet, pytest.raises(FaultError, match=told):
            inject(cabinet, Fault(fault, where))

    run_virtual(story())


def test_a_line_that_is_not_there_cannot_be_used(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet, pytest.raises(OSError, match="no line 40"):
            cabinet.gpio().input(40)

    run_virtual(story())
