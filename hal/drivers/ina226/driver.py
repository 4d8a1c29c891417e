"""A power meter INA226 over a shunt."""

import asyncio

from hal.drivers.i2c_chip import I2cChip
from hal.drivers.ina226 import codec
from hal.errors import HalError
from hal.interfaces.power_meter import Power
from hal.transports.interfaces import I2cBus

ATTEMPTS = 3
PASSING = frozenset({1011, 1014, 1016})
CONVERSIONS_MAX = 5
"""So many times is waited for a conversion that should have ended long ago."""


class Ina226:
    """`PowerMeter` at 0x40 and up.

    A chip that lost power for a moment forgets its calibration and would say 0 A: it is looked at
    before each reading, and the chip set up anew when it is gone.

    `feeds_us`: this computer's own current goes through the shunt, so that no current at all is
    not a value but a bridged shunt, or a second chip at the address that pulls all ones down.

    `stuck_after`: so many conversions in a row with the same counts of voltage and current are none
    any more, where our own current flows: this computer works to read them, and the mean of 35 ms
    of what it takes does not stay within one count (1.25 mV, 1.25 mA over 2 mΩ). A rail without our
    current may rest at nothing for years and is not watched.
    """

    verified = "simulator"

    def __init__(
        self,
        bus: I2cBus,
        address: int = 0x40,
        *,
        name: str = "power",
        shunt_ohm: float = 0.002,
        current_lsb_a: float = 0.001,
        feeds_us: bool = True,
        stuck_after: int = 300,
    ) -> None:
        self._chip = I2cChip(bus, address, name)
        self._shunt = codec.Shunt(shunt_ohm, current_lsb_a)
        self._calibration = self._shunt.calibration
        self._feeds_us = feeds_us
        self._stuck_after = stuck_after
        self._last: codec.Counts | None = None
        self._repeated = 0
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._chip.name

    async def read(self) -> Power:
        """The mean of a conversion that ended since the last reading; waits for it up to 40 ms.

        Raises:
            HalError: 1010 bus unusable, 1011 no such chip, 1013 another kind of chip, 1014 short,
                1015 it converts nothing, or the same too often, 1016 its registers contradict each
                other, 1018 no current.
        """
        async with self._turn:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return self._watched(await self._measure()).power_at(self._shunt)
                except HalError as error:
                    if attempt == ATTEMPTS or error.code not in PASSING:
                        raise
        raise AssertionError("not reached")

    async def _measure(self) -> codec.Counts:
        await self._ensure_set_up()
        await self._wait_for_conversion()
        async with self._chip.bus.exclusively() as bus:
            counts = codec.Counts(
                bus=await self._word(codec.BUS_VOLTAGE, bus),
                current=codec.signed(await self._word(codec.CURRENT, bus)),
                power=await self._word(codec.POWER, bus),
            )
        if not counts.agree:
            raise HalError(
                1016,
                f"what {self._chip} tells contradicts itself",
                f"{counts}; two at one address?",
            )
        if self._feeds_us and not counts.current:
            raise HalError(1018, f"{self._chip} tells of no current, and feeds this computer")
        return counts

    def _watched(self, counts: codec.Counts) -> codec.Counts:
        self._repeated = self._repeated + 1 if counts == self._last else 0
        self._last = counts
        if self._feeds_us and self._repeated >= self._stuck_after:
            raise HalError(
                1015,
                f"{self._chip} brings the same values again and again",
                f"{self._repeated + 1} times {counts}",
            )
        return counts

    async def _ensure_set_up(self) -> None:
        if (
            await self._word(codec.CALIBRATION) == self._calibration
            and await self._word(codec.CONFIG) == codec.CONTINUOUS
        ):
            return
        maker = await self._word(codec.MANUFACTURER)
        die = await self._word(codec.DIE)
        if maker != codec.TEXAS_INSTRUMENTS or die & ~codec.REVISION_BITS != codec.INA226:
            raise HalError(1013, f"{self._chip} is no INA226", f"maker {maker:04x}, die {die:04x}")
        await self._chip.ask(codec.encode_write(codec.CALIBRATION, self._calibration))
        await self._chip.ask(codec.encode_write(codec.CONFIG, codec.CONTINUOUS))
        held = await self._word(codec.CALIBRATION), await self._word(codec.CONFIG)
        if held != (self._calibration, codec.CONTINUOUS):
            raise HalError(1013, f"{self._chip} does not keep its settings", f"{held}")

    async def _wait_for_conversion(self) -> None:
        """Asking clears the flag, so what is read afterwards is newer than the last reading."""
        for _ in range(CONVERSIONS_MAX):
            if await self._word(codec.MASK_ENABLE) & codec.CONVERSION_READY:
                return
            await asyncio.sleep(codec.CONVERSION_S)
        raise HalError(1015, f"{self._chip} converts nothing")

    async def _word(self, register: int, on: I2cBus | None = None) -> int:
        return codec.decode_word(await self._chip.ask(bytes([register]), 2, on=on), str(self._chip))
