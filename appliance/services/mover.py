"""A unit's robot and its trays: one medium moves at a time, and it is always known which.

A move that is still open, because it failed or because the firmware died, is settled before any
other motion and always in the same way: ask the gripper, then the slot, then the drive. A medium
found in the gripper is put into its slot. So a restart needs no code of its own.

The robot is given to whoever asked first. A tray is only ever open while its medium is moved, and
every motion of robot or tray is inside the interlock (I3). Where a person carries, only the trays
are: a door must be open for the person.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Protocol, TypeVar

from sqlite_utils import Database

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import ErrorInfo
from appliance.contract.states import MediumState, SlotState
from appliance.hardware import Unit
from appliance.services.alarms import Alarms
from appliance.services.interlock import Interlock
from appliance.services.losses import Losses
from appliance.services.media import (
    MAGAZINE,
    OUTSIDE,
    Media,
    Medium,
    drive_place,
    offline,
    slot_place,
)
from appliance.services.moves import Move, Moves
from appliance.services.slots import Slots
from hal.errors import HalError
from hal.interfaces.changer import Place
from hal.interfaces.optical_drive import DiscStatus

CHANGER = "changer"
"""Where the alarms of an only robot stand."""
IDLE_S = 900.0
"""How long a burner that an earlier process left behind may need to end by itself."""
MOTIONS_FAILED_MAX = 3
"""Calls in a row that a motion spoils, before the unit counts as failed."""

SLOT_TAKEN = 2102
DOUBLY_TAKEN = 2219

T = TypeVar("T")


class Tray(Protocol):
    """What a drive and a printer have in common."""

    async def open_tray(self) -> None: ...

    async def close_tray(self) -> None: ...


def changer_place(unit: str) -> str:
    """Where the alarms of a unit's robot stand: ``changer``, or ``changer:n03``."""
    return f"{CHANGER}:{unit}" if unit else CHANGER


def is_robot_fault(code: int) -> bool:
    """Whether an error is a robot's or its link's, so that nothing in its unit can move."""
    return 1000 <= code < 1010 or 2000 <= code < 2120 or 2130 <= code < 2140


def is_single_motion(code: int) -> bool:
    """Whether it is one motion that went wrong, which may go better the next time."""
    return is_robot_fault(code) and code >= 2100


class Mover:
    """Moves media. Every public call is idempotent and may be cancelled only before it begins,
    but for a unit where a person carries, which may be left at any time."""

    def __init__(
        self,
        db: Database,
        unit: Unit,
        *,
        moves: Moves,
        slots: Slots,
        media: Media,
        losses: Losses,
        alarms: Alarms,
        interlock: Interlock,
        changed: Callable[[], None],
    ) -> None:
        self._db = db
        self._unit = unit
        self._changer = unit.changer
        self._moves = moves
        self._slots = slots
        self._media = media
        self._losses = losses
        self._alarms = alarms
        self._interlock = interlock
        self._changed = changed
        self._lock = asyncio.Lock()
        self._motions_failed = 0
        self.alarm_place = changer_place(unit.name)
        self.doing = ""
        """What the robot is at, for the operator; empty when it rests."""
        self.fault: ErrorInfo | None = None
        """Why nothing in this unit can move; unset while the robot works."""
        self.fault_changed: Callable[[], None] = lambda: None
        """Called when `fault` is set or withdrawn."""

    async def load(self, medium_id: str, drive: str) -> None:
        """Bring a medium from its slot into a drive and close the tray.

        Raises:
            HalError: the robot or the drive failed; where the medium is now is known.
            SteleError: 2202 the medium is not in this cabinet, 2210 its magazine is out.
        """
        async with self._robot(f"{medium_id} → {drive}"):
            medium = self._media.get(medium_id)
            if medium.drive == drive:
                return
            if medium.offline_in:
                raise offline(medium)
            if medium.home_slot is None or not medium.is_home:
                raise SteleError(2202, f"medium {medium_id} is not in its slot: {medium.place}")
            await self._open(drive)
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
            slot = self._home_here(medium) or self._new_home(medium_id)
            await self._open(medium.drive)
            try:
                await self._carry(Move(medium_id, slot, medium.drive, inward=False))
            except HalError as error:
                if error.code != SLOT_TAKEN:
                    raise
                slot = self._leave_to_intruder(medium_id, slot)
                await self._open(medium.drive)
                await self._carry(Move(medium_id, slot, medium.drive, inward=False))
            await self._close(medium.drive)

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
            await self._open(drive)
            await self._ask(self._changer.load(self._changer.slots[0], drive))
            await self._close(drive)

    async def give_up(self) -> str | None:
        """Close the open move, whose medium nobody can find any more; the medium, if there is one.

        For a medium that a person carries and has lost: the robot's are found by `_settle`.
        """
        async with self._lock:
            move = self._moves.open()
            if move is not None:
                self._lose(move)
            return move.medium_id if move else None

    async def close_tray(self, drive: str) -> None:
        """Have a tray closed, with no disc carried meanwhile."""
        async with self._lock, self._interlock.motion():
            await self._tray(drive).close_tray()

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Nothing moves meanwhile: for what may cycle a tray, as opening a disc for reading may."""
        lock = nullcontext() if self._unit.by_hand else self._lock  # a person may take for ever
        async with lock, self._interlock.motion():
            yield

    @asynccontextmanager
    async def held(self, doing: str) -> AsyncIterator[None]:
        """The robot rests and nobody gets it meanwhile, so that a person may reach in."""
        async with self._lock:
            self.doing = doing
            self._changed()
            try:
                yield
            finally:
                self.doing = ""
                self._changed()

    @property
    def printer(self) -> str | None:
        """The printer's tray that this robot reaches."""
        return self._unit.printer.name if self._unit.printer else None

    @property
    def is_busy(self) -> bool:
        """Whether somebody has the robot, or the person, now."""
        return self._lock.locked()

    def under_way(self) -> Move | None:
        """The move that is under way, or was when the power went."""
        return self._moves.open()

    @asynccontextmanager
    async def _robot(self, doing: str) -> AsyncIterator[None]:
        """The robot, with no move open."""
        still = nullcontext() if self._unit.by_hand else self._interlock.motion()
        async with self._lock, still:
            self.doing = doing
            self._changed()
            try:
                await self._settle()
                yield
            except HalError as error:
                self._note_failure(info_of(error))
                raise
            else:
                self._motions_failed = 0
                self._set_fault(None)
            finally:
                self.doing = ""
                self._changed()

    def _note_failure(self, error: ErrorInfo) -> None:
        """A failed line or an alarm stops the unit; one failed motion does not."""
        if not is_robot_fault(error.code):
            return
        self._motions_failed += 1
        if not is_single_motion(error.code) or self._motions_failed >= MOTIONS_FAILED_MAX:
            self._set_fault(error)

    def _set_fault(self, fault: ErrorInfo | None) -> None:
        if self.fault != fault:
            self.fault = fault
            self.fault_changed()

    async def _carry(self, move: Move) -> None:
        self._moves.begin(move)
        try:
            if move.inward:
                await self._ask(self._changer.load(move.slot, move.drive))
                await self._close(move.drive)
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
        medium = self._media.get(move.medium_id)
        is_there = medium.home_slot == move.slot  # else its magazine was pulled meanwhile
        if await self._ask(self._changer.holds_medium()):
            slot = self._home_here(medium) or self._slots.free(self._unit.name)
            if slot is None:
                await self._lay_back(move)
                return
            if medium.home_slot != slot:
                self._media.settle_home(move.medium_id, slot)
            await self._ask(self._changer.unload(move.drive, slot))
            self._moves.close(move.medium_id, slot_place(slot))
        elif is_there and await self._ask(self._changer.probe(move.slot)):
            # On the way out, what stands in the slot may be another's: the drive knows.
            stays = not move.inward and await self._says_full(move.drive)
            found = drive_place(move.drive) if stays else slot_place(move.slot)
            self._moves.close(move.medium_id, found)
        elif await self.is_in(move.drive):
            self._moves.close(move.medium_id, drive_place(move.drive))
        elif medium.magazine_id is not None:
            self._moves.close(move.medium_id, f"{MAGAZINE}{medium.magazine_id}")
        else:
            self._lose(move)

    async def _lay_back(self, move: Move) -> None:
        """No slot is known to be free: the drive of the move is, whichever way it went."""
        await self._open(move.drive)
        await self._ask(self._changer.load(move.slot, move.drive))
        await self._close(move.drive)
        self._moves.close(move.medium_id, drive_place(move.drive))

    def _lose(self, move: Move) -> None:
        with self._db.atomic():
            self._moves.close(move.medium_id, OUTSIDE)
            self._losses.lose_medium(move.medium_id)

    async def is_in(self, name: str) -> bool:
        """Whether a disc is in the drive; one that gives no answer is taken to have it.

        On a printer's tray, which says nothing, the robot looks.
        """
        try:
            if name not in self._unit.drives:
                return await self._lies_on_tray(name)
            drive = self._unit.drives[name]
            await drive.wait_idle(IDLE_S)
            await self._close(name)
            return (await drive.disc()).status is not DiscStatus.ABSENT
        except HalError:
            return True

    async def _says_full(self, name: str) -> bool:
        """Whether the drive itself says that a disc is in it; one that is silent says nothing."""
        drive = self._unit.drives.get(name)
        if drive is None:
            return False
        try:
            await self._close(name)
            return (await drive.disc()).status is not DiscStatus.ABSENT
        except HalError:
            return False

    def _leave_to_intruder(self, medium_id: str, slot: str) -> str:
        """Another disc stands in the medium's slot: it is taken in, and the medium gets a new one.

        Raises:
            SteleError: 2205 there is no empty slot.
        """
        told = f"slot {slot} holds a disc that nobody announced, and its own comes back to it"
        with self._db.atomic():
            self._media.leave_home(medium_id)
            self._slots.see(slot, SlotState.FULL)
            self._media.add(slot_place(slot), slot, MediumState.UNSEEN)
            self._alarms.sound(slot_place(slot), ErrorInfo(DOUBLY_TAKEN, told))
            return self._new_home(medium_id)

    async def _lies_on_tray(self, name: str) -> bool:
        await self._open(name)
        found = await self._ask(self._changer.where_is(self._changer.slots[0], name))
        await self._close(name)
        return found is Place.DRIVE

    def _tray(self, name: str) -> Tray:
        if name in self._unit.drives:
            return self._unit.drives[name]
        printer = self._unit.printer
        if printer is None or name not in self._changer.drives:
            raise SteleError(2207, f"this library has no drive {name}")
        return printer

    async def _open(self, name: str) -> None:
        async with self._interlock.motion() if self._unit.by_hand else nullcontext():
            await self._tray(name).open_tray()

    async def _close(self, name: str) -> None:
        async with self._interlock.motion() if self._unit.by_hand else nullcontext():
            await self._tray(name).close_tray()

    async def _ask(self, act: Awaitable[T]) -> T:
        """One act of the robot; its failure is an alarm, which the next success ends."""
        try:
            answer = await act
        except HalError as error:
            self._alarms.sound(self.alarm_place, info_of(error))
            raise
        self._alarms.clear(self.alarm_place)
        return answer

    def _home_here(self, medium: Medium) -> str | None:
        """Its slot, unless its magazine went to another unit without it."""
        return medium.home_slot if medium.home_slot in self._changer.slots else None

    def _new_home(self, medium_id: str) -> str:
        slot = self._slots.free(self._unit.name)
        if slot is None:
            raise SteleError(2205, f"there is no empty slot for medium {medium_id}")
        self._media.settle_home(medium_id, slot)
        return slot
