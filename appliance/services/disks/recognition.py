"""Which disk is in a bay: asked of the disk, never remembered."""

from appliance.contract.errors import SteleError
from appliance.contract.messages import ErrorInfo
from appliance.contract.states import MediumKind, MediumState
from appliance.services.alarms import Alarms
from appliance.services.carriers import Carrier, Carriers
from appliance.services.disks import health, identity
from appliance.services.shelf import CARRIER_BAD, FOREIGN_DATA, in_thread
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskBay, DiskHealth

NO_MARK = 3329
UNMOUNTABLE = 3244
_OVERHEAD = 0.06
"""Share of a disk that a new file system takes for itself."""


def bay_place(bay: str) -> str:
    return f"bay:{bay}"


class Recognition:
    """Brings the inventory up to date with one disk that is on."""

    def __init__(self, carriers: Carriers, alarms: Alarms) -> None:
        self._carriers = carriers
        self._alarms = alarms
        self.health: dict[str, DiskHealth] = {}
        """What each medium last said of itself, by its id."""

    async def recognise(self, disk: DiskBay) -> Carrier:
        """Find out which medium the disk in this bay is, and take it into the inventory.

        Raises:
            SteleError: 3329 the disk tells no serial number.
            HalError: 32xx the disk does not answer.
        """
        await disk.ensure_on()  # one that has power may still be starting
        said = await disk.health()
        if not said.serial:
            raise SteleError(NO_MARK, f"the disk in bay {disk.name} tells no serial number")
        carrier = self._carriers.marked(MediumKind.DISK, said.serial)
        if carrier is None:
            carrier = await self._meet(disk, said)
        self._carriers.relocate(carrier.id, bay_place(disk.name))
        if carrier.capacity_bytes is None:
            free_bytes = int(said.capacity_bytes * (1 - _OVERHEAD))
            self._carriers.measure(carrier.id, said.capacity_bytes, free_bytes)
        self._alarms.clear(f"medium:{carrier.id}", 2202)
        self.judge(carrier.id, said)
        return self._carriers.get(carrier.id)

    def judge(self, medium_id: str, said: DiskHealth) -> None:
        """Keep what the disk says of itself; a bad one is not written any more, with an alarm."""
        self.health[medium_id] = said
        why = health.objection(said)
        carrier = self._carriers.get(medium_id)
        if not why:
            self._alarms.clear(f"medium:{medium_id}", CARRIER_BAD)
        elif carrier.state is not MediumState.FOREIGN:
            error = ErrorInfo(CARRIER_BAD, f"disk {said.serial} ({medium_id}) is bad: {why}")
            if carrier.state is not MediumState.CONDEMNED:
                self._carriers.mark(medium_id, MediumState.CONDEMNED, error)
            self._alarms.sound(f"medium:{medium_id}", error)

    async def measure(self, medium_id: str, disk: DiskBay) -> identity.Found:
        """How much room there is on a mounted disk. Raises `OSError`, `HalError`."""
        found = await in_thread(identity.look, await disk.ensure_mounted(), await disk.room())
        self._carriers.measure(medium_id, found.capacity_bytes, found.free_bytes)
        return found

    async def _meet(self, disk: DiskBay, said: DiskHealth) -> Carrier:
        """A disk that was never here: ours from elsewhere, empty, or somebody else's."""
        place, kind = bay_place(disk.name), MediumKind.DISK
        try:
            root = await disk.ensure_mounted()
            found = await in_thread(identity.look, root, await disk.room())
        except HalError as error:
            if error.code != UNMOUNTABLE:
                raise
            # Perhaps it is new: whether it is blank is asked before it gets a file system.
            return self._carriers.add(kind, said.serial, place, MediumState.UNSEEN)
        except OSError as error:
            raise HalError(
                3244, f"the disk in bay {disk.name} cannot be read", str(error)
            ) from error
        document = found.document
        ours = document is not None and document.serial == said.serial
        medium_id = document.medium_id if document and ours else None
        state = MediumState.WRITTEN if ours else MediumState.BLANK
        if (found.data or document is not None) and not ours:
            state = MediumState.FOREIGN
        carrier = self._carriers.add(kind, said.serial, place, state, medium_id=medium_id)
        if state is MediumState.FOREIGN:
            message = f"the disk in bay {disk.name} holds data that is not of this archive"
            self._carriers.mark(carrier.id, state, ErrorInfo(FOREIGN_DATA, message))
        else:
            self._carriers.measure(carrier.id, found.capacity_bytes, found.free_bytes)
        return self._carriers.get(carrier.id)
