"""The robot and the trays: one medium moves at a time, and it is always known which.

A move that is still open, because it failed or because the firmware died, is settled before any
other motion and always in the same way: ask the gripper, then the slot, then the drive. A medium
found in the gripper is put into its slot. So a restart needs no code of its own.

The robot is given to whoever asked first. A tray is only ever open while its medium is moved.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlite_utils import Database

from appliance.contract.errors import SteleError, info_of
from appliance.services.alarms import Alarms
from appliance.services.losses import Losses
from appliance.services.media import OUTSIDE, Media, drive_place, slot_place
from appliance.services.moves import Move, Moves
from appliance.services.slots import Slots
from hal.errors import HalError
from hal.interfaces.changer import Changer
from hal.interfaces.optical_drive import DiscStatus, OpticalDrive

CHANGER = "changer"
"""Where the robot's alarms stand."""
IDLE_S = 900.0
"""How long a burner that an earlier process left behind may need to end by itself."""

T = TypeVar("T")


def is_robot_fault(code: int) -> bool:
    """Whether an error is the robot's or its link's, so that nothing at all can move."""
    return 1000 <= code < 1100 or 2000 <= code < 2200


class Mover:
    """Moves media. Every public call is idempotent and may be cancelled only before it begins."""

    def __init__(
        self,
        db: Database,
        changer: Changer,
        drives: Mapping[str, OpticalDrive],
        *,
        moves: Moves,
        slots: Slots,
        media: Media,
        losses: Losses,
        alarms: Alarms,
        changed: Callable[[], None],
    ) -> None:
        self._db = db
        self._changer = changer
        self._drives = drives
        self._moves = moves
        self._slots = slots
        self._media = media
        self._losses = losses
        self._alarms = alarms
        self._changed = changed
        self._lock = asyncio.Lock()
        self.doing = ""
        """What the robot is at, for the operator; empty when it rests."""

    async def load(self, medium_id: str, drive: str) -> None:
        """Bring a medium from its slot into a drive and close the tray.

        Raises:
            HalError: the robot or the drive failed; where the medium is now is known.
            SteleError: 2202 the medium is not in this cabinet.
        """
        async with self._robot(f"{medium_id} → {drive}"):
            medium = self._media.get(medium_id)
            if medium.drive == drive:
                return
            if medium.home_slot is None or not medium.is_home:
                raise SteleError(2202, f"medium {medium_id} is not in its slot: {medium.place}")
            await self._drives[drive].open_tray()
            await self._carry(Move(medium_id, medium.home_slot, drive, inward=True))

    async def shelve(self, medium_id: str) -> None:
        """Bring a medium from whichever drive it is in to its home slot.

        One that has no home gets the first empty slot. Raises as `load` does, and 2205 when there
        is no empty slot. The medium can be home although the drive then failed to close its tray.
        """
        async with self._robot(f"{medium_id} → slot"):
            medium = self._media.get(medium_id)
            if medium.drive is None:
                return
            slot = medium.home_slot or self._new_home(medium_id)
            drive = self._drives[medium.drive]
            await drive.open_tray()
            await self._carry(Move(medium_id, slot, medium.drive, inward=False))
            await drive.close_tray()

    async def probe(self, slot: str) -> bool:
        """Whether a medium stands in the slot."""
        async with self._robot(f"? {slot}"):
            return await self._ask(self._changer.probe(slot))

    async def take_stock(self) -> bool:
        """Home the robot and settle; returns whether the gripper still holds a medium.

        That one is in no move's account.
        """
        async with self._robot("homing"):
            await self._ask(self._changer.ensure_ready())
            return await self._ask(self._changer.holds_medium())

    async def put_down(self, drive: str) -> None:
        """Lay the medium that is in no account from the gripper into a drive known to be empty."""
        async with self._robot(f"→ {drive}"):
            await self._drives[drive].open_tray()
            await self._ask(self._changer.load(self._changer.slots[0], drive))
            await self._drives[drive].close_tray()

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Nothing moves meanwhile: for what may cycle a tray, as opening a disc for reading may."""
        async with self._lock:
            yield

    @asynccontextmanager
    async def _robot(self, doing: str) -> AsyncIterator[None]:
        """The robot, with no move open."""
        async with self._lock:
            self.doing = doing
            self._changed()
            try:
                await self._settle()
                yield
            finally:
                self.doing = ""
                self._changed()

    async def _carry(self, move: Move) -> None:
        self._moves.begin(move)
        try:
            if move.inward:
                await self._ask(self._changer.load(move.slot, move.drive))
                await self._drives[move.drive].close_tray()
            else:
                await self._ask(self._changer.unload(move.drive, move.slot))
        except HalError as error:
            await self._settle()
            if self._media.get(move.medium_id).place == OUTSIDE:
                raise SteleError(
                    2202, f"medium {move.medium_id} was lost", error.message
                ) from error
            raise
        found = drive_place(move.drive) if move.inward else slot_place(move.slot)
        self._moves.close(move.medium_id, found)

    async def _settle(self) -> None:
        """Find the medium of the open move, if there is one, and close the move."""
        move = self._moves.open()
        if move is None:
            return
        await self._ask(self._changer.ensure_ready())
        if await self._ask(self._changer.holds_medium()):
            await self._ask(self._changer.unload(move.drive, move.slot))
            self._moves.close(move.medium_id, slot_place(move.slot))
        elif await self._ask(self._changer.probe(move.slot)):
            self._moves.close(move.medium_id, slot_place(move.slot))
        elif await self.is_in(move.drive):
            self._moves.close(move.medium_id, drive_place(move.drive))
        else:
            with self._db.atomic():
                self._moves.close(move.medium_id, OUTSIDE)
                self._losses.lose_medium(move.medium_id)

    async def is_in(self, name: str) -> bool:
        """Whether a disc is in the drive; one that gives no answer is taken to have it."""
        try:
            await self._drives[name].wait_idle(IDLE_S)
            await self._drives[name].close_tray()
            return (await self._drives[name].disc()).status is not DiscStatus.ABSENT
        except HalError:
            return True

    async def _ask(self, act: Awaitable[T]) -> T:
        """One act of the robot; its failure is an alarm, which the next success ends."""
        try:
            answer = await act
        except HalError as error:
            self._alarms.sound(CHANGER, info_of(error))
            raise
        self._alarms.clear(CHANGER)
        return answer

    def _new_home(self, medium_id: str) -> str:
        slot = self._slots.free()
        if slot is None:
            raise SteleError(2205, f"there is no empty slot for medium {medium_id}")
        self._media.settle_home(medium_id, slot)
        return slot
