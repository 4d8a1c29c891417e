"""A sensor through smbus2's messages, as the kernel gets them, to the simulated bus."""

from pathlib import Path

import pytest

from hal.drivers.sht3x.driver import Sht3x
from hal.errors import HalError
from hal.transports.i2c_adapter import I2cAdapter
from hal.transports.i2c_bus import LocalI2cBus
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.world.world import World


def test_climate_over_smbus(tmp_path: Path) -> None:
    world = World.create(tmp_path / "world", "hybrid", discs=0)

    async def story() -> None:
        with Cabinet(world) as cabinet:

            async def open_adapter(path: Path) -> I2cAdapter:
                return I2cAdapter(cabinet.smbus(path.name), path.name)

            world.air.set_room({"temperature_c": 31.0, "humidity_pct": 60.0}, at_once=True)
            bus = LocalI2cBus("main", open_adapter)
            sensor = Sht3x(bus)
            climate = await sensor.read()
            assert climate.temperature_c == pytest.approx(31.0, abs=0.5)
            assert climate.humidity_pct == pytest.approx(60.0, abs=2)
            for fault, where, code in (
                ("chip-absent", "climate", 1011),
                ("bad-crc", "climate", 1012),
                ("bus-dead", "main", 1010),
            ):
                inject(cabinet, Fault(fault, where))
                with pytest.raises(HalError) as caught:
                    await sensor.read()
                assert caught.value.code == code
                inject(cabinet, Fault(fault, where, lift=True))
            await sensor.read()
            await bus.aclose()

    run_virtual(story())
