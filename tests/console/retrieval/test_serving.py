"""Files come back from where they are at hand, else from the disc that costs least."""

import hashlib
import io
from datetime import timedelta
from types import SimpleNamespace

import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import Command, ErrorInfo, Fetch
from console.api.service import ContentService
from console.retrieval import serving
from console.retrieval.expiry import drop_leftovers, expire_delivered
from console.retrieval.fetches import AGAIN, AGAIN_MAX, copies_left
from console.retrieval.items import fetch_items
from console.retrieval.requests import Terms, create_request
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

CONTENTS = {"b/2": b"two", "a": b"alpha", "b/1": b"one", "empty": b"", "same": b"alpha"}
UNREADABLE = ErrorInfo(3203, "the disc cannot be read")


@pytest.fixture
def archived(desk: Desk, holdings: Holdings, rack: PaperAppliance) -> list[str]:
    """The files of an archived volume whose contents are only on discs."""
    holdings.volume(holdings.package(CONTENTS))
    desk.meet(rack)
    desk.archive(rack)
    while desk.release():
        pass
    return [row.file_id for row in holdings.rows(schema.files)]


def deliver(desk: Desk, holdings: Holdings, rack: PaperAppliance, command: Command) -> None:
    """Upload everything that a fetch asks for, as the content server takes it."""
    assert isinstance(command.body, Fetch)
    service = ContentService(holdings.workspace)
    by_digest = {hashlib.sha256(c).hexdigest(): c for c in CONTENTS.values()}
    items = service.items(command.body.fetch_id)
    body = b"".join(by_digest[item.sha256] for item in items)
    upload = service.upload(command.body.fetch_id)
    upload.receive(upload.offset, io.BytesIO(body))
    desk.hear(*rack.delivered(command, len(items), len(body)))
    desk.work()


def test_what_has_landed_is_ready_at_once_and_no_disc_moves(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package(CONTENTS))
    desk.meet(rack)
    create_request(desk.store, [row.file_id for row in holdings.rows(schema.files)], "all")
    assert desk.fetches(rack) == []
    assert holdings.row(schema.requests).state == "done"


def test_one_load_serves_every_request_for_a_disc_in_the_order_of_the_disc(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    create_request(desk.store, archived[:3], "some")
    create_request(desk.store, archived, "all")
    (command,) = desk.fetches(rack)
    assert isinstance(command.body, Fetch)
    with desk.store.connect() as db:
        paths = [item.path.partition("/")[2] for item in fetch_items(db, command.body.fetch_id)]
    assert paths == ["a", "empty", "b/1", "b/2"]  # "same" is the content of "a"
    assert {row.state for row in holdings.rows(schema.requests)} == {"running"}
    deliver(desk, holdings, rack, command)
    assert {row.state for row in holdings.rows(schema.requests)} == {"done"}
    assert holdings.row(schema.fetches).state == "done"


def test_what_comes_to_wait_meanwhile_joins_the_next_reading(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    create_request(desk.store, archived[:1], "first", from_media=True)
    (first,) = desk.fetches(rack)
    create_request(desk.store, archived[1:2], "second", from_media=True)
    create_request(desk.store, archived[2:4], "third", from_media=True)
    assert desk.fetches(rack) == []
    deliver(desk, holdings, rack, first)
    assert len(desk.fetches(rack)) == 1


def test_the_copy_for_use_is_read_and_the_sealed_one_only_when_it_must(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    roles = {row.copy_id: row.role for row in holdings.rows(schema.copies)}
    create_request(desk.store, archived, "all")
    (first,) = desk.fetches(rack)
    assert isinstance(first.body, Fetch)
    assert roles[first.body.copy_id] == "use"
    desk.hear(rack.failed(first, UNREADABLE))
    (second,) = desk.fetches(rack)
    assert isinstance(second.body, Fetch)
    assert roles[second.body.copy_id] == "sealed"
    deliver(desk, holdings, rack, second)
    assert holdings.row(schema.requests).state == "done"


def test_when_every_copy_fails_the_request_says_so(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    create_request(desk.store, archived, "all")
    for _ in range(2):
        (command,) = desk.fetches(rack)
        desk.hear(rack.failed(command, UNREADABLE))
    assert desk.fetches(rack) == []
    request = holdings.row(schema.requests)
    assert (request.state, request.error_code) == ("failed", 5303)
    assert {row.error_code for row in holdings.rows(schema.request_files)} == {5300}


def test_a_fetch_that_ends_early_keeps_what_came_and_gets_the_rest_elsewhere(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    import io

    create_request(desk.store, archived, "all")
    (first,) = desk.fetches(rack)
    assert isinstance(first.body, Fetch)
    service = ContentService(holdings.workspace)
    service.upload(first.body.fetch_id).receive(0, io.BytesIO(b"alpha"))
    desk.hear(*rack.delivered(first, 1, 5))
    ready = holdings.rows(schema.request_files, state="ready")
    assert len(ready) == 3  # "a", "same", and "empty", which follows it
    (second,) = desk.fetches(rack)
    deliver(desk, holdings, rack, second)
    assert holdings.row(schema.requests).state == "done"


def test_a_disc_that_is_away_is_waited_for_with_a_number(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    desk.hear(rack.status(online=False))
    create_request(desk.store, archived, "all")
    assert desk.fetches(rack) == []
    assert {row.error_code for row in holdings.rows(schema.request_files)} == {5301}
    assert holdings.row(schema.requests).state == "running"
    desk.meet(rack)
    assert len(desk.fetches(rack)) == 1


def test_from_media_reads_the_disc_even_for_what_is_at_hand(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    for content in CONTENTS.values():
        holdings.land(content)
    create_request(desk.store, archived, "all", from_media=True)
    (command,) = desk.fetches(rack)
    deliver(desk, holdings, rack, command)
    desk.later(hours=1)
    create_request(desk.store, archived, "again")
    assert desk.fetches(rack) == []
    assert {row.state for row in holdings.rows(schema.requests)} == {"done"}


def test_what_the_appliance_forgot_is_fetched_again(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    create_request(desk.store, archived, "all")
    (old,) = desk.fetches(rack)
    rack.lose_memory("epoch-2")
    desk.hear(rack.status())
    (new,) = desk.fetches(rack)
    assert new.id != old.id


def test_what_was_delivered_goes_when_its_time_is_over_but_not_while_it_is_wanted(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    from datetime import UTC, datetime

    create_request(desk.store, archived, "all")
    (command,) = desk.fetches(rack)
    deliver(desk, holdings, rack, command)
    delivered = holdings.workspace.delivered
    assert expire_delivered(desk.store, delivered, datetime.now(UTC)) == 0
    much_later = datetime.now(UTC) + timedelta(days=30)
    with desk.store.begin() as db:
        db.execute(schema.requests.update().values(state="running"))
    assert expire_delivered(desk.store, delivered, much_later) == 0
    with desk.store.begin() as db:
        db.execute(schema.requests.update().values(state="done"))
    assert expire_delivered(desk.store, delivered, much_later) == 4
    assert holdings.rows(schema.delivered) == []
    assert delivered.size(holdings.rows(schema.files)[0].sha256) is None


@pytest.mark.parametrize("wanted", [[], ["f-unknown"]])
def test_a_request_for_nothing_known_is_refused(desk: Desk, wanted: list[str]) -> None:
    with pytest.raises(SteleError) as raised:
        create_request(desk.store, wanted, "nothing")
    assert raised.value.code == 5304


def test_of_a_damaged_disc_only_the_damaged_files_come_from_the_other_copy(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    """Both discs are damaged, each at another file: still everything comes back."""
    roles = {row.copy_id: row.role for row in holdings.rows(schema.copies)}
    contents = {hashlib.sha256(c).hexdigest(): c for c in CONTENTS.values()}
    damaged = {"use": b"alpha", "sealed": b"two"}
    create_request(desk.store, archived, "all")
    read: list[tuple[str, list[bytes]]] = []
    while commands := desk.fetches(rack):
        (command,) = commands
        assert isinstance(command.body, Fetch)
        service = ContentService(holdings.workspace)
        items = service.items(command.body.fetch_id)
        role = roles[command.body.copy_id]
        whole = [contents[item.sha256] for item in items]
        good = whole[: whole.index(damaged[role])] if damaged[role] in whole else whole
        read.append((role, whole))
        upload = service.upload(command.body.fetch_id)
        upload.receive(upload.offset, io.BytesIO(b"".join(good)))
        if good == whole:
            desk.hear(*rack.delivered(command, len(items), sum(map(len, whole))))
        else:
            error = ErrorInfo(3308, "a file is damaged", items[len(good)].path)
            desk.hear(rack.failed(command, error))
    assert read == [
        ("use", [b"alpha", b"", b"one", b"two"]),
        ("use", [b"", b"one", b"two"]),
        ("sealed", [b"alpha"]),
    ]
    assert holdings.row(schema.requests).state == "done"


def test_a_disc_on_which_file_after_file_is_damaged_is_left_in_the_end() -> None:
    copies = [SimpleNamespace(copy_id=name) for name in ("c1", "c2")]
    tried, asked = "", []
    while left := copies_left(tried, copies):
        asked.append(left[0].copy_id)
        tried += f" {AGAIN}{left[0].copy_id}"
    assert asked[:8] == ["c1"] * 3 + ["c2"] * 3 + ["c1"] * 2
    assert asked.count("c1") == asked.count("c2") == AGAIN_MAX
    assert [c.copy_id for c in copies_left("c1 ?c2", copies)] == ["c2"]


def test_the_beginning_of_a_file_that_never_came_whole_goes_a_day_after_its_fetch(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, archived: list[str]
) -> None:
    create_request(desk.store, archived, "all")
    (command,) = desk.fetches(rack)
    assert isinstance(command.body, Fetch)
    upload = ContentService(holdings.workspace).upload(command.body.fetch_id)
    upload.receive(0, io.BytesIO(b"alp"))
    incoming = holdings.workspace.data / "delivered" / "incoming"
    desk.later(days=3)
    assert drop_leftovers(desk.store, incoming, desk.now) == 0
    rack.now = desk.now
    desk.hear(rack.failed(command, UNREADABLE))
    assert drop_leftovers(desk.store, incoming, desk.now) == 0
    desk.later(hours=25)
    assert drop_leftovers(desk.store, incoming, desk.now) > 0
    assert list(incoming.iterdir()) == []


def test_rounds_that_take_long_leave_time_for_other_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s, took_s, rounds = 0.0, 2.0, 0

    def slow(*_: object) -> None:
        nonlocal now_s, rounds
        rounds += 1
        now_s += took_s

    monkeypatch.setattr(serving, "serve_requests", slow)
    served = serving.Serving(clock=lambda: now_s)
    while now_s < 100:
        if not served.run(desk.store, "http://x", desk.now):
            now_s += 0.5
    assert 0.8 * serving.SHARE < rounds * took_s / now_s <= 1.1 * serving.SHARE
    took_s, rounds = 0.1, 0
    now_s += 100
    assert all(served.run(desk.store, "http://x", desk.now) for _ in range(5))


def test_what_a_request_brought_stays_as_long_as_it_or_the_settings_say(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package(CONTENTS))
    ids = [row.file_id for row in holdings.rows(schema.files)]
    usual = create_request(desk.store, ids, "usual")
    until = desk.now + timedelta(days=30)
    longer = create_request(desk.store, ids, "longer", terms=Terms(expires_at=until))
    serving.serve_requests(desk.store, "http://x", desk.now, timedelta(hours=5))
    found = {row.request_id: row.expires_at for row in holdings.rows(schema.requests)}
    assert found == {usual: desk.now + timedelta(hours=5), longer: until}
