"""The disc printer: whose disc is in it, and which discs bear a label.

What is printed cannot be taken back, so that printing begins is on our disk before it does. A disc
whose printing began and did not end well is never printed again by itself, only when a person
orders its label anew.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace
from sqlite_utils import Database, Migrations

from appliance.contract.errors import SteleError
from appliance.contract.messages import DriveView, ErrorInfo, LibraryTelemetry
from appliance.contract.messages.values import Label
from appliance.contract.states import DriveState
from appliance.labels.fields import LabelFields
from appliance.labels.orders import LabelFinding
from appliance.services.alarms import Alarms
from appliance.services.media import Media, Medium, drive_place
from appliance.services.reservations import Reservations
from appliance.services.sightings import MIGRATIONS as SIGHTINGS
from hal.errors import HalError
from hal.interfaces.disc_printer import Camera, DiscPrinter

NOT_BEGUN = 3340
DOUBTFUL = 3341
_NOTHING_PRINTED = (1040, 1041, 3260, 3264, 3265)
"""Failures of the printer before anything can be on the disc."""

MIGRATIONS = Migrations("labels")


@MIGRATIONS()
def create_labels(db: Database) -> None:
    db.conn.execute(
        """CREATE TABLE labels (
            medium_id TEXT PRIMARY KEY REFERENCES media(id),
            state TEXT NOT NULL,
            job_id TEXT NOT NULL) STRICT"""
    )


@MIGRATIONS()
def add_codes(db: Database) -> None:
    db.conn.execute("ALTER TABLE labels ADD COLUMN code TEXT")


class LabelState(StrEnum):
    BEGUN = "begun"
    """Something may be on the disc."""
    GOOD = "good"
    BAD = "bad"


class Draughtsman(Protocol):
    """Draws labels and looks at printed ones; `appliance.labels.LabelDesk` is one."""

    async def draw(self, fields: LabelFields, to: Path) -> None: ...

    async def check(self, frame: Path, label: Path, code: str) -> LabelFinding: ...

    async def read(self, frame: Path, label: Path, code: str) -> str: ...


class Printing:
    """One printer, one disc at a time. Without a camera nobody looks at what was printed."""

    def __init__(
        self,
        db: Database,
        printer: DiscPrinter,
        camera: Camera | None,
        draughtsman: Draughtsman,
        *,
        folder: Path,
        media: Media,
        alarms: Alarms,
        changed: Callable[[], None],
    ) -> None:
        """`folder` is for drawn labels and pictures; it is made when missing."""
        MIGRATIONS.apply(db)
        SIGHTINGS.apply(db)
        folder.mkdir(parents=True, exist_ok=True)
        self._db = db
        self._printer = printer
        self._camera = camera
        self._draughtsman = draughtsman
        self._folder = folder
        self._media = media
        self._alarms = alarms
        self._changed = changed
        self._turns = Reservations()
        self._state = DriveState.EMPTY

    @property
    def name(self) -> str:
        return self._printer.name

    @property
    def has_camera(self) -> bool:
        """Whether somebody sees what lies in the tray."""
        return self._camera is not None

    async def take(self, job_id: str) -> None:
        """Have the printer; waits for its turn."""
        await self._turns.take(self.name, job_id)

    def give_back(self, job_id: str) -> None:
        self._turns.drop(self.name, job_id)
        self._changed()

    def state(self, medium_id: str) -> LabelState | None:
        """What is known of the disc's label; unset when nothing was ever printed."""
        row = self._db.conn.execute(
            "SELECT state FROM labels WHERE medium_id = ?", (medium_id,)
        ).fetchone()
        return LabelState(row[0]) if row else None

    def job_of(self, medium_id: str) -> str | None:
        """The job that printed last."""
        row = self._db.conn.execute(
            "SELECT job_id FROM labels WHERE medium_id = ?", (medium_id,)
        ).fetchone()
        return str(row[0]) if row else None

    def code_of(self, medium: Medium) -> str:
        """What the code on the disc says, or would say if its label were printed."""
        row = self._db.conn.execute(
            "SELECT code FROM labels WHERE medium_id = ?", (medium.id,)
        ).fetchone()
        return (row[0] if row else None) or medium.volume_id or medium.id

    async def read_code(self, medium: Medium | None) -> str:
        """What the code on the disc in the tray says; `medium` is the one that should be there.

        Raises:
            HalError: 1050, 1051, 1052 the camera gives no picture.
            SteleError: as `LabelDesk.read` does.
        """
        if self._camera is None:
            raise SteleError(5110, "this appliance has no camera")
        frame = self._folder / "inventory.frame.png"
        await self._camera.take_frame(frame)
        name, code = (medium.id, self.code_of(medium)) if medium else ("nothing", "")
        return await self._draughtsman.read(frame, self._folder / f"{name}.png", code)

    async def label(self, medium_id: str, job_id: str, label: Label, code: str) -> None:
        """Print the disc in the printer, and look at it. After a restart only look.

        Raises:
            SteleError: 3340 nothing was printed; 3341 it is not sure what was. Either says why.
        """
        drawn = self._folder / f"{medium_id}.png"
        begun = self.state(medium_id) is LabelState.BEGUN and self.job_of(medium_id) == job_id
        self._state = DriveState.PRINTING
        self._changed()
        try:
            await self._draw(medium_id, label, code, drawn)
            if not begun:
                await self._print(medium_id, job_id, label, drawn, code)
            await self._look(medium_id, code, drawn)
        finally:
            self._state = DriveState.LOADED
            self._changed()

    def settle(self, medium_id: str, state: LabelState, error: ErrorInfo | None = None) -> None:
        """Write down how it went; a label that is not good is an alarm."""
        place = f"label:{medium_id}"
        with self._db.atomic():
            self._db.conn.execute(
                "UPDATE labels SET state = ? WHERE medium_id = ?", (state, medium_id)
            )
            self._alarms.clear(place)
            if error is not None:
                self._alarms.sound(place, error)

    def shown(self, picture: LibraryTelemetry) -> LibraryTelemetry:
        """The picture with the printer in it."""
        medium = self._media.at(drive_place(self.name))
        state = self._state if medium else DriveState.EMPTY
        view = DriveView(
            drive=self.name,
            state=DriveState.LOADED if medium and state is DriveState.EMPTY else state,
            medium_id=medium.id if medium else None,
            home_slot=medium.home_slot if medium else None,
            job_id=self._turns.holder(self.name),
            prints=True,
        )
        return replace(picture, drives=[*picture.drives, view])

    async def _draw(self, medium_id: str, label: Label, code: str, to: Path) -> None:
        fields = LabelFields(
            code=code, title=label.title, series=label.series, date=label.date, text=label.text
        )
        try:
            await self._draughtsman.draw(fields, to)
        except SteleError as error:
            raise _failed(NOT_BEGUN, medium_id, error) from error

    async def _print(
        self, medium_id: str, job_id: str, label: Label, drawn: Path, code: str
    ) -> None:
        """Print, with the intent written down before; forgotten when nothing can be printed."""
        with self._db.atomic():
            self._db.conn.execute(
                "INSERT INTO labels (medium_id, state, job_id, code) VALUES (?, ?, ?, ?) "
                "ON CONFLICT(medium_id) DO UPDATE "
                "SET state = excluded.state, job_id = excluded.job_id, code = excluded.code",
                (medium_id, LabelState.BEGUN, job_id, code),
            )
        try:
            await self._printer.print(drawn, label.title or medium_id)
        except HalError as error:
            if error.code not in _NOTHING_PRINTED:
                raise _failed(DOUBTFUL, medium_id, error) from error
            with self._db.atomic():
                self._db.conn.execute("DELETE FROM labels WHERE medium_id = ?", (medium_id,))
            raise _failed(NOT_BEGUN, medium_id, error) from error

    async def _look(self, medium_id: str, code: str, drawn: Path) -> None:
        if self._camera is None:
            return
        frame = self._folder / f"{medium_id}.frame.png"
        try:
            await self._camera.take_frame(frame)
            await self._draughtsman.check(frame, drawn, code)
        except (HalError, SteleError) as error:
            raise _failed(DOUBTFUL, medium_id, error) from error


def _failed(code: int, medium_id: str, cause: HalError | SteleError) -> SteleError:
    what = "has no label" if code == NOT_BEGUN else "has a label that may not be good"
    return SteleError(code, f"disc {medium_id} {what}: {cause.message}", cause.detail)
