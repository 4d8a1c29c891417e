"""The doors of one appliance and the keypad in front of them."""

import asyncio
from collections.abc import Mapping

from appliance.contract.errors import SteleError
from appliance.contract.messages import AccessTelemetry, ErrorInfo, LockDoor, UnlockDoor
from appliance.services.access.door import Door
from appliance.services.access.keypad import LOCKED_OUT, WRONG, Keypad
from appliance.services.access.people import CodeKind
from appliance.services.access.surroundings import Surroundings

NO_SUCH_DOOR = 4019
NOT_FROM_AFAR = 4020
DURESS = 4027
KEYPAD = "keypad"


class Access:
    """Opens doors for whoever has turned the key and knows a PIN."""

    def __init__(self, doors: Mapping[str, Door], keypad: Keypad, around: Surroundings) -> None:
        self._doors = dict(doors)
        self._keypad = keypad
        self._around = around

    def start(self) -> None:
        """Look at every door before anything may move."""
        for door in self._doors.values():
            door.start()

    async def stop(self) -> None:
        """Watch no more; every closed door is locked when this returns, unless its lock fails."""
        await asyncio.gather(*(door.stop() for door in self._doors.values()))

    def door(self, name: str) -> Door:
        """Raises: SteleError: 4019 no such door."""
        if name not in self._doors:
            raise SteleError(NO_SUCH_DOOR, f"this appliance has no door {name[:80]!r}")
        return self._doors[name]

    async def unlock(self, wish: UnlockDoor) -> None:
        """Unlock a door, as soon as nothing moves. Returns when the PIN has been accepted.

        Raises:
            SteleError: 4011 key not turned; 4012 to 4015 the PIN; 4019 no such door; 4022, 4023.
        """
        door = self.door(wish.door)
        door.check_key()
        try:
            holder = await self._keypad.identify(wish.pin)
        except SteleError as error:
            closure = self._keypad.closure()
            if error.code in (WRONG, LOCKED_OUT) and closure is not None:
                self._around.alarms.sound(KEYPAD, closure)
                self._around.changed()
            raise
        self._around.alarms.clear(KEYPAD)
        if holder.kind is CodeKind.DURESS:
            place = f"access:{wish.door}"
            distress = ErrorInfo(DURESS, f"{holder.person} opens door {wish.door} under duress")
            self._around.alarms.sound(place, distress, latched=True, silent=True)
            self._around.alarms.clear(place)
        door.permit(holder)

    def lock(self, wish: LockDoor) -> None:
        """Lock a closed door now.

        Raises:
            SteleError: 4019 no such door, 4023 it is open.
        """
        self.door(wish.door).withdraw()

    def refuse(self, wish: UnlockDoor) -> None:
        """What an unlocking gets that does not come from the cabinet's own socket."""
        raise SteleError(NOT_FROM_AFAR, f"door {wish.door[:64]!r} is unlocked at the cabinet only")

    def telemetry(self) -> AccessTelemetry:
        """Every door as it stands."""
        closure = self._keypad.closure()
        doors = [door.view(closure) for door in self._doors.values()]
        return AccessTelemetry(self._around.now(), doors)
