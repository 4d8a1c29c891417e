"""After a start: ask the hardware where every medium is, and put away what no job needs.

Nothing is believed but the gripper's sensor, the probe and the drives. What the catalogue says is
only used to know where to look (I2, I8).
"""

import asyncio
from collections.abc import Collection

from appliance.contract.errors import SteleError, info_of
from appliance.contract.states import DriveState, MediumState
from appliance.services.drives import Seat
from appliance.services.library import Library
from appliance.services.media import OUTSIDE, drive_place, slot_place
from appliance.services.mover import IDLE_S, is_robot_fault
from hal.errors import HalError
from hal.interfaces.optical_drive import DiscStatus

_RETRY_S = (5.0, 15.0, 30.0, 60.0)
_OWNER = "reconciliation"


async def reconcile(library: Library, wanted: Collection[str]) -> None:
    """Bring the catalogue and the hardware together; waits for the robot as long as it takes.

    `wanted` are the media that unfinished jobs will go on with: they stay in their drives.
    """
    in_gripper = await _robot(library)
    await asyncio.gather(*(look_into(library, seat) for seat in library.drives))
    if in_gripper:
        await _put_down(library)
    for seat in library.drives:
        medium = library.media.at(drive_place(seat.name))
        if medium is not None and medium.id not in wanted:
            await put_away_stray(library, seat)


async def _robot(library: Library) -> bool:
    tries = 0
    while True:
        try:
            return await library.mover.take_stock()
        except HalError:
            await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
            tries += 1


async def look_into(library: Library, seat: Seat) -> None:
    """Ask one drive what is in it; one that does not answer is out of service."""
    try:
        await seat.drive.wait_idle(IDLE_S)
        await seat.drive.close_tray()
        disc = await seat.drive.disc()
    except HalError as error:
        library.drives.suspend(seat, info_of(error))
        return
    if seat.fault is not None:
        library.drives.readmit(seat)
    present = disc.status is not DiscStatus.ABSENT
    seat.state = DriveState.LOADED if present else DriveState.EMPTY
    place = drive_place(seat.name)
    known = library.media.at(place)
    if present and known is None:
        blank = disc.status is DiscStatus.BLANK
        library.media.add(place, None, MediumState.BLANK if blank else MediumState.FOREIGN)
    elif known is not None and not present:
        if known.home_slot is not None and await library.mover.probe(known.home_slot):
            library.media.relocate(known.id, slot_place(known.home_slot))
        else:
            library.losses.lose_medium(known.id)


async def _put_down(library: Library) -> None:
    """A medium that no move accounts for is laid into an empty drive, so that the robot is free."""
    for seat in library.drives:
        if seat.fault is None and seat.state is DriveState.EMPTY:
            await library.mover.put_down(seat.name)
            await look_into(library, seat)
            return


async def put_away_stray(library: Library, seat: Seat) -> None:
    """Bring the disc that no job owns from a drive to a slot.

    A drive that does not give it up goes out of service; a disc for which there is no empty slot
    yet stays, and the drive with it.
    """
    medium = library.media.at(drive_place(seat.name))
    if medium is None or medium.place == OUTSIDE or seat.fault is not None:
        return
    library.drives.claim(seat.name, _OWNER)
    tries = 0
    while True:
        try:
            await library.put_away(medium.id, seat)
        except HalError as error:
            if not is_robot_fault(error.code):
                library.drives.suspend(seat, info_of(error))
                return
            await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
            tries += 1
        except SteleError as error:
            library.drives.suspend(seat, error.info)
            return
        else:
            return
