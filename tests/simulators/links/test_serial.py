"""The robot's serial wire in memory: openings, silence, power."""

import asyncio

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.links.memory import MemorySerial
from simulators.world.world import World


async def read_until(port: MemorySerial, wanted: bytes) -> bytes:
    data = b""
    async with asyncio.timeout(100):
        while wanted not in data:
            data += await port.read()
    return data


def test_a_conversation_takes_simulated_time(world: World) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            port = cabinet.serial()
            await port.write(b"$H\n")
            assert await read_until(port, b"ok\r\n") == b"ok\r\n"
            assert asyncio.get_running_loop().time() > 1
            await port.aclose()

    run_virtual(story())


def test_the_robot_goes_on_when_the_firmware_dies(world: World) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            first = cabinet.serial()
            await first.write(b"$H\nG0 Y-300\n")
            second = cabinet.serial()
            with pytest.raises(ConnectionError):
                await first.write(b"?")
            with pytest.raises(ConnectionError):
                await first.read()
            await asyncio.sleep(60)
            await second.write(b"?")
            assert b"MPos:0.000,-300.000,0.000" in await read_until(second, b">")

    run_virtual(story())


def test_a_reader_learns_of_the_power_cut(world: World) -> None:
    async def story() -> None:
        cabinet = Cabinet(world)
        port = cabinet.serial()
        reading = asyncio.create_task(port.read())
        await asyncio.sleep(1)
        cabinet.stop()
        with pytest.raises(ConnectionError):
            await reading

    run_virtual(story())


def test_silence_swallows_both_directions_until_it_is_lifted(world: World) -> None:
    async def story() -> None:
        with Cabinet(world) as cabinet:
            port = cabinet.serial()
            inject(cabinet, Fault("serial-silence"))
            await port.write(b"?$X\n")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(60):
                    await port.read()
            inject(cabinet, Fault("serial-silence", lift=True))
            await port.write(b"?")
            assert b"<Alarm|" in await read_until(port, b">")

    run_virtual(story())
