"""Which disk is in which bay, watched as disks come and go."""

import asyncio
import logging
from collections.abc import Mapping

from appliance.contract.errors import SteleError, info_of
from appliance.contract.messages import ErrorInfo
from appliance.contract.states import BayState
from appliance.services.alarms import Alarms
from appliance.services.carriers import Carrier, Carriers
from appliance.services.disks.recognition import Recognition, bay_place
from appliance.services.losses import Losses
from appliance.services.media import OUTSIDE
from appliance.services.power.disks import DiskPower
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskBay

WATCH_S = 10.0
"""How often the bays' sensors are asked whether a disk came or went."""

AGAIN_S = 600.0
"""When a disk that could not be recognised is looked at once more."""

log = logging.getLogger(__name__)


class DiskWatch:
    """Looks at each disk once when it is found in a bay; that it is still there the bay says."""

    def __init__(
        self,
        bays: Mapping[str, DiskBay],
        power: DiskPower,
        recognition: Recognition,
        *,
        carriers: Carriers,
        losses: Losses,
        alarms: Alarms,
    ) -> None:
        self._bays = bays
        self._power = power
        self._recognition = recognition
        self._carriers = carriers
        self._losses = losses
        self._alarms = alarms
        self._present: dict[str, bool] = {}
        self._again_s: dict[str, float] = {}
        """When to look once more at a disk that could not be recognised."""

    async def go_on(self) -> None:
        """Notice disks that come and go, until cancelled."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self.look_round()
            except Exception:  # the boundary of the watch: the next round may go better
                log.exception("the disk bays could not be looked at")

    async def look_round(self) -> None:
        met = []
        for name, disk in self._bays.items():
            if self._power.state(name) is BayState.RELEASED:  # a job looks after it meanwhile
                self._present.pop(name, None)
                continue
            try:
                present = await disk.is_present()
            except HalError as error:
                self._fail(name, info_of(error))
                continue
            known = self._carriers.at(bay_place(name))
            before, self._present[name] = self._present.get(name), present
            if not present and known is not None:
                self.lose(known)
            elif present and self._is_news(known, before) and self._is_due(name, before):
                met.append(name)
        if any(self._power.state(name) is not BayState.ON for name in met):
            await self._power.look()
        await asyncio.gather(*(self._meet(name) for name in met))

    async def _meet(self, name: str) -> None:
        """Find out which disk has come into a bay."""
        try:
            async with self._power.powered(name) as disk:
                await self._recognition.recognise(disk)
        except (HalError, SteleError) as error:
            self._again_s[name] = asyncio.get_running_loop().time() + AGAIN_S
            self._fail(name, info_of(error))
        else:
            self._again_s.pop(name, None)
            self._alarms.clear(bay_place(name))

    def _is_news(self, known: Carrier | None, before: bool | None) -> bool:
        """Whether another disk may be in the bay than the one that is known to be."""
        return before is False or known is None or known.leaving

    def _is_due(self, name: str, before: bool | None) -> bool:
        """Whether to look at a disk: when it has come, and again when that failed a while ago."""
        if before is not True:
            return True
        return asyncio.get_running_loop().time() >= self._again_s.get(name, float("inf"))

    def _fail(self, name: str, error: ErrorInfo) -> None:
        self._alarms.sound(bay_place(name), error)

    def lose(self, carrier: Carrier) -> None:
        """A disk has been taken out; its copies count again when they have been verified.

        One that a person was asked to take has them all with it.
        """
        if carrier.leaving:
            self._carriers.relocate(carrier.id, OUTSIDE)
            return
        error = ErrorInfo(2202, f"disk {carrier.mark} ({carrier.id}) was taken out of its bay")
        self._carriers.relocate(carrier.id, OUTSIDE)
        self._losses.lose_copies(carrier.id, error)
        self._alarms.sound(f"medium:{carrier.id}", error)

    def miss(self, medium_id: str, bay: str) -> None:
        """Another disk is where this one was: unless it has been met elsewhere it is gone."""
        carrier = self._carriers.get(medium_id)
        if carrier.place in (bay_place(bay), OUTSIDE):
            self.lose(carrier)
