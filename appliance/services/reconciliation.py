"""After a start: ask the hardware where every medium is, and put away what no job needs.

Each unit is reconciled by itself, so one whose robot does not answer keeps no other from its work.
Nothing is believed but the gripper's sensor, the probe and the drives. What the catalogue says is
only used to know where to look (I2, I8).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TypeVar

from appliance.contract.errors import SteleError, info_of
from appliance.contract.states import DriveState, MediumState
from appliance.services.drives import Seat
from appliance.services.library import Library
from appliance.services.media import drive_place, slot_place
from appliance.services.mover import IDLE_S, is_robot_fault
from appliance.services.units import LibraryUnit
from hal.errors import HalError
from hal.interfaces.changer import ChangerState
from hal.interfaces.optical_drive import DiscStatus

T = TypeVar("T")

_RETRY_S = (5.0, 15.0, 30.0, 60.0)
TEND_S = 60.0
"""How often a unit that failed is asked whether it works again."""
WATCH_S = 15.0
"""How often a robot at rest is looked at."""
_SILENT = (ChangerState.UNAVAILABLE, ChangerState.ALARM)
OWNER = "reconciliation"
"""Who has a drive with a disc of no job."""


async def reconcile(library: Library, unit: LibraryUnit, wanted: Collection[str]) -> None:
    """Bring the catalogue and a unit's hardware together; waits for its robot as long as it takes.

    `wanted` are the media that unfinished jobs will go on with: they stay in their drives.
    """
    in_gripper = await _patiently(unit.mover.take_stock)
    seats = library.drives.of_unit(unit.name)
    await asyncio.gather(*(_look_into(library, seat) for seat in seats))
    if in_gripper:
        await _put_down(library, unit)
    for seat in seats:
        await _find_missing(library, seat)
        medium = library.media.at(drive_place(seat.name))
        if medium is not None and medium.id not in wanted and seat.fault is None:
            library.drives.claim(seat.name, OWNER)
            await _put_away(library, seat, medium.id)
    await _clear_tray(library, unit, wanted)


async def _clear_tray(library: Library, unit: LibraryUnit, wanted: Collection[str]) -> None:
    """Bring home what lies in the printer for no job. A person is not asked for it here."""
    tray = unit.mover.printer
    medium = library.media.at(drive_place(tray)) if tray else None
    if medium is None or medium.id in wanted or unit.by_hand:
        return
    place = drive_place(tray or "")
    try:
        await _patiently(partial(unit.mover.shelve, medium.id))
    except (HalError, SteleError) as error:
        library.alarms.sound(place, info_of(error))
    else:
        library.alarms.clear(place)


async def tend(library: Library, unit: LibraryUnit) -> None:
    """Whenever the unit fails: see from time to time whether it works again, and then put away
    what its jobs left in its drives. Never returns."""
    while True:
        await _until_it_fails(unit)
        try:
            if await unit.mover.take_stock():
                await _put_down(library, unit)
            await _clear_left(library, unit)
        except (HalError, SteleError):
            continue  # the alarm stands


async def _until_it_fails(unit: LibraryUnit) -> None:
    """Return a while after the unit failed, or when its robot has fallen silent at rest.

    Nothing asks a robot that rests; asked by the caller, it answers or its alarm sounds.
    """
    while not unit.failed.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WATCH_S):
                await unit.failed.wait()
        resting = unit.ready.is_set() and not unit.by_hand and not unit.mover.is_busy
        if resting and unit.changer.state in _SILENT:
            return
    await asyncio.sleep(TEND_S)


async def _clear_left(library: Library, unit: LibraryUnit) -> None:
    for seat in library.drives.of_unit(unit.name):
        if seat.job_id == OWNER:
            await _clear(library, seat)


async def look_again(library: Library, unit: LibraryUnit) -> None:
    """Give every drive of a unit that is out of service, or keeps a disc of no job, another
    chance."""
    for seat in library.drives.of_unit(unit.name):
        if seat.job_id == OWNER or (seat.job_id is None and seat.fault is not None):
            await _clear(library, seat)


async def _clear(library: Library, seat: Seat) -> None:
    """See what is in a drive that no job has, and put it away."""
    library.drives.claim(seat.name, OWNER)
    await _look_into(library, seat)
    await _find_missing(library, seat)
    medium = library.media.at(drive_place(seat.name))
    if seat.fault is not None or medium is None:
        library.drives.release(seat)
    else:
        await _put_away(library, seat, medium.id)


async def _patiently(act: Callable[[], Awaitable[T]]) -> T:
    """Do `act` again and again while it is the robot that fails: without it nothing can go on."""
    tries = 0
    while True:
        try:
            return await act()
        except HalError as error:
            if not is_robot_fault(error.code):
                raise
        await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
        tries += 1


async def _look_into(library: Library, seat: Seat) -> None:
    """Ask one drive what is in it; one that does not answer is out of service."""
    try:
        await seat.drive.wait_idle(IDLE_S)
        await library.mover_of(seat.name).close_tray(seat.name)
        disc = await seat.drive.disc()
    except HalError as error:
        library.drives.suspend(seat, info_of(error))
        return
    if seat.fault is not None:
        library.drives.readmit(seat)
    present = disc.status is not DiscStatus.ABSENT
    seat.state = DriveState.LOADED if present else DriveState.EMPTY
    place = drive_place(seat.name)
    if present and library.media.at(place) is None:
        blank = disc.status is DiscStatus.BLANK
        library.media.add(place, None, MediumState.BLANK if blank else MediumState.FOREIGN)


async def _find_missing(library: Library, seat: Seat) -> None:
    """A medium that should be in a drive, and is not, is in its slot or lost."""
    medium = library.media.at(drive_place(seat.name))
    if medium is None or seat.state is not DriveState.EMPTY:
        return
    slot = medium.home_slot
    here = slot is not None and library.slots.unit_of(slot) == seat.unit
    if (
        slot is not None
        and here
        and await _patiently(partial(library.mover_of(seat.name).probe, slot))
    ):
        library.media.relocate(medium.id, slot_place(slot))
    else:
        library.losses.lose_medium(medium.id)


async def _put_down(library: Library, unit: LibraryUnit) -> None:
    """A medium that no move accounts for is laid into an empty drive, so that the robot is free.

    When no drive takes it, it stays, and the robot's own errors say so at the next motion.
    """
    for seat in library.drives.of_unit(unit.name):
        if seat.fault is None and seat.state is DriveState.EMPTY:
            try:
                await _patiently(partial(unit.mover.put_down, seat.name))
            except HalError as error:
                library.drives.suspend(seat, info_of(error))
            else:
                await _look_into(library, seat)
                return


async def _put_away(library: Library, seat: Seat, medium_id: str) -> None:
    """Bring the disc that no job owns from its drive to a slot.

    A drive that does not give it up goes out of service. While there is no empty slot for it the
    disc stays, and nobody gets the drive.
    """
    try:
        await _patiently(partial(library.put_away, medium_id, seat))
    except HalError as error:
        library.drives.suspend(seat, info_of(error))
        library.drives.release(seat)
    except SteleError as error:
        if library.slots.were_surveyed(seat.unit):
            library.alarms.sound(f"drive:{seat.name}", error.info)
    else:
        library.alarms.clear(f"drive:{seat.name}")
