"""Labels: burned and printed, printed alone, in batches, badly, and with the power going."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    AlarmCleared,
    AlarmRaised,
    Burn,
    CopyVerified,
    LabelPrinted,
    LibraryTelemetry,
    PrintLabel,
)
from appliance.contract.messages.values import Batch, Label
from appliance.contract.states import JobState, MediumState
from appliance.hardware import Unit
from appliance.labels.fields import LabelFields
from appliance.labels.orders import LabelFinding
from appliance.services.printing import LabelState, Printing
from hal.errors import HalError
from hal.interfaces.changer import Place
from simulators.clock import run_virtual
from tests.appliance.jobs.archive import Archive, Volume, files_of
from tests.appliance.jobs.cabinet import Cabinet, PaperChanger, Session
from tests.appliance.jobs.station import PaperRig, Station, Units

VOLUME = Volume(1, files_of(1, 4, 60_000))
LABEL = Label(title="Letters 1931", series="S2", qr="v1")


class PrintingChanger(PaperChanger):
    """A robot that also reaches the printer's tray."""

    def __init__(self, cabinet: Cabinet, session: Session) -> None:
        super().__init__(cabinet, session)
        self.drives = (*cabinet.drives, "p1")

    async def where_is(self, slot: str, drive: str | None = None) -> Place:
        await self._act(2.0)
        places = self._cabinet.places
        return Place.DRIVE if drive in places else Place.SLOT if slot in places else Place.NOWHERE


class Press:
    """The printer and the camera, which outlive the firmware. `ink` is what each disc bears."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.ink: dict[str, list[str]] = {}
        self.drawn = ""
        self.codes: dict[str, str] = {}
        """What the code on each disc says."""
        self.fault: HalError | None = None
        self.blemish: SteleError | None = None


class PaperPrinter:
    name = "p1"

    def __init__(self, press: Press, session: Session) -> None:
        self._press, self._session = press, session

    async def open_tray(self) -> None:
        await self._session.pause(2.0)
        self._press.cabinet.open_trays.add("p1")

    async def close_tray(self) -> None:
        await self._session.pause(2.0)
        self._press.cabinet.open_trays.discard("p1")

    async def print(self, image: Path, title: str) -> None:
        await self._session.pause(1.0)
        if self._press.fault is not None and self._press.fault.code == 3260:
            raise self._press.fault
        disc = self._press.cabinet.places["p1"]
        self._press.ink.setdefault(disc.name, []).append(title)
        self._press.codes[disc.name] = self._press.drawn
        await self._session.pause(30.0)
        if self._press.fault is not None:
            raise self._press.fault


class Eye:
    """Camera and label desk in one."""

    name = "camera"

    def __init__(self, press: Press, session: Session) -> None:
        self._press, self._session = press, session

    async def take_frame(self, to: Path) -> None:
        await self._session.pause(1.0)

    async def draw(self, fields: LabelFields, to: Path) -> None:
        await self._session.pause(0.5)
        self._press.drawn = fields.code

    async def check(self, frame: Path, label: Path, code: str) -> LabelFinding:
        await self._session.pause(0.5)
        if self._press.blemish is not None:
            raise self._press.blemish
        if not self._press.ink.get(self._press.cabinet.places["p1"].name):
            raise SteleError(3270, "there is no label")
        return LabelFinding(code=code, sharpness=1.0, turned_deg=0.0)

    async def read(self, frame: Path, label: Path, code: str) -> str:
        await self._session.pause(0.5)
        if self._press.blemish is not None:
            raise self._press.blemish
        disc = self._press.cabinet.places.get("p1")
        if disc is None:
            raise SteleError(3276, "there is no disc")
        if not self._press.ink.get(disc.name):
            raise SteleError(3270, "there is no label")
        return self._press.codes.get(disc.name, "")


class PressRig(PaperRig):
    def __init__(self, press: Press) -> None:
        super().__init__({"": press.cabinet})
        self.press = press

    def connect(self) -> Units:
        session = self.press.cabinet.connect()
        self.printer = PaperPrinter(self.press, session)
        self.eye = Eye(self.press, session)
        changer = PrintingChanger(self.press.cabinet, session)
        return {"": Unit("", changer, session.drives, self.printer)}


class PressStation(Station):
    def __init__(self, folder: Path, press: Press, content: Archive) -> None:
        self.rig = PressRig(press)
        self.press = press
        super().__init__(folder, self.rig, content)

    def _printing(self) -> Printing:
        self.printing = Printing(
            self.db,
            self.rig.printer,
            self.rig.eye,
            self.rig.eye,
            folder=self.folder / "labels",
            media=self.library.media,
            alarms=self.library.alarms,
            changed=lambda: None,
        )
        return self.printing

    @property
    def prints(self) -> int:
        return sum(map(len, self.press.ink.values()))


def order(volume: Volume = VOLUME, **changes: Any) -> Burn:
    return msgspec.structs.replace(volume.order(), label_print=LABEL, **changes)


def over_press(tmp_path: Path, story: Any, press: Press | None = None) -> None:
    async def whole() -> None:
        station = PressStation(tmp_path, used, Archive(VOLUME, *VOLUMES))
        await station.start()
        await station.surveyed()
        await story(station)
        assert {m.place for m in station.media()} == {f"slot:{p}" for p in used.cabinet.places}
        await station.kill()

    used = press or Press(Cabinet(slots=4, discs=3))
    run_virtual(whole())


VOLUMES = [Volume(n, files_of(n, 2, 30_000)) for n in range(2, 5)]


def test_a_disc_is_burned_verified_and_labelled(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        station.tell(order(), "b")
        await station.until(lambda: station.job("b").step == "print")
        picture = station.printing.shown(LibraryTelemetry(station.now(), [], [], []))
        assert (picture.drives[0].drive, picture.drives[0].prints) == ("p1", True)
        await station.settled()
        assert station.job("b").state is JobState.DONE
        (printed,) = station.events(LabelPrinted)
        (copy,) = station.events(CopyVerified)
        assert (printed.medium_id, printed.qr) == (copy.medium_id, "v1")
        assert station.printing.state(copy.medium_id) is LabelState.GOOD
        assert station.prints == 1

    over_press(tmp_path, story)


def test_a_bad_print_is_an_alarm_and_the_copy_counts(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        station.press.blemish = SteleError(3273, "the label is smeared")
        station.tell(order(), "b")
        await station.settled()
        assert station.job("b").state is JobState.DONE
        (copy,) = station.events(CopyVerified)
        assert station.library.media.get(copy.medium_id).state is MediumState.VERIFIED
        (alarm,) = station.events(AlarmRaised)
        assert (alarm.where, alarm.error.code) == (f"label:{copy.medium_id}", 3341)
        assert station.events(LabelPrinted) == []
        assert station.prints == 1
        # A person says: again.
        station.press.blemish = None
        assert station.tell(PrintLabel(copy.medium_id, LABEL), "p").accepted
        await station.settled()
        assert station.job("p").state is JobState.DONE
        assert station.prints == 2
        assert [cleared.code for cleared in station.events(AlarmCleared)] == [3341]

    over_press(tmp_path, story)


def test_a_good_label_is_never_printed_over(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        medium = station.media()[0]
        assert station.tell(PrintLabel(medium.id, LABEL), "p").accepted
        await station.settled()
        reply = station.tell(PrintLabel(medium.id, LABEL), "again")
        assert reply.error is not None
        assert reply.error.code == 3342
        assert station.prints == 1

    over_press(tmp_path, story)


@pytest.mark.parametrize(("code", "told", "ink"), [(3260, 3340, 0), (3261, 3341, 1)])
def test_a_printer_that_fails_ends_the_order_with_its_reason(
    tmp_path: Path, code: int, told: int, ink: int
) -> None:
    async def story(station: PressStation) -> None:
        station.press.fault = HalError(code, "the printer says no")
        medium = station.media()[0]
        station.tell(PrintLabel(medium.id, LABEL), "p")
        await station.settled()
        error = station.job("p").error
        assert error is not None
        assert (station.job("p").state, error.code) == (JobState.FAILED, told)
        assert station.prints == ink

    over_press(tmp_path, story)


def test_a_batch_shows_how_far_it_is(tmp_path: Path) -> None:
    async def story(station: PressStation) -> None:
        batch = Batch("box-1", 3)
        for volume in VOLUMES:
            assert station.tell(order(volume, batch=batch), volume.id).accepted
        seen = []
        while any(not job.state.is_final for job in station.jobs()):
            seen += station.engine.jobs_telemetry().batches
            await asyncio.sleep(5.0)
        fractions = [view.fraction or 0.0 for view in seen]
        assert fractions == sorted(fractions)
        assert any(
            0 < fraction < 1 and view.seconds_left
            for fraction, view in zip(fractions, seen, strict=True)
        )
        (last,) = station.engine.jobs_telemetry().batches
        assert (last.size, last.done, last.failed, last.fraction) == (3, 3, 0, 1.0)
        assert station.prints == 3
        await asyncio.sleep(300)
        assert station.engine.jobs_telemetry().batches == []

    over_press(tmp_path, story)


def test_a_batch_of_a_hundred_discs_is_burned_and_labelled(tmp_path: Path) -> None:
    """100 orders at once; time left comes true within a half from the tenth disc on."""
    volumes = [Volume(n, files_of(n, 1, 4000)) for n in range(100, 200)]

    async def story() -> None:
        station = PressStation(
            tmp_path, Press(Cabinet(slots=100, discs=100)), Archive(VOLUME, *volumes)
        )
        await station.start()
        await station.surveyed()
        batch = Batch("box-100", len(volumes))
        for volume in volumes:
            assert station.tell(order(volume, batch=batch), volume.id).accepted
        loop = asyncio.get_running_loop()
        seen = []
        while any(not job.state.is_final for job in station.jobs()):
            seen += [(loop.time(), view) for view in station.engine.jobs_telemetry().batches]
            await asyncio.sleep(120.0)
        ended_s = loop.time()
        assert sorted(view.done for _, view in seen) == [view.done for _, view in seen]
        assert len({view.done for _, view in seen}) > 20
        late = [(at_s, view) for at_s, view in seen if 10 <= view.done <= 90]
        for at_s, view in late:
            assert view.seconds_left == pytest.approx(ended_s - at_s, rel=0.5)
        (last,) = station.engine.jobs_telemetry().batches
        assert (last.size, last.done, last.failed, last.fraction) == (100, 100, 0, 1.0)
        assert len(station.events(CopyVerified)) == len(station.events(LabelPrinted)) == 100
        assert sorted(map(len, station.press.ink.values())) == [1] * 100
        await station.kill()

    run_virtual(story())


async def lived_through(folder: Path, cut_at: int | None, *, lost: bool) -> PressStation:
    press = Press(Cabinet(slots=3, discs=3))
    folder.mkdir()  # noqa: ASYNC240  # nothing else runs here
    station = PressStation(folder, press, Archive(VOLUME))
    station.cut_at, station.cut_before = cut_at, lost
    for _ in range(2):
        await station.start()
        station.order(order(), "b")
        await station.settled()
        if not station.cut.is_set():
            break
        await station.kill()
    return station


@pytest.mark.parametrize("lost", [True, False], ids=["commit lost", "commit kept"])
def test_nothing_is_printed_twice_wherever_the_power_goes(tmp_path: Path, *, lost: bool) -> None:
    async def story(cut_at: int | None) -> int:
        station = await lived_through(tmp_path / str(cut_at), cut_at, lost=lost)
        assert station.job("b").state is JobState.DONE, station.job("b").error
        (copy,) = station.events(CopyVerified)
        assert all(len(ink) == 1 for ink in station.press.ink.values())
        good = station.printing.state(copy.medium_id) is LabelState.GOOD
        assert good == bool(station.events(LabelPrinted))
        assert good or station.library.alarms.standing(f"label:{copy.medium_id}")
        places = {medium.place for medium in station.media()}
        assert places == {f"slot:{place}" for place in station.press.cabinet.places}
        commits = station.commits
        await station.kill()
        return commits

    for cut_at in range(1, run_virtual(story(None)) + 1):
        try:
            run_virtual(story(cut_at))
        except BaseException as error:
            error.add_note(f"the power was cut at commit {cut_at}")
            raise
