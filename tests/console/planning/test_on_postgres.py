"""The same plans in PostgreSQL, where people and processes really act at once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.dispatch.burns import dispatch_copies, volumes_to_check
from console.dispatch.damage import check_next
from console.dispatch.moving import declare_lost, move_work
from console.planning.changes import CopyName, PlanChange
from console.planning.decision import approve, reject
from console.planning.proposal import propose
from console.planning.revision import change
from console.store.schema import appliances, commands, copies, plans, volumes
from console.store.workspace import open_workspace
from tests.console.planning.conftest import MB, Archive
from tests.console.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


@pytest.fixture
def archive(tmp_path: Path, postgres_url: str) -> Iterator[Archive]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "console.toml").write_text(f'[store]\nurl = "{postgres_url}"\n')
    workspace = open_workspace(tmp_path / "data")
    yield Archive(workspace, tmp_path)
    workspace.close()


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """What each deed gave, or the number with which it was refused."""
    outcomes: list[object] = []
    begin = threading.Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> None:
        begin.wait()
        try:
            outcomes.append(deed())
        except SteleError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_plan_from_proposal_to_drives(archive: Archive) -> None:
    archive.land({f"{n}/1": 3 * MB for n in range(8)})
    archive.keep_far()
    for name in ("north/a", "north/b", "south/c"):
        archive.appliance(name)
    workspace, store = archive.workspace, archive.workspace.store
    plan = propose(workspace)
    label = plan.explanation.volumes[0].label
    order = PlanChange(pin=[CopyName(label, "use")])

    outcomes = at_once(
        lambda: approve(workspace, plan.plan_id, "Ada"),
        lambda: reject(workspace, plan.plan_id, "Bob"),
        lambda: change(workspace, plan.plan_id, order, "Cy"),
    )
    assert sum(isinstance(each, int) for each in outcomes) == 2
    assert {each for each in outcomes if isinstance(each, int)} <= {5206, 5230}

    states = dict(archive.rows(plans.c.plan_id, plans.c.state))
    if states["plan-1"] == "rejected":
        plan = propose(workspace)
    newest = f"plan-{len(archive.rows(plans.c.plan_id))}"
    approve(workspace, newest, "Ada")

    now = datetime.now(UTC)
    for volume_id in volumes_to_check(store):
        while check_next(store, workspace.landing, volume_id, now):
            pass
    given = at_once(*[lambda: dispatch_copies(store, "http://x/content/1", now)] * 4)
    assert sum(int(str(each)) for each in given) == len(archive.rows(copies.c.copy_id)) == 8
    bodies = [body for (body,) in _bodies(archive)]
    assert max(Counter(body["copy_id"] for body in bodies).values()) == 1
    assert {state for (state,) in archive.rows(copies.c.state)} == {"dispatched"}
    _lose_the_south(archive, now)


def _bodies(archive: Archive) -> list[tuple[dict[str, str]]]:
    with archive.workspace.store.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(commands.c.body))]  # type: ignore[misc]


def _lose_the_south(archive: Archive, now: datetime) -> None:
    """An appliance goes away: what was not sent moves, what was waits until it is declared lost."""
    store = archive.workspace.store
    with store.begin() as connection:
        here = commands.c.appliance == "south/c"
        ids = list(connection.scalars(sa.select(commands.c.command_id).where(here)))
        sent = sa.update(commands).where(commands.c.command_id == ids[0])
        connection.execute(sent.values(state="sent", attempts=1, sent_at=now))
        gone = sa.update(appliances).where(appliances.c.appliance == "south/c")
        connection.execute(gone.values(online=False))
    archive.appliance("west/d")
    move_work(store, now)
    moved = move_work(store, now + timedelta(minutes=20))
    assert moved == len(ids) - 1
    with store.begin() as connection:
        assert len(declare_lost(connection, "south/c", "Ada", now)) == 1
    dispatch_copies(store, "http://x/content/1", now)
    places = Counter(name for (name,) in archive.rows(copies.c.appliance))
    assert places["west/d"] == len(ids)
    assert places["south/c"] == 0
    assert archive.rows(volumes.c.state) == [("approved",)] * 4
