"""A dust sensor SPS30: while its fan runs it measures once a second; the newest is asked for."""

import asyncio
import contextlib

from hal.drivers.i2c_chip import I2cChip
from hal.drivers.sensirion import decode_words
from hal.drivers.sps30 import codec
from hal.errors import HalError
from hal.interfaces.dust_sensor import Dust
from hal.transports.interfaces import I2cBus

ATTEMPTS = 3
PASSING = frozenset({1011, 1012, 1014})
SETTLE_S = 0.02
"""Between a command and the next word: an execution time of at most 20 ms."""
POLL_S = 0.1
PATIENCE_S = 4.0
"""A sample comes each second; the first one after the start takes longer."""
CLEAN_S = 10.0


class Sps30:
    """`DustSensor` at 0x69.

    It is started by the first reading, and anew after whatever failed: nothing is presumed of what
    it was doing before.

    `stuck_after`: so many samples with the same bits, other than of air without any dust, are no
    measurement any more: the counts of a living sensor never stand still.
    """

    verified = "simulator"

    def __init__(
        self, bus: I2cBus, address: int = 0x69, *, name: str = "dust", stuck_after: int = 30
    ) -> None:
        self._chip = I2cChip(bus, address, name)
        self._turn = asyncio.Lock()
        self._measuring = False
        self._tells_status = True
        self._stuck_after = stuck_after
        self._last: Dust | None = None
        self._repeated = 0

    @property
    def name(self) -> str:
        return self._chip.name

    async def read(self) -> Dust:
        """Wait for a measurement that nobody has read yet: up to a second, after the start longer.

        Raises:
            HalError: 1010, 1011, 1012, 1014 as for every sensor on a bus; 1015 no new measurement
                comes, or the same one too often; 1017 its fan or laser has failed;
                1018 it tells what cannot be.
        """
        async with self._turn:
            try:
                await self._ensure_measuring()
                await self._wait_for_sample()
                dust = codec.decode_dust(
                    await self._fetch(codec.READ, codec.MEASURED_BYTES), str(self._chip)
                )
                await self._require_sound()
                self._require_life(dust)
            except HalError:
                self._measuring = False
                raise
            return dust

    async def clean(self) -> None:
        """Run the fan at full speed for ten seconds; no value comes meanwhile.

        Raises:
            HalError: 1010, 1011, 1014.
        """
        async with self._turn:
            await self._ensure_measuring()
            await self._chip.ask(codec.CLEAN)
            await asyncio.sleep(CLEAN_S)

    async def stop(self) -> None:
        """Stop fan and laser, which wear out. The next reading starts them.

        Raises:
            HalError: 1010, 1011.
        """
        async with self._turn:
            self._measuring = False
            await self._chip.ask(codec.STOP)
            await asyncio.sleep(SETTLE_S)

    async def _ensure_measuring(self) -> None:
        if self._measuring:
            return
        with contextlib.suppress(HalError):  # it refuses to stop what it has not begun
            await self._chip.ask(codec.STOP)
        await asyncio.sleep(SETTLE_S)
        await self._chip.ask(codec.START)
        await asyncio.sleep(SETTLE_S)
        self._measuring = True

    async def _wait_for_sample(self) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + PATIENCE_S
        while True:
            answer = await self._fetch(codec.DATA_READY, codec.READY_BYTES)
            if codec.decode_ready(answer, str(self._chip)):
                return
            if loop.time() >= until_s:
                raise HalError(1015, f"{self._chip} brings no new measurement")
            await asyncio.sleep(POLL_S)

    async def _require_sound(self) -> None:
        """A blocked fan leaves old air before the laser: its values are none."""
        if not self._tells_status:
            return
        try:
            answer = await self._fetch(codec.STATUS, codec.STATUS_BYTES)
        except HalError as error:
            if error.code not in PASSING:
                raise
            self._tells_status = False  # firmware before 2.2
            return
        status = codec.decode_status(answer, str(self._chip))
        if status.spoils_values:
            raise HalError(1017, f"{self._chip} says of itself that it has failed", str(status))

    def _require_life(self, dust: Dust) -> None:
        self._repeated = self._repeated + 1 if dust == self._last and dust.pm10_ug_m3 else 0
        self._last = dust
        if self._repeated >= self._stuck_after:
            raise HalError(
                1015,
                f"{self._chip} brings the same values again and again",
                f"{self._repeated + 1} times {dust}",
            )

    async def _fetch(self, command: bytes, length: int) -> bytes:
        """Ask and get an answer whose checksums are right, within some attempts."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._chip.ask(command)
                await asyncio.sleep(SETTLE_S)
                answer = await self._chip.ask(b"", length)
                decode_words(answer, str(self._chip))
            except HalError as error:
                if attempt == ATTEMPTS or error.code not in PASSING:
                    raise
            else:
                return answer
        raise AssertionError("not reached")
