"""People are asked once for each thing, told where it was and where it goes, and left in peace
when it is there.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    DriveView,
    Fetch,
    FileIn,
    JobsTelemetry,
    JobView,
    LibraryTelemetry,
    Locate,
    MagazineMoved,
    MagazineView,
    MediumChanged,
    RobotView,
    SlotView,
    TakeInventory,
    encode,
)
from appliance.contract.states import (
    DriveState,
    JobStage,
    JobState,
    MediumState,
    RobotState,
    SlotState,
)
from console.dispatch.intake import Incoming
from console.retrieval.requests import Terms, create_request, withdraw_request
from console.retrieval.states import Priority
from console.store import schema
from console.tasks.book import body_of, look_again, start
from console.tasks.wording import sentence
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

MAGAZINE = "4F00A1B2C3"


class Library(PaperAppliance):
    """One node with two places for magazines of five discs each; no robot when `by_hand`."""

    by_hand = False
    magazines: dict[str, str | None]

    def picture(self, away: set[str] = frozenset(), lit: str = "") -> Incoming:  # type: ignore[assignment]
        slots = []
        for number in range(1, 11):
            place = "n01.g1" if number <= 5 else "n01.g2"
            inside = self.magazines.get(place)
            medium = self._medium(number)
            state = SlotState.FULL if inside else SlotState.AWAY
            if medium in away:
                state = SlotState.EMPTY
            known = inside == MAGAZINE and medium not in away
            slots.append(
                SlotView(
                    f"n01.s{number:03}",
                    state,
                    medium if known else None,
                    MediumState.VERIFIED if known else None,
                    magazine_id=inside,
                )
            )
        message = LibraryTelemetry(
            self.now,
            slots,
            [DriveView(f"n01.d{n}", DriveState.EMPTY) for n in (1, 2)],
            [] if self.by_hand else [RobotView(RobotState.IDLE, unit="n01")],
            magazines=[MagazineView(place, inside) for place, inside in self.magazines.items()],
        )
        return Incoming(self.topics.telemetry("library"), encode(message))

    def medium(self, number: int, place: str, **more: Any) -> Incoming:
        changed = MediumChanged(self._medium(number), place, MediumState.VERIFIED, **more)
        return self.emit(changed)


@pytest.fixture
def library(desk: Desk, holdings: Holdings) -> Library:
    """Two volumes, each on one disc of the first magazine, and in the landing zone no more."""
    found = Library(site="north", name="pb-1")
    found.magazines = {"n01.g1": MAGAZINE, "n01.g2": None}
    for name in ("first", "second"):
        holdings.volume(holdings.package({f"{name}.tif": name.encode()}), roles=("use",))
    desk.meet(found)
    desk.archive(found)
    while desk.release():
        pass
    desk.hear(found.picture())
    for number in (1, 2):
        desk.hear(found.medium(number, f"slot:n01.s{number:03}", home_slot=f"n01.s{number:03}"))
    desk.hear(found.emit(MagazineMoved(MAGAZINE, "n01.g1", 5)))
    return found


def take_out(desk: Desk, library: Library) -> None:
    desk.later(days=1)
    library.now = desk.now
    library.magazines["n01.g1"] = None
    for number in (1, 2):
        desk.hear(library.medium(number, f"magazine:{MAGAZINE}", magazine_id=MAGAZINE))
    desk.hear(library.emit(MagazineMoved(MAGAZINE, None, 5)), library.picture())


def put_in(desk: Desk, library: Library, place: str = "n01.g1") -> None:
    library.magazines[place] = MAGAZINE
    for number in (1, 2):
        desk.hear(library.medium(number, f"slot:n01.s{number:03}", magazine_id=MAGAZINE))
    desk.hear(library.emit(MagazineMoved(MAGAZINE, place, 5)), library.picture())


def ask(holdings: Holdings, *paths: str, **terms: Any) -> str:
    ids = [row.file_id for row in holdings.rows(schema.files) if row.path in paths]
    return create_request(holdings.store, ids, "wanted", terms=Terms(**terms))


def tasks(holdings: Holdings, **values: Any) -> list[Any]:
    return holdings.rows(schema.tasks, **values)


def test_a_magazine_is_asked_for_once_however_many_wait(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    take_out(desk, library)
    first = ask(holdings, "first.tif")
    desk.work()
    due = NOW + timedelta(days=3)
    second = ask(holdings, "first.tif", "second.tif", priority=Priority.URGENT, due_at=due)
    desk.work()
    (task,) = tasks(holdings)
    body = body_of(task)
    assert (task.kind, task.subject, task.state) == ("bring_magazine", MAGAZINE, "open")
    assert (task.priority, task.due_at) == ("urgent", due)
    assert body.requests == sorted([first, second])
    assert len(body.labels) == len(body.media) == 2
    assert (body.last_appliance, body.last_place) == ("north/pb-1", "n01.g1")
    assert body.away_since == library.now.isoformat(timespec="seconds")
    assert (body.to_appliance, body.to_place) == ("north/pb-1", "n01.g1")
    assert body.lights == ["n01.s001"]
    assert {row.error_code for row in holdings.rows(schema.request_files)} == {5321}
    # How long a person takes nobody knows.
    assert {row.expected_at for row in holdings.rows(schema.requests)} == {None}
    assert sentence(task.kind, task.subject, body) == (
        f"put magazine {MAGAZINE} (last seen in north/pb-1 n01.g1, taken out on "
        f"{library.now:%Y-%m-%d %H:%M} UTC) into north/pb-1 n01.g1; "
        "the light at n01.s001 will be lit"
    )
    assert "n01.s001 处的灯将亮起" in sentence(task.kind, task.subject, body, "zh")


def test_a_task_lights_closes_by_itself_and_the_requests_go_on(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    take_out(desk, library)
    ask(holdings, "first.tif", "second.tif")
    desk.work()
    (task,) = tasks(holdings)
    with holdings.store.begin() as db:
        row = start(db, task.task_id, "Li Na", desk.now)
    assert body_of(row).lit == ["n01.s001"]
    assert [c.body for c in desk.deliver(library)] == [Locate("n01.s001")]
    put_in(desk, library)
    fetches = desk.fetches(library)
    sent = [command.body for command in library.commands]
    assert Locate("n01.s001", on=False) in sent
    assert len(fetches) == 2
    (task,) = tasks(holdings)
    assert (task.state, task.done_by) == ("done", "Li Na")
    assert body_of(task).lit == []
    desk.work()
    assert len(tasks(holdings)) == 1


def test_a_magazine_may_go_to_another_free_place_and_keeps_it_once_begun(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    take_out(desk, library)
    library.magazines["n01.g1"] = "OTHER"
    desk.hear(library.picture())
    ask(holdings, "first.tif")
    desk.work()
    (task,) = tasks(holdings)
    assert body_of(task).to_place == "n01.g2"
    with holdings.store.begin() as db:
        start(db, task.task_id, "Li Na", desk.now)
    library.magazines = {"n01.g1": None, "n01.g2": None}
    desk.hear(library.picture())
    desk.work()
    assert body_of(tasks(holdings)[0]).to_place == "n01.g2"


def test_without_a_free_place_the_task_says_that_room_has_to_be_made(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    take_out(desk, library)
    library.magazines = {"n01.g1": "OTHER", "n01.g2": "MORE"}
    desk.hear(library.picture())
    ask(holdings, "first.tif")
    desk.work()
    (task,) = tasks(holdings)
    assert (body_of(task).to_appliance, body_of(task).to_place) == ("north/pb-1", "")
    assert "room has to be made" in sentence(task.kind, task.subject, body_of(task))


def test_a_task_that_nobody_waits_for_any_more_closes(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    take_out(desk, library)
    request_id = ask(holdings, "first.tif")
    desk.work()
    with holdings.store.begin() as db:
        withdraw_request(db, request_id, "Li Na", desk.now)
    desk.work()
    (task,) = tasks(holdings)
    assert task.state == "needless"
    with holdings.store.begin() as db, pytest.raises(SteleError, match="5323"):
        start(db, task.task_id, "Li Na", desk.now)
    with holdings.store.begin() as db, pytest.raises(SteleError, match="5322"):
        start(db, "tk-none", "Li Na", desk.now)
    with holdings.store.begin() as db, pytest.raises(SteleError, match="5324"):
        withdraw_request(db, request_id, "Li Na", desk.now)


def test_a_single_disc_that_is_outside_is_asked_for_and_the_cabinet_awaits_it(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    desk.hear(library.medium(1, "outside", home_slot="n01.s001"))
    desk.hear(library.picture(away={library._medium(1)}))
    ask(holdings, "first.tif")
    desk.work()
    (task,) = tasks(holdings)
    body = body_of(task)
    assert (task.kind, task.subject) == ("bring_medium", library._medium(1))
    assert (body.to_appliance, body.to_place) == ("north/pb-1", "n01.s001")
    with holdings.store.begin() as db:
        start(db, task.task_id, "Li Na", desk.now)
    assert [c.body for c in desk.deliver(library)] == [FileIn(slots=["n01.s001"])]
    with holdings.store.begin() as db:
        look_again(db, task.task_id, "Li Na", desk.now)
    (look,) = [c.body for c in desk.deliver(library)]
    assert isinstance(look, TakeInventory)
    assert (look.slots, look.by) == (["n01.s001"], "identity")
    desk.work()
    assert tasks(holdings)[0].state == "open"  # saying so is not enough
    desk.hear(library.medium(1, "slot:n01.s001", home_slot="n01.s001"), library.picture())
    assert len(desk.fetches(library)) == 1
    assert tasks(holdings)[0].state == "done"


def test_a_copy_that_is_online_is_read_before_anybody_is_asked(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    """The copy for use is outside; the sealed one is in a cabinet."""
    desk.hear(library.library())
    volume_id = holdings.volume(holdings.package({"third.tif": b"third"}))
    desk.archive(library)
    while desk.release():
        pass
    by_role = {row.role: row.medium_id for row in holdings.rows(schema.copies, volume_id=volume_id)}
    number = int(by_role["use"].rpartition("m")[2])
    desk.hear(library.medium(number, "outside"), library.picture(away={by_role["use"]}))
    ask(holdings, "third.tif")
    (command,) = desk.fetches(library)
    assert isinstance(command.body, Fetch)
    assert command.body.medium_id == by_role["sealed"]
    assert tasks(holdings) == []


def test_where_people_carry_a_job_that_waits_for_one_is_a_task(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    library.by_hand = True
    desk.hear(library.picture())
    request_id = ask(holdings, "first.tif")
    (command,) = desk.fetches(library)
    view = JobView(
        command.id,
        "fetch",
        JobState.WAITING,
        JobStage.LOAD,
        volume_id=command.body.volume_id,  # type: ignore[union-attr]
        copy_id=command.body.copy_id,  # type: ignore[union-attr]
        medium_id=library._medium(1),
        waiting_for="person",
    )

    def tell(*jobs: JobView) -> None:
        desk.later(seconds=1)
        topic = library.topics.telemetry("jobs")
        desk.hear(Incoming(topic, encode(JobsTelemetry(desk.now, list(jobs)))))
        desk.work()

    tell(view)
    (task,) = tasks(holdings)
    assert (task.kind, task.subject) == ("carry_medium", library._medium(1))
    assert body_of(task).requests == [request_id]
    assert holdings.row(schema.requests).expected_at is None
    assert "carry" in sentence(task.kind, task.subject, body_of(task))
    tell(msgspec.structs.replace(view, state=JobState.RUNNING, waiting_for=""))
    assert tasks(holdings)[0].state == "done"


def test_a_magazine_in_another_cabinet_is_believed_there(
    desk: Desk, holdings: Holdings, library: Library
) -> None:
    take_out(desk, library)
    other = Library(site="north", name="pb-2")
    other.magazines = {"n01.g1": MAGAZINE}
    desk.hear(other.status(), other.emit(MagazineMoved(MAGAZINE, "n01.g1", 5)))
    # What the first one tells late changes nothing.
    desk.hear(library.emit(MagazineMoved(MAGAZINE, None, 5)))
    row = holdings.row(schema.magazines)
    assert (row.appliance, row.place) == ("north/pb-2", "n01.g1")


def test_two_processes_open_one_task(desk: Desk, holdings: Holdings, library: Library) -> None:
    take_out(desk, library)
    ask(holdings, "first.tif")
    desk.work()
    (task,) = tasks(holdings)
    values = dict(task._mapping) | {"task_id": "tk-second"}
    with pytest.raises(sa.exc.IntegrityError), holdings.store.begin() as db:
        db.execute(sa.insert(schema.tasks).values(**values))
    desk.work()
    assert len(tasks(holdings)) == 1
    assert datetime.now(UTC) > task.created_at or task.created_at >= NOW
