"""Copies that nobody has used for long are asked to be taken out, and nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.contract.messages import MediumChanged, ReleaseMagazine, TakeOut
from appliance.contract.states import MediumState
from console.retrieval.requests import create_request
from console.store import schema
from console.tasks.book import start
from console.tasks.kinds import TaskBody, TaskKind
from console.tasks.wording import sentence
from console.tiers.offline import ask_to_take_offline
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

Rule = Callable[..., None]


@pytest.fixture
def idle(desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule) -> dict[str, Any]:
    """A volume with a use and a sealed copy, archived 100 days ago; the medium of each role."""
    rule(offline_after_days=90, offline_roles=["sealed"])
    package = holdings.package({"a": b"alpha"})
    volume = holdings.volume(package)
    desk.meet(rack)
    desk.archive(rack)
    media = {copy.role: copy.medium_id for copy in holdings.rows(schema.copies, volume_id=volume)}
    for number, medium_id in enumerate(media.values(), 1):
        tell_place(desk, rack, medium_id, f"slot:s{number:03}", volume)
    desk.later(days=100)
    return {"package": package, "volume": volume, **media}


def tell_place(
    desk: Desk,
    rack: PaperAppliance,
    medium_id: str,
    place: str,
    volume: str | None,
    magazine: str | None = None,
) -> None:
    state = MediumState.VERIFIED if volume else MediumState.BLANK
    told = MediumChanged(
        medium_id, place, state, volume_id=volume, label=volume, magazine_id=magazine
    )
    desk.hear(rack.emit(told))


def tasks(holdings: Holdings, state: str = "open") -> list[Any]:
    return holdings.rows(schema.tasks, state=state)


def test_the_copy_of_an_idle_volume_is_taken_out(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, idle: dict[str, Any]
) -> None:
    ask_to_take_offline(desk.store, desk.now)
    ask_to_take_offline(desk.store, desk.now)
    (task,) = tasks(holdings)
    assert (task.kind, task.subject) == (TaskKind.TAKE_MEDIA, rack.appliance)
    assert task.body["media"] == [idle["sealed"]]
    with desk.store.begin() as db:
        start(db, task.task_id, "Li", desk.now)
    (command,) = (c for c in desk.deliver(rack) if isinstance(c.body, TakeOut))
    assert command.body == TakeOut([idle["sealed"]])
    tell_place(desk, rack, idle["sealed"], "outside", idle["volume"])
    ask_to_take_offline(desk.store, desk.now)
    assert [row.task_id for row in tasks(holdings, "done")] == [task.task_id]
    # It counts on: the volume stays archived (I1), and its use copy stays where it is.
    assert holdings.row(schema.volumes, volume_id=idle["volume"]).state == "archived"
    assert tasks(holdings) == []


@pytest.mark.parametrize("reason", ["used", "young", "wanted", "lost copy", "no rule"])
def test_nothing_goes_that_is_needed(
    desk: Desk,
    holdings: Holdings,
    rack: PaperAppliance,
    rule: Rule,
    idle: dict[str, Any],
    reason: str,
) -> None:
    packages, copies = schema.packages, schema.copies
    match reason:
        case "used":
            with desk.store.begin() as db:
                db.execute(sa.update(packages).values(used_at=desk.now))
        case "young":
            rule(offline_after_days=101, offline_roles=["sealed"])
        case "wanted":
            file_id = holdings.row(schema.files).file_id
            create_request(desk.store, [file_id], "a", from_media=True)
        case "lost copy":
            with desk.store.begin() as db:
                db.execute(sa.update(schema.volumes).values(state="approved"))
                db.execute(sa.update(copies).filter_by(role="use").values(state="planned"))
        case "no rule":
            rule(offline_after_days=90, offline_roles=[])
    ask_to_take_offline(desk.store, desk.now)
    assert tasks(holdings) == []


def test_a_task_is_needless_when_somebody_uses_the_volume(
    desk: Desk, holdings: Holdings, idle: dict[str, Any]
) -> None:
    ask_to_take_offline(desk.store, desk.now)
    with desk.store.begin() as db:
        db.execute(sa.update(schema.packages).values(used_at=desk.now))
    ask_to_take_offline(desk.store, desk.now)
    assert [row.kind for row in tasks(holdings, "needless")] == [TaskKind.TAKE_MEDIA]


def test_a_magazine_goes_when_all_that_is_in_it_may(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule, idle: dict[str, Any]
) -> None:
    for medium_id in (idle["use"], idle["sealed"]):
        tell_place(desk, rack, medium_id, "slot:s001", idle["volume"], "G-0042")
    tell_place(desk, rack, "m-blank", "slot:s009", None, "G-0042")
    ask_to_take_offline(desk.store, desk.now)
    assert tasks(holdings) == []  # the use copy is in it, and stays
    rule(offline_after_days=90, offline_roles=["sealed", "use"])
    with desk.store.begin() as db:
        db.execute(
            sa.insert(schema.magazines).values(
                magazine_id="G-0042",
                appliance=rack.appliance,
                place="n03.g1",
                discs=3,
                moved_at=desk.now,
            )
        )
    ask_to_take_offline(desk.store, desk.now)
    (task,) = tasks(holdings)
    assert (task.kind, task.subject) == (TaskKind.TAKE_MAGAZINE, "G-0042")
    with desk.store.begin() as db:
        start(db, task.task_id, "Li", desk.now)
    bodies = [c.body for c in desk.deliver(rack)]
    assert ReleaseMagazine("n03.g1") in bodies


def test_the_tasks_are_said_in_words() -> None:
    body = TaskBody(labels=["J1-3-0001"], media=["m-1"], last_appliance="a/b", last_place="n03.g1")
    english = sentence(TaskKind.TAKE_MAGAZINE, "G-42", body)
    assert english == "take magazine G-42 out of a/b n03.g1 and put it on the shelf"
    assert sentence(TaskKind.TAKE_MEDIA, "a/b", body).startswith("take 1 medium (J1-3-0001)")
    assert "G-42" in sentence(TaskKind.TAKE_MAGAZINE, "G-42", body, "zh")
    assert "1 份介质" in sentence(TaskKind.TAKE_MEDIA, "a/b", body, "zh")
