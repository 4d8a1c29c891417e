"""A port expander MCP23017: sixteen lines, each for good an input (pulled up) or an output."""

from hal.drivers.i2c_chip import I2cChip
from hal.drivers.mcp23017 import codec
from hal.drivers.mcp23017.pin import ExpanderPin
from hal.errors import HalError
from hal.transports.interfaces import I2cBus

ATTEMPTS = 2
"""A chip may lose power between looking and writing, once."""


class Expander:
    """One chip at 0x20 to 0x27 of `bus`, which may be a multiplexer's channel.

    `outputs` has a bit for each output: bit 0 is A0, bit 8 is B0.

    When the firmware starts, a chip that is set up as wanted keeps what it drives: a restart of the
    firmware switches nothing. Any other chip is set up with all outputs low. A chip that was
    without power for a moment is noticed at the next call, and set up with what it was told last.
    """

    verified = "simulator"

    def __init__(
        self, bus: I2cBus, address: int = 0x20, *, outputs: int = 0, name: str = "expander"
    ) -> None:
        self._chip = I2cChip(bus, address, name)
        self._outputs = outputs & codec.ALL
        self._ordered: int | None = None
        """What the outputs were last told, or had at the first look."""
        self.resets = 0
        """How often it was found to have lost its settings."""

    @property
    def name(self) -> str:
        return self._chip.name

    @property
    def bus(self) -> I2cBus:
        return self._chip.bus

    @property
    def outputs(self) -> int:
        return self._outputs

    def pin(self, number: int, *, active_high: bool) -> ExpanderPin:
        """One line by itself, 0 (A0) to 15 (B7); an output if it is one of `outputs`."""
        return ExpanderPin(self, number, active_high=active_high)

    async def read(self, on: I2cBus | None = None) -> codec.State:
        """Ask for levels (of pins, 1 is high) and latches (what outputs are told). One transfer.

        `on`: the bus, when the caller has taken it for itself.

        Raises:
            HalError: 1010 bus unusable, 1011 no such chip, 1013 another kind of chip, 1014 short.
        """
        if on is None:
            async with self.bus.exclusively() as bus:
                return await self.read(bus)
        await self._ensure_known(on)
        for _ in range(ATTEMPTS):
            state = await self._state(on)
            if state.is_set_up and self._drives(state):
                return state
            self.resets += 1
            await self._set_up(on)
        raise self._forgetful(state)

    async def write(self, levels: int, mask: int = codec.ALL, on: I2cBus | None = None) -> None:
        """Have the outputs in `mask` at `levels` (1 is high), and see that they are. Two transfers.

        Raises:
            HalError: as `read`.
        """
        if on is None:
            async with self.bus.exclusively() as bus:
                await self.write(levels, mask, bus)
            return
        ordered = await self._ensure_known(on)
        mask &= self._outputs
        self._ordered = (ordered & ~mask) | (levels & mask)
        await self._chip.ask(codec.encode_lines(codec.OLAT, self._ordered), on=on)
        await self.read(on)

    # Inside -----------------------------------------------------------------------------------

    async def _ensure_known(self, bus: I2cBus) -> int:
        """Look at the chip for the first time, and set it up unless it is; what it drives."""
        if self._ordered is None:
            if await self._settings(bus) != codec.setting(self._outputs):
                self._ordered = 0
                try:
                    await self._set_up(bus)
                except HalError:
                    self._ordered = None
                    raise
            else:
                self._ordered = (await self._state(bus)).latches & self._outputs
        return self._ordered

    async def _set_up(self, bus: I2cBus) -> None:
        """Latches before directions: an output must not drive what nobody has ordered."""
        ordered = self._ordered or 0
        await self._chip.ask(bytes([codec.GPINTENB_OR_IOCON, 0]), on=bus)
        await self._chip.ask(bytes([codec.IOCON, 0]), on=bus)
        await self._chip.ask(codec.encode_lines(codec.OLAT, ordered), on=bus)
        await self._chip.ask(codec.encode_set_up(self._outputs), on=bus)
        settings = await self._settings(bus)
        if settings != codec.setting(self._outputs):
            raise HalError(1013, f"{self._chip} is no MCP23017", f"it holds {settings.hex()}")

    async def _settings(self, bus: I2cBus) -> bytes:
        return await self._chip.ask(bytes([codec.IODIR]), codec.SETTING_BYTES, on=bus)

    async def _state(self, bus: I2cBus) -> codec.State:
        answer = await self._chip.ask(bytes([codec.GPPU]), codec.STATE_BYTES, on=bus)
        return codec.decode_state(answer, str(self._chip))

    def _drives(self, state: codec.State) -> bool:
        """Whether it latches what it was told, and 0 for inputs: a line let go of reads ones."""
        return state.latches == self._ordered

    def _forgetful(self, state: codec.State) -> HalError:
        return HalError(1013, f"{self._chip} does not keep what it is told", f"{state}")
