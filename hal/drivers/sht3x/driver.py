"""A climate sensor SHT3x. Each reading is a measurement made for it."""

import asyncio

from hal.drivers.i2c_chip import I2cChip
from hal.drivers.sht3x import codec
from hal.errors import HalError
from hal.interfaces.climate_sensor import Climate
from hal.transports.interfaces import I2cBus

ATTEMPTS = 3
"""Noise spoils a reading now and then; a second and a third tell noise from a fault."""
PASSING = frozenset({1011, 1012, 1014})


class Sht3x:
    """`ClimateSensor` at 0x44 or 0x45.

    `stuck_after`: so many readings whose 32 raw bits are all the same are no measurement any more:
    noise alone moves the lowest bits of a living sensor (repeatability 0.04 °C and 0.08 %, that is
    15 and 52 counts). The first reading that differs is good again.
    """

    verified = "simulator"

    def __init__(
        self, bus: I2cBus, address: int = 0x44, *, name: str = "climate", stuck_after: int = 30
    ) -> None:
        self._chip = I2cChip(bus, address, name)
        self._turn = asyncio.Lock()
        self._stuck_after = stuck_after
        self._last: codec.Sample | None = None
        self._repeated = 0

    @property
    def name(self) -> str:
        return self._chip.name

    async def read(self) -> Climate:
        """Measure now; takes 16 ms.

        Raises:
            HalError: 1010 bus unusable, 1011 no such sensor, 1012 wrong checksums only, 1014 short,
                1015 it has brought the same bits too often.
        """
        async with self._turn:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return self._watched(await self._measure()).climate
                except HalError as error:
                    if attempt == ATTEMPTS or error.code not in PASSING:
                        raise
        raise AssertionError("not reached")

    async def _measure(self) -> codec.Sample:
        await self._chip.ask(codec.MEASURE)
        await asyncio.sleep(codec.MEASURE_S)
        answer = await self._chip.ask(b"", codec.MEASURED_BYTES)
        return codec.decode_sample(answer, str(self._chip))

    def _watched(self, sample: codec.Sample) -> codec.Sample:
        self._repeated = self._repeated + 1 if sample == self._last else 0
        self._last = sample
        if self._repeated >= self._stuck_after:
            raise HalError(
                1015,
                f"{self._chip} brings the same value again and again",
                f"{self._repeated + 1} times {sample}",
            )
        return sample
