"""An inventory by camera over real drivers: the simulated camera sees what lies in the tray."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import cv2
import msgspec

from appliance.contract.messages import CopyLost, InventoryBy, LabelsCompared, TakeInventory
from appliance.contract.messages.values import Label
from appliance.contract.states import JobState
from appliance.services.media import Medium
from simulators.clock import run_virtual
from simulators.world.printer import CAMERA_BLACK, CAMERA_GONE
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.universe.media_cabinet import Media, MediaStation

VOLUMES = [Volume(number, files_of(number, 1, 20_000)) for number in (1, 2)]
BY_CAMERA = TakeInventory(by=InventoryBy.CAMERA)


class Life:
    """A hybrid cabinet with two burned and labelled discs, and one that is blank."""

    def __init__(self, folder: Path) -> None:
        self.media = Media(folder / "world")
        self.world = self.media.cabinet.world
        self.station = MediaStation(folder, self.media, Archive(*VOLUMES))

    async def begin(self) -> None:
        await self.station.start()
        await self.station.known()
        for volume in VOLUMES:
            label = Label(title="Letters 1931", series="S2")
            self.station.tell(msgspec.structs.replace(volume.order(), label_print=label))
        await self.station.settled()

    def disc_of(self, volume: Volume) -> Medium:
        return next(m for m in self.station.media() if m.volume_id == volume.id)

    def swap(self) -> list[str]:
        """Somebody exchanges the two; the slots in which they were."""
        slots = [self.disc_of(volume).home_slot or "" for volume in VOLUMES]
        first, second = (self.world.disc_at(slot) for slot in slots)
        assert first is not None
        assert second is not None
        self.world.move(first, "outside")
        self.world.move(second, slots[0])
        self.world.move(first, slots[1])
        return slots

    def smear(self, volume: Volume) -> None:
        """Somebody wipes over a label that was good."""
        disc = self.world.disc_at(self.disc_of(volume).home_slot or "")
        assert disc is not None
        path = str(self.world.print_path(disc.serial))
        picture = cv2.imread(path)
        assert picture is not None
        cv2.imwrite(path, cv2.blur(picture, (60, 15)))
        self.world.state.prints[disc.serial].times += 1
        self.world.save("prints")

    def set_fault(self, name: str, *, on: bool) -> None:
        faults = self.world.state.faults
        if on:
            faults[name] = ""
        else:
            del faults[name]
        self.world.save("faults")

    def moves(self) -> int:
        """How often the robot has carried a disc."""
        row = self.station.db.conn.execute("SELECT count(*) FROM moves").fetchone()
        return int(row[0])

    def hold(self) -> None:
        """I2, I8: every disc is in the slot in which it is known to be."""
        for medium in self.station.media():
            if medium.is_home:
                assert self.world.disc_at(medium.home_slot or "") is not None
        home = [medium for medium in self.station.media() if medium.is_home]
        assert len(home) == 3
        assert self.world.disc_at("p1") is None


def over_cabinet(tmp_path: Path, story: Callable[[Life], Awaitable[None]]) -> None:
    async def whole() -> None:
        life = Life(tmp_path)
        await life.begin()
        await story(life)
        life.hold()
        await life.station.kill()
        life.media.cabinet.stop()

    run_virtual(whole())


def test_exchanged_discs_are_found_and_a_smeared_label_is_told(tmp_path: Path) -> None:
    async def story(life: Life) -> None:
        station = life.station
        slots = life.swap()
        job = station.tell(BY_CAMERA).job_id or ""
        await station.settled()
        assert station.job(job).state is JobState.DONE, station.job(job).error
        told = station.events(LabelsCompared)[-1]
        assert (told.discs, told.moved, told.without_label) == (3, 2, 1)
        assert [life.disc_of(volume).home_slot for volume in VOLUMES] == slots[::-1]
        assert station.library.alarms.telemetry().alarms == []
        life.smear(VOLUMES[0])
        wiped = life.disc_of(VOLUMES[0])
        station.tell(TakeInventory(slots, InventoryBy.CAMERA))
        await station.settled()
        told = station.events(LabelsCompared)[-1]
        assert (told.discs, told.right, told.unreadable) == (2, 1, 1)
        (alarm,) = station.library.alarms.telemetry().alarms
        assert (alarm.where, alarm.error.code) == (f"label:{wiped.id}", 3273)
        assert station.events(CopyLost) == []

    over_cabinet(tmp_path, story)


def test_a_camera_that_fails_is_waited_for_and_no_disc_is_left_in_the_tray(tmp_path: Path) -> None:
    """It fails while a disc lies in the tray: that one goes home, and no other is fetched."""

    async def story(life: Life) -> None:
        station = life.station
        job = station.tell(BY_CAMERA).job_id or ""
        for fault, code in ((CAMERA_BLACK, 3275), (CAMERA_GONE, 1050)):
            await station.until(lambda: life.world.disc_at("p1") is not None)
            life.set_fault(fault, on=True)
            await station.until(partial(station.library.alarms.stands, f"job:{job}", code))
            life.hold()
            moves = life.moves()
            await asyncio.sleep(150)
            assert life.moves() == moves
            life.set_fault(fault, on=False)
        await station.settled()
        assert station.job(job).state is JobState.DONE
        (told,) = station.events(LabelsCompared)
        assert (told.discs, told.right, told.without_label) == (3, 2, 1)
        assert station.library.alarms.telemetry().alarms == []

    over_cabinet(tmp_path, story)


def test_the_power_goes_while_a_disc_is_carried_and_lies_in_the_tray(tmp_path: Path) -> None:
    async def story(life: Life) -> None:
        station = life.station
        slots = life.swap()
        station.order(BY_CAMERA, "i")
        for place in ("gripper", "p1", "gripper"):
            await station.until(lambda place=place: life.world.disc_at(place) is not None)
            await station.kill()
            await station.start()
        await station.known()
        assert station.job("i").state is JobState.DONE, station.job("i").error
        (told,) = station.events(LabelsCompared)
        assert (told.discs, told.moved) == (3, 2)
        assert [life.disc_of(volume).home_slot for volume in VOLUMES] == slots[::-1]

    over_cabinet(tmp_path, story)
