"""Several processes serve at once, on PostgreSQL and on SQLite: nothing is given out twice."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from console.delivery.bundles import request_bundle
from console.delivery.uses import count_uses
from console.restore.shelves import _take_lease
from console.retrieval.listing import only_of, request_row, requests_query
from console.retrieval.requests import create_request, withdraw_request
from console.retrieval.serving import serve_requests
from console.retrieval.states import Priority
from console.store import schema
from tests.console.dispatch.desk import CONTENT_URL
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.postgres import postgres, postgres_url
from tests.console.retrieval.cabinet import Machine
from tests.console.retrieval.plays import Asked
from tests.console.retrieval.through_console import Console

__all__ = ["postgres", "postgres_url"]

AT_ONCE = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def holdings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Holdings]:
    data = tmp_path / "data"
    data.mkdir()
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        (data / "console.toml").write_text(f'[store]\nurl = "{url}"\n')
    made = Holdings(data)
    yield made
    made.workspace.close()


def serve_at_once(console: Console) -> None:
    """As many workers as there may be look at the queue in the same moment."""
    with ThreadPoolExecutor(AT_ONCE) as workers:
        rounds = [
            workers.submit(serve_requests, console.desk.store, CONTENT_URL, console.now)
            for _ in range(AT_ONCE)
        ]
        for each in rounds:
            each.result()


def test_workers_that_serve_in_the_same_moment_give_nothing_out_twice(holdings: Holdings) -> None:
    console = Console(holdings, 12, Machine())
    console.desk.intake.store_snapshots(console.desk.store)
    console._ask(Asked("all", tuple((disc, 10**8) for disc in console.names for _ in range(3))))
    for _ in range(3):
        serve_at_once(console)
    fetches = holdings.rows(schema.fetches)
    assert len(fetches) == len({fetch.volume_id for fetch in fetches}) == 4
    assert {(fetch.files, fetch.size_bytes) for fetch in fetches} == {(3, 3 * 10**8)}
    wanted = Counter(row.fetch_id for row in holdings.rows(schema.request_files))
    assert {fetch.fetch_id: 3 for fetch in fetches} | {None: 24} == wanted
    commands = holdings.rows(schema.commands)
    assert sorted(row.command_id for row in commands) == sorted(f.job_id for f in fetches)


def test_people_are_asked_once_by_all_of_them(holdings: Holdings) -> None:
    console = Console(holdings, 3, Machine())
    with holdings.store.begin() as db:
        for disc in console.names:
            db.execute(
                sa.insert(schema.media).values(
                    medium_id=disc,
                    appliance=console.rack.appliance,
                    place="magazine:G-0042",
                    magazine_id="G-0042",
                    state="verified",
                    updated_at=NOW,
                )
            )
    console.rack.shelf = []
    console._hear(console._picture())
    console.desk.intake.store_snapshots(console.desk.store)
    console._ask(Asked("all", tuple((disc, 10**6) for disc in console.names)))
    serve_at_once(console)
    serve_at_once(console)
    (task,) = holdings.rows(schema.tasks)
    assert (task.kind, task.subject) == ("bring_magazine", "G-0042")
    assert len(task.body["media"]) == 3


def test_a_whole_request_is_served_called_back_listed_and_bundled(holdings: Holdings) -> None:
    console = Console(holdings, 8, Machine(drives=1))
    console.ask(Asked("slow", tuple((disc, 10**7) for disc in console.names)))
    console.ask(Asked("urgent", (("disc-007", 10**6),), 30.0, Priority.URGENT))
    console.play()
    assert console.ended_s["urgent"] < console.ended_s["slow"]
    ids = {row.text: row.request_id for row in holdings.rows(schema.requests)}
    with holdings.store.begin() as db:
        found = request_row(db, ids["slow"], console.now)
        assert (found.state, found.files_ready, found.bytes_ready) == ("done", 8, 8 * 10**7)
        assert len(request_bundle(db, ids["slow"]).files) == 8
        assert len(db.execute(requests_query().where(only_of(["default"]))).all()) == 2
        assert db.execute(requests_query().where(only_of(["court"]))).all() == []
        count_uses(db, ["pk-disc-000", "pk-disc-001"], console.now)
        assert _take_lease(db, ids["slow"], console.now)
        assert _take_lease(db, ids["slow"], console.now + timedelta(seconds=1))
    file_ids = console.files[ids["slow"]]
    again = create_request(holdings.store, file_ids[:1], "again", from_media=True)
    serve_requests(holdings.store, CONTENT_URL, console.now)
    with holdings.store.begin() as db:
        withdraw_request(db, again, "Li Na", console.now)
    assert holdings.row(schema.requests, request_id=again).error_message == "withdrawn by Li Na"
    assert "recalled" in {row.state for row in holdings.rows(schema.fetches)}
