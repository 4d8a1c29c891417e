"""The bays' drawers: released for a person's hand, and held again whatever happens."""

import asyncio
import logging
from collections.abc import Mapping

from appliance.contract.errors import SteleError
from appliance.contract.states import BayState
from appliance.services.carriers import Carriers
from appliance.services.media import OUTSIDE
from appliance.services.power.disks import BAY_IN_USE, DiskPower
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskBay

OPEN_S = 300.0
"""How long a drawer stays released for a person who does nothing."""
LOOK_EVERY_S = 0.5
IN_USE_S = 1.0
"""How often a disk that is still looked at is asked for again."""

log = logging.getLogger(__name__)


class Drawers:
    """All drawers of one appliance."""

    def __init__(self, bays: Mapping[str, DiskBay], power: DiskPower, carriers: Carriers) -> None:
        self._bays = bays
        self._power = power
        self._carriers = carriers

    def __contains__(self, bay: object) -> bool:
        return bay in self._bays

    async def hold_all(self) -> None:
        """Hold the drawers that a firmware before this one left released."""
        for name, disk in self._bays.items():
            try:
                if self._power.state(name) is not BayState.RELEASED and not await disk.is_held():
                    await self._power.ensure_held(name)
            except HalError as error:
                log.warning("the drawer of %s is not held: %s", name, error)

    async def let_out(self, medium_id: str, bay: str) -> bool:
        """Switch the disk off and let its drawer go; whether a person has pulled it in time.

        Raises:
            SteleError: 4042 no such bay.
            HalError: 3242 its file system is in use, 3246 the latch does not move.
        """
        await self._release(bay)
        self._carriers.expect_leave(medium_id, expected=True)
        try:
            if await self._becomes(bay, present=False):
                self._carriers.relocate(medium_id, OUTSIDE)
        finally:
            is_held = await self._hold(bay)
            if self._power.state(bay) is BayState.EMPTY:
                self._carriers.relocate(medium_id, OUTSIDE)
            elif is_held:
                self._carriers.expect_leave(medium_id, expected=False)
        return not self._carriers.get(medium_id).is_here

    async def let_in(self, bay: str) -> bool:
        """Let an empty drawer go; whether a person has put a disk in. The disk watch meets it.

        Raises:
            SteleError: 4042 no such bay.
            HalError: 3246 the latch does not move.
        """
        await self._release(bay)
        try:
            return await self._becomes(bay, present=True)
        finally:
            await self._hold(bay)

    def is_empty(self, bay: str) -> bool:
        return self._power.state(bay) is BayState.EMPTY

    async def _release(self, bay: str) -> None:
        while True:
            try:
                await self._power.ensure_released(bay)
            except SteleError as error:
                if error.code != BAY_IN_USE:
                    raise
                await asyncio.sleep(IN_USE_S)
            else:
                return

    async def _becomes(self, bay: str, *, present: bool) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + OPEN_S
        while await self._bays[bay].is_present() is not present:
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(LOOK_EVERY_S)
        return True

    async def _hold(self, bay: str) -> bool:
        """Whether it is held. One that stands open is held when a disk in it is next wanted."""
        try:
            await self._power.ensure_held(bay)
        except HalError as error:
            log.warning("the drawer of %s is not held: %s", bay, error)
            return False
        return True
