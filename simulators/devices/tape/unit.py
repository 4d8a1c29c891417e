"""Picker and drives of a tape unit. Whatever takes time waits by the running loop's clock."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from simulators.devices.tape.cartridge import Cartridge
from simulators.world.description import TapeUnit as Description
from simulators.world.tapes import PICKER_JAM, TAPE_DRIVE_GONE, Tape, TapeDriveState
from simulators.world.world import World

END_TO_END_S = 80.0
"""Winding a whole LTO-7 tape from one end to the other."""
SETTLE_S = 1.0
"""Every winding needs this much besides."""
UNLOAD_S = 12.0
TAPE_SNAPPED = "tape-snapped"
"""Name of the fault in the world, with a barcode: the tape is torn, nothing works with it."""


class BusyError(Exception):
    """Another program has the drive open."""


class PickerError(Exception):
    """A move that the unit refuses, by its sense codes."""

    def __init__(self, asc: int, ascq: int) -> None:
        super().__init__(f"{asc:02X}/{ascq:02X}")
        self.asc, self.ascq = asc, ascq


DESTINATION_FULL, SOURCE_EMPTY = (0x3B, 0x0D), (0x3B, 0x0E)
NOT_EJECTED, POSITIONING_FAILED = (0x3A, 0x00), (0x15, 0x01)


class TapeDrive:
    """One drive: a head over a cartridge."""

    def __init__(self, world: World, name: str, model: Description) -> None:
        self.name = name
        self.model = model
        self._world = world
        self._busy = False
        self.loaded_at_s = 0.0
        if self.tape:  # power has just come: the drive threads the tape and rewinds it
            self.state.file_number = self.state.block_number = 0
            self.state.at_end_of_data = False
            world.save("tape_drives")

    @property
    def state(self) -> TapeDriveState:
        return self._world.state.tape_drives[self.name]

    @property
    def tape(self) -> Tape | None:
        """The cartridge in the drive, held by it or not."""
        tapes = self._world.state.tapes.values()
        return next((tape for tape in tapes if tape.place == self.name), None)

    @property
    def gone(self) -> bool:
        return f"{TAPE_DRIVE_GONE}:{self.name}" in self._world.state.faults

    @property
    def cartridge(self) -> Cartridge | None:
        """The cartridge that the drive holds and could work with once it is threaded."""
        tape = self.tape
        if tape is None or self.state.ejected or self.gone:
            return None
        return Cartridge(tape, self._world.tape_folder(tape.barcode))

    @property
    def is_online(self) -> bool:
        return self.cartridge is not None and self._world.now() >= self.loaded_at_s

    @property
    def snapped(self) -> bool:
        tape = self.tape
        return bool(tape and f"{TAPE_SNAPPED}:{tape.barcode}" in self._world.state.faults)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Have the drive for oneself, as the kernel's tape driver gives it to one program only.

        Raises:
            BusyError: at once, when another program has it.
        """
        if self._busy:
            raise BusyError
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    async def until_ready(self) -> Cartridge | None:
        """Wait while the drive threads its cartridge, as opening the device does; None without."""
        wait_s = self.loaded_at_s - self._world.now()
        if self.cartridge and wait_s > 0:
            await asyncio.sleep(wait_s)
        return self.cartridge

    async def wind(self, number: int, block: int = 0) -> None:
        """Bring the head to a block of a tape file, or to the end of data if it comes first."""
        cartridge = self.cartridge
        assert cartridge  # noqa: S101  # the caller has seen it
        marks = len(cartridge.tape.files)
        at_end = number > marks
        if at_end:
            number, block = marks, cartridge.blocks(marks)
        here = cartridge.offset_of(self.state.file_number, self.state.block_number)
        way = abs(cartridge.offset_of(number, block) - here) / cartridge.tape.capacity_bytes
        await asyncio.sleep(SETTLE_S + way * END_TO_END_S)
        self.stand(number, block, at_end=at_end)

    def stand(self, number: int, block: int, *, at_end: bool) -> None:
        """Say where the head stands now."""
        state = self.state
        state.file_number, state.block_number, state.at_end_of_data = number, block, at_end
        self._world.save("tapes", "tape_drives")

    async def eject(self) -> None:
        """Rewind and let the cartridge go."""
        if self.cartridge:
            await self.wind(0)
            await asyncio.sleep(UNLOAD_S)
        self.state.ejected = True
        self._world.save("tape_drives")

    async def load(self) -> None:
        """Take in again a cartridge that was let go and not fetched."""
        if self.tape and self.state.ejected:
            self.state.ejected = False
            self.thread()
            await self.until_ready()

    def thread(self) -> None:
        """Begin to thread the cartridge that has just come."""
        self.loaded_at_s = self._world.now() + self.model.load_s
        self.state.ejected = False
        self.stand(0, 0, at_end=False)


class TapeUnit:
    """The picker, and all drives by name."""

    def __init__(self, world: World, model: Description) -> None:
        self.world = world
        self.model = model
        self.drives = {name: TapeDrive(world, name, model) for name in world.layout.tape_drives}
        self.picker = asyncio.Lock()

    @property
    def slots(self) -> tuple[str, ...]:
        return self.world.layout.tape_slots

    def tape_at(self, place: str) -> Tape | None:
        tapes = self.world.state.tapes.values()
        return next((tape for tape in tapes if tape.place == place), None)

    async def move(self, source: str, target: str) -> None:
        """Carry a cartridge between two elements.

        Raises:
            PickerError: the unit refuses or fails; the cartridge is where it was.
        """
        async with self.picker:
            tape = self.tape_at(source)
            if tape is None:
                raise PickerError(*SOURCE_EMPTY)
            if self.tape_at(target):
                raise PickerError(*DESTINATION_FULL)
            if source in self.drives and not self.drives[source].state.ejected:
                raise PickerError(*NOT_EJECTED)
            await asyncio.sleep(self.model.move_s)
            if PICKER_JAM in self.world.state.faults:
                raise PickerError(*POSITIONING_FAILED)
            tape.place = target
            tape.home = source if target in self.drives else ""
            if source in self.drives:
                self.drives[source].state.ejected = False
            if target in self.drives:
                tape.loads += 1
                self.drives[target].thread()
            self.world.save("tapes", "tape_drives")
