"""A cabinet without a robot, and a person who does what the lights say."""

import asyncio
import contextlib
from collections.abc import Collection, Mapping
from pathlib import Path

from hal.drivers.guided.desk import Desk
from hal.drivers.guided.driver import GuidedChanger
from hal.drivers.guided.memory import HandMemory
from hal.drivers.guided.slots import WatchedSlots
from hal.errors import HalError
from hal.interfaces.optical_drive import Disc, DiscStatus

HAND = "hand"


class PaperPanel:
    """Sensors and lights of one module; a dead sensor is silent."""

    def __init__(self, slots: tuple[str, ...], places: dict[str, str]) -> None:
        self.slots = slots
        self._places = places
        self.lit: set[str] = set()
        self.dead: set[str] = set()
        self.is_gone = False

    async def read(self, slots: Collection[str] | None = None) -> Mapping[str, bool]:
        await asyncio.sleep(0.05)
        if self.is_gone:
            raise HalError(1010, "the bus is gone")
        full = set(self._places.values())
        asked = self.slots if slots is None else slots
        return {slot: slot in full for slot in asked if slot not in self.dead}

    async def show(self, lit: Collection[str]) -> None:
        self.lit = set(lit)


class DeskDrive:
    """A drive on the desk: a tray, and what lies in it."""

    def __init__(self, name: str, places: dict[str, str]) -> None:
        self.name = name
        self._places = places
        self.is_open = False
        self.openings = 0

    async def open_tray(self) -> None:
        if not self.is_open:
            await asyncio.sleep(1.5)
            self.openings += 1
        self.is_open = True

    async def close_tray(self) -> None:
        if self.is_open:
            await asyncio.sleep(1.5)
        self.is_open = False

    async def disc(self) -> Disc:
        there = self.name in self._places.values() and not self.is_open
        return Disc(DiscStatus.BLANK if there else DiscStatus.ABSENT)


class DeskRig:
    """`ChangerRig` with a person: `s001` to `s003` have a disc, `s004` to `s006` have none."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "hand.json"
        self.places = {slot: slot for slot in ("s001", "s002", "s003")}
        """Where the disc is that a slot had at first."""
        slots = tuple(f"s{number:03}" for number in range(1, 7))
        self.panels = [PaperPanel(slots[:4], self.places), PaperPanel(slots[4:], self.places)]
        self.desk_drives = {name: DeskDrive(name, self.places) for name in ("d1", "d2")}
        self.changer = self.restarted()
        self.is_there = True
        """Whether the person is."""
        self._person = asyncio.ensure_future(self._work())

    def restarted(self) -> GuidedChanger:
        slots = WatchedSlots(self.panels, self.panels)
        self.changer = GuidedChanger(slots, Desk(self.desk_drives), HandMemory(self._file))
        return self.changer

    def place_of(self, slot: str) -> str:
        return self.places[slot]

    def set_tray(self, drive: str, *, is_open: bool) -> None:
        self.desk_drives[drive].is_open = is_open

    def disc_in(self, place: str) -> str | None:
        return next((disc for disc, where in self.places.items() if where == place), None)

    @property
    def lit(self) -> set[str]:
        return self.panels[0].lit | self.panels[1].lit

    async def aclose(self) -> None:
        self._person.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._person
        await self.changer.aclose()

    async def _work(self) -> None:
        """Look at the lights every second, and do one thing."""
        while True:
            await asyncio.sleep(1.0)
            if self.is_there:
                self._act()

    def _act(self) -> None:
        held = self.disc_in(HAND)
        opened = [name for name, drive in self.desk_drives.items() if drive.is_open]
        for slot in sorted(self.lit):
            disc = self.disc_in(slot)
            if disc is not None and held is None:
                self.places[disc] = HAND
                return
            if disc is None:
                taken = held or next((d for d in map(self.disc_in, opened) if d), None)
                if taken is not None:
                    self.places[taken] = slot
                return
        empty = [name for name in opened if self.disc_in(name) is None]
        if held is not None and empty and not self.lit:
            self.places[held] = empty[0]
