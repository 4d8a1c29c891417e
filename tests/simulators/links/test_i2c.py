"""The I2C buses in memory: the brief's wiring of sensors, bays, latches and shelves."""

import asyncio
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from smbus2 import i2c_msg

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, FaultError, inject
from simulators.links.i2c import MemoryI2c
from simulators.world.description import Extent
from simulators.world.world import World

IODIR, GPPU, GPIO, OLAT = 0x00, 0x0C, 0x12, 0x14


@pytest.fixture
def hybrid(tmp_path: Path) -> Iterator[World]:
    world = World.create(tmp_path / "world", "hybrid", discs=0)
    yield world
    world.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[World]:
    """A disc cabinet with 24 discs in the first slots of its module."""
    world = World.create(tmp_path / "world", "disc-cabinet")
    yield world
    world.close()


async def select(bus: MemoryI2c, mux: int, channels: int) -> None:
    await bus.transfer(mux, bytes([channels]))


async def set_up(bus: MemoryI2c, address: int, outputs: int = 0) -> None:
    """All pull-ups on, and these lines as outputs."""
    await bus.transfer(address, bytes([GPPU, 0xFF, 0xFF]))
    await bus.transfer(address, bytes([IODIR]) + (0xFFFF ^ outputs).to_bytes(2, "little"))


async def read_port(bus: MemoryI2c, address: int) -> int:
    return int.from_bytes(await bus.transfer(address, bytes([GPIO]), 2), "little")


async def write_port(bus: MemoryI2c, address: int, high: int) -> None:
    await bus.transfer(address, bytes([OLAT]) + high.to_bytes(2, "little"))


def test_the_climate_sensor_feels_the_worlds_air(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            hybrid.air.set_room({"temperature_c": 30.0, "humidity_pct": 60.0}, at_once=True)
            bus = cabinet.i2c()
            for address in (0x44, 0x45):
                await bus.transfer(address, b"\x24\x00")
                with pytest.raises(OSError, match="No such device") as early:
                    await bus.transfer(address, b"", 6)
                assert early.value.errno == errno.ENXIO
                await asyncio.sleep(0.015)
                data = await bus.transfer(address, b"", 6)
                celsius = -45 + 175 * int.from_bytes(data[:2], "big") / 65535
                percent = 100 * int.from_bytes(data[3:5], "big") / 65535
                assert celsius == pytest.approx(30.0, abs=0.2)
                assert percent == pytest.approx(60.0, abs=0.5)

    run_virtual(story())


def test_the_power_meter_feels_what_is_on(hybrid: World) -> None:
    async def watts(bus: MemoryI2c) -> float:
        await asyncio.sleep(0.01)
        return int.from_bytes(await bus.transfer(0x40, b"\x03", 2), "big") * 0.025

    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            bus = cabinet.i2c()
            await bus.transfer(0x40, b"\x05\x0a\x00")  # 2560: 1 mA over 2 mΩ
            before = await watts(bus)
            assert before == pytest.approx(hybrid.power.watts, rel=0.01)
            hybrid.power.set("p1", 100.0)
            assert await watts(bus) == pytest.approx(before + 100, rel=0.01)

    run_virtual(story())


def test_bays_tell_and_switch_as_wired(hybrid: World) -> None:
    """Bay b01 is bit 0 of group 0, bay b12 is bit 3 of group 1 (0x22 and 0x23)."""

    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            bus = cabinet.i2c()
            await select(bus, 0x70, 0x01)
            for group in range(4):
                await set_up(bus, 0x20 + 2 * group)
                await set_up(bus, 0x21 + 2 * group, outputs=0xFFFF)
            # Four disks in the first bays; all drawers are latched.
            assert await read_port(bus, 0x20) == 0x00F0
            assert await read_port(bus, 0x22) == 0x00FF
            await write_port(bus, 0x21, 0x0001)
            assert [name for name in hybrid.bays.names if hybrid.bays[name].power_on] == ["b01"]
            await write_port(bus, 0x23, 0x0800)
            assert hybrid.bays["b12"].released
            assert await read_port(bus, 0x22) == 0x08FF
            inject(cabinet, Fault("stuck-latch", "b12"))
            await write_port(bus, 0x23, 0x0000)
            assert hybrid.bays["b12"].released
            inject(cabinet, Fault("wire-cut", "b02.presence"))
            assert await read_port(bus, 0x20) == 0x00F2

    run_virtual(story())


def test_a_power_cut_lets_go_what_expanders_drove(tmp_path: Path) -> None:
    async def turn_on(world: World) -> None:
        with Cabinet(world) as cabinet:
            bus = cabinet.i2c()
            await select(bus, 0x70, 0x01)
            await set_up(bus, 0x21, outputs=0xFFFF)
            await write_port(bus, 0x21, 0x0101)
            assert world.bays["b01"].power_on

    async def come_back(world: World) -> None:
        with Cabinet(world):
            assert not world.bays["b01"].power_on
            assert not world.bays["b01"].released

    run_virtual(turn_on(World.create(tmp_path / "world", "hybrid", discs=0)))
    run_virtual(come_back(World.open(tmp_path / "world")))


def test_magazines_are_let_go_by_two_bits_a_node(tmp_path: Path) -> None:
    """Node n09 is the second one of the second expander: bits 2 and 3."""
    world = World.create(tmp_path / "world", "pb-library", discs=0, extent=Extent(units=10))

    async def story() -> None:
        with Cabinet(world) as cabinet:
            bus = cabinet.i2c()
            await select(bus, 0x71, 0x01)
            for address in (0x20, 0x21):
                await set_up(bus, address, outputs=0xFFFF)
            await write_port(bus, 0x20, 1 << 7)
            await write_port(bus, 0x21, 1 << 2)
            assert world.state.released == {"n03.g2", "n09.g1"}
            await write_port(bus, 0x20, 0)
            assert world.state.released == {"n09.g1"}

    run_virtual(story())


def test_a_slot_has_its_sensor_and_its_light(shelf: World) -> None:
    """Slot s524 is bit 3 of expander 65: the second multiplexer's channel 0, address 0x21."""

    async def story() -> None:
        with Cabinet(shelf) as cabinet:
            disc = shelf.disc_at("m1.s001")
            assert disc
            shelf.move(disc, "m1.s524")
            bus = cabinet.i2c("m1")
            await select(bus, 0x71, 0x01)
            await set_up(bus, 0x21, outputs=0xFF00)
            assert await read_port(bus, 0x21) & 0xFF == 0xF7
            await write_port(bus, 0x21, 0x0800)
            assert shelf.state.lights == {"m1.s524"}
            inject(cabinet, Fault("wire-cut", "m1.s524"))
            assert await read_port(bus, 0x21) & 0xFF == 0xFF
            await select(bus, 0x71, 0)
            await select(bus, 0x70, 0x01)
            await set_up(bus, 0x20)
            assert await read_port(bus, 0x20) & 0xFF == 0x01

    run_virtual(story())


def test_a_modules_door_hangs_on_its_own_expander(shelf: World) -> None:
    async def story() -> None:
        with Cabinet(shelf) as cabinet:
            bus = cabinet.i2c("m1")
            await select(bus, 0x72, 0x01)
            await set_up(bus, 0x20, outputs=0x0100)
            assert await read_port(bus, 0x20) & 0x07 == 0b010  # closed, no key, bolt out
            shelf.doors.turn_key("m1", turned=True)
            await write_port(bus, 0x20, 0x0100)
            assert await read_port(bus, 0x20) & 0x07 == 0b000
            await asyncio.sleep(1)
            assert await read_port(bus, 0x20) & 0x07 == 0b100
            shelf.doors.open("m1")
            assert await read_port(bus, 0x20) & 0x07 == 0b101
            await write_port(bus, 0x20, 0x0000)
            await asyncio.sleep(1)
            assert shelf.state.doors["m1"].bolt_out

    run_virtual(story())


def test_two_multiplexers_left_open_garble(shelf: World) -> None:
    """Expander 0 has discs in all its slots, expander 64 at the same address has none: the
    latter lets go of every bit and the former is heard; inputs of both are pulled up.
    """

    async def story() -> None:
        with Cabinet(shelf) as cabinet:
            bus = cabinet.i2c("m1")
            await select(bus, 0x71, 0x01)
            await set_up(bus, 0x20)
            assert await read_port(bus, 0x20) & 0xFF == 0xFF
            await select(bus, 0x70, 0x01)  # and forgets to close 0x71
            await set_up(bus, 0x20)
            assert await read_port(bus, 0x20) & 0xFF == 0x00

    run_virtual(story())


def test_messages_of_smbus2_are_carried_in_one_transfer(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            bus = cabinet.smbus()
            maker, read = i2c_msg.write(0x40, [0xFE]), i2c_msg.read(0x40, 2)
            bus.i2c_rdwr(maker, read)
            assert bytes(read) == b"\x54\x49"
            bus.i2c_rdwr(i2c_msg.write(0x70, [0x01]))
            bus.i2c_rdwr(i2c_msg.write(0x20, [GPPU, 0xFF, 0xFF]))
            ports = i2c_msg.read(0x20, 2)
            bus.i2c_rdwr(i2c_msg.write(0x20, [GPIO]), ports)
            assert bytes(ports) == b"\xf0\x00"
            with pytest.raises(OSError, match="No such device") as absent:
                bus.i2c_rdwr(i2c_msg.write(0x33, [0]))
            assert absent.value.errno == errno.ENXIO

    run_virtual(story())


def test_nobody_comes_between_exclusive_transfers(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            bus = cabinet.i2c()
            order: list[str] = []

            async def intrude() -> None:
                await bus.transfer(0x44, b"")
                order.append("intruder")

            async with bus.exclusively() as mine:
                intruder = asyncio.create_task(intrude())
                for _ in range(3):
                    await mine.transfer(0x70, b"\x01")
                    await asyncio.sleep(0.1)
                    order.append("owner")
            await intruder
            assert order == ["owner"] * 3 + ["intruder"]

    run_virtual(story())


@pytest.mark.parametrize("where", ["climate", "main/0x44"])
def test_a_chip_is_called_by_what_it_is_for_or_by_its_way(hybrid: World, where: str) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            bus = cabinet.i2c()
            inject(cabinet, Fault("chip-absent", where))
            with pytest.raises(OSError, match="No such device"):
                await bus.transfer(0x44, b"")
            await bus.transfer(0x45, b"")
            inject(cabinet, Fault("chip-absent", where, lift=True))
            await bus.transfer(0x44, b"")
            assert not hybrid.state.faults

    run_virtual(story())


def test_an_absent_multiplexer_takes_with_it_what_is_behind(hybrid: World) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet:
            bus = cabinet.i2c()
            await select(bus, 0x70, 0x01)
            await bus.transfer(0x20, b"")
            inject(cabinet, Fault("chip-absent", "main/0x70"))
            for address in (0x70, 0x20):
                with pytest.raises(OSError, match="No such device"):
                    await bus.transfer(address, b"")

    run_virtual(story())


def test_a_dead_bus_and_a_power_cut_are_not_a_missing_chip(hybrid: World) -> None:
    async def story() -> None:
        cabinet = Cabinet(hybrid)
        bus = cabinet.i2c()
        inject(cabinet, Fault("bus-dead", "main"))
        with pytest.raises(OSError, match="timed out"):
            await bus.transfer(0x44, b"")
        inject(cabinet, Fault("bus-dead", "main", lift=True))
        await bus.transfer(0x44, b"")
        cabinet.stop()
        with pytest.raises(OSError, match="power") as gone:
            await bus.transfer(0x44, b"")
        assert gone.value.errno == errno.EIO

    run_virtual(story())


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("bad-crc", "power"),  # it has no checksums
        ("noisy-value", "main/0x70.0/0x20"),
        ("chip-wrong", "main/0x70"),
        ("chip-absent", "climate3"),
        ("bus-dead", "m1"),
    ],
)
def test_faults_that_a_chip_cannot_have_are_refused(hybrid: World, what: str, where: str) -> None:
    async def story() -> None:
        with Cabinet(hybrid) as cabinet, pytest.raises(FaultError, match="there are"):
            inject(cabinet, Fault(what, where))

    run_virtual(story())
