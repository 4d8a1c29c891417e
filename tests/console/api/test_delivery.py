"""What comes back from discs: in order, resumable, checked as it arrives, never more than asked."""

import io
import threading
from unittest.mock import Mock

import msgspec
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.contract.messages import FetchItem
from console.api.service import ContentService
from console.api.uploads import OffsetError
from console.store import schema
from tests.console.api.conftest import CONTENTS, Burning, Fetching
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

BODY = CONTENTS["a"] + CONTENTS["c"] + CONTENTS["b/one"]
"""Everything that is wanted, in the order of the disc; the empty files have no bytes."""


def patch(
    client: FlaskClient, fetching: Fetching, offset: int | str, body: bytes
) -> tuple[int, str]:
    answer = client.patch(
        f"{fetching.path}/stream",
        headers={"Authorization": f"Bearer {fetching.token}", "Upload-Offset": str(offset)},
        data=body,
    )
    return answer.status_code, answer.headers.get("Upload-Offset", "")


def offset(client: FlaskClient, fetching: Fetching) -> int:
    headers = {"Authorization": f"Bearer {fetching.token}"}
    return int(client.head(f"{fetching.path}/stream", headers=headers).headers["Upload-Offset"])


def held(holdings: Holdings) -> dict[str, bytes]:
    """What arrived whole, by digest."""
    found = {}
    for row in holdings.rows(schema.delivered):
        with holdings.workspace.delivered.open(row.sha256) as stream:
            found[row.sha256] = stream.read()
    return found


def test_the_items_are_in_the_order_of_the_disc(client: FlaskClient, fetching: Fetching) -> None:
    answer = client.get(
        f"{fetching.path}/items", headers={"Authorization": f"Bearer {fetching.token}"}
    )
    items = [msgspec.json.decode(line, type=FetchItem) for line in answer.data.splitlines()]
    assert [item.path.partition("/")[2] for item in items] == ["a", "c", "z-empty", "b/one"]


def test_everything_in_one_request(
    client: FlaskClient, fetching: Fetching, holdings: Holdings
) -> None:
    assert offset(client, fetching) == 0
    assert patch(client, fetching, 0, BODY) == (204, str(len(BODY)))
    assert sorted(held(holdings).values()) == sorted(set(CONTENTS.values()))
    assert {row.state for row in holdings.rows(schema.request_files)} == {"ready"}
    assert offset(client, fetching) == len(BODY)
    assert patch(client, fetching, len(BODY), b"") == (204, str(len(BODY)))


@pytest.mark.parametrize("cut", [1, 1_000_000, len(CONTENTS["a"]), len(CONTENTS["a"]) + 5])
def test_it_goes_on_where_it_broke_off_also_after_a_restart(
    client: FlaskClient, fetching: Fetching, holdings: Holdings, cut: int
) -> None:
    assert patch(client, fetching, 0, BODY[:cut])[0] == 204
    fresh = ContentService(holdings.workspace).upload(fetching.fetch_id)
    assert fresh.offset == cut
    fresh.receive(cut, io.BytesIO(BODY[cut:]))
    assert sorted(held(holdings).values()) == sorted(set(CONTENTS.values()))


def test_what_a_killed_server_left_of_a_later_file_does_no_harm(
    client: FlaskClient, fetching: Fetching, holdings: Holdings
) -> None:
    """It had taken in more than it had written down, and died in the midst of the second file."""
    incoming = holdings.workspace.data / "delivered" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    (incoming / f"{fetching.fetch_id}.1").write_bytes(CONTENTS["c"][:1])
    assert offset(client, fetching) == 0
    assert patch(client, fetching, 0, BODY) == (204, str(len(BODY)))
    assert sorted(held(holdings).values()) == sorted(set(CONTENTS.values()))


def test_a_part_that_a_power_cut_spoiled_begins_anew(
    client: FlaskClient, fetching: Fetching, holdings: Holdings
) -> None:
    incoming = holdings.workspace.data / "delivered" / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    (incoming / f"{fetching.fetch_id}.0").write_bytes(bytes(100))
    assert offset(client, fetching) == 100
    assert patch(client, fetching, 100, BODY[100:]) == (409, "0")
    assert patch(client, fetching, 0, BODY) == (204, str(len(BODY)))


def test_delivered_files_are_on_the_disk_before_the_store_says_so(
    fetching: Fetching, holdings: Holdings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.store.landing import folder

    ready: list[int] = []
    monkeypatch.setattr(
        folder,
        "sync_filesystem",
        lambda _: ready.append(len(holdings.rows(schema.delivered))),
    )
    upload = ContentService(holdings.workspace).upload(fetching.fetch_id)
    upload.receive(0, io.BytesIO(BODY))
    assert ready == [0]
    assert len(holdings.rows(schema.delivered)) == 4


def test_a_full_disk_is_told_by_its_number_and_the_stream_goes_on_afterwards(
    client: FlaskClient, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", Mock(side_effect=OSError(28, "No space left on device")))
        answer = client.patch(
            f"{fetching.path}/stream",
            headers={"Authorization": f"Bearer {fetching.token}", "Upload-Offset": "0"},
            data=BODY,
        )
        assert (answer.status_code, answer.json["code"]) == (503, 3412)  # type: ignore[index]
    assert patch(client, fetching, 0, BODY) == (204, str(len(BODY)))


@pytest.mark.parametrize("stated", [1, 10**18, "", "-1", "x", "١"])
def test_another_offset_is_told_the_right_one(
    client: FlaskClient, fetching: Fetching, stated: int | str
) -> None:
    headers = {"Authorization": f"Bearer {fetching.token}"}
    if str(stated).isascii():
        headers["Upload-Offset"] = str(stated)
    answer = client.patch(f"{fetching.path}/stream", headers=headers, data=b"x")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "0")
    assert answer.json["code"] == 5461  # type: ignore[index]


def test_a_file_with_another_digest_is_refused_and_begins_anew(
    client: FlaskClient, fetching: Fetching, holdings: Holdings
) -> None:
    first = len(CONTENTS["a"])
    wrong = CONTENTS["a"] + b"wrong" * 51 + b"!"
    answer = client.patch(
        f"{fetching.path}/stream",
        headers={"Authorization": f"Bearer {fetching.token}", "Upload-Offset": "0"},
        data=wrong,
    )
    assert (answer.status_code, answer.json["code"]) == (422, 5462)  # type: ignore[index]
    assert answer.headers["Upload-Offset"] == str(first)
    assert offset(client, fetching) == first
    assert list(held(holdings).values()) == [CONTENTS["a"]]
    assert patch(client, fetching, first, BODY[first:])[0] == 204


def test_more_than_was_asked_for_is_refused_and_what_was_asked_for_is_kept(
    client: FlaskClient, fetching: Fetching, holdings: Holdings
) -> None:
    assert patch(client, fetching, 0, BODY + b"more")[0] == 413
    assert len(held(holdings)) == 4


def test_the_right_ends_with_the_fetch(
    client: FlaskClient,
    fetching: Fetching,
    burning: Burning,
    desk: Desk,
    rack: PaperAppliance,
) -> None:
    from appliance.contract.messages import ErrorInfo

    headers = {"Authorization": f"Bearer {burning.token}", "Upload-Offset": "0"}
    answer = client.patch(f"{fetching.path}/stream", headers=headers, data=b"")
    assert answer.status_code == 403
    desk.hear(rack.failed(fetching.command, ErrorInfo(3203, "unreadable")))
    assert patch(client, fetching, 0, BODY)[0] == 404


def test_of_two_uploaders_one_wins(fetching: Fetching, holdings: Holdings) -> None:
    """The second takes over from a first that hangs; the first then learns that it lost."""
    upload = ContentService(holdings.workspace).upload(fetching.fetch_id)
    stalled, go_on = threading.Event(), threading.Event()

    class Hanging(io.RawIOBase):
        def __init__(self) -> None:
            self._sent = False

        def read(self, size: int = -1, /) -> bytes:
            if not self._sent:
                self._sent = True
                return BODY[:1000]
            stalled.set()
            go_on.wait(10)
            return b"late bytes of the first"

    lost: list[OffsetError] = []

    def hang() -> None:
        try:
            upload.receive(0, Hanging())
        except OffsetError as error:
            lost.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    assert stalled.wait(10)
    assert upload.receive(1000, io.BytesIO(BODY[1000:])) == len(BODY)
    go_on.set()
    thread.join()
    assert lost[0].offset == len(BODY)
    assert sorted(held(holdings).values()) == sorted(set(CONTENTS.values()))


def test_a_fetch_of_empty_files_needs_no_bytes(desk: Desk, holdings: Holdings) -> None:
    from console.retrieval.requests import create_request

    rack = PaperAppliance()
    holdings.volume(holdings.package({"empty": b""}), roles=("use",))
    desk.meet(rack)
    desk.archive(rack)
    file_id = holdings.row(schema.files).file_id
    create_request(desk.store, [file_id], "empty", from_media=True)
    (command,) = desk.fetches(rack)
    fetch_id = holdings.row(schema.fetches).fetch_id
    assert ContentService(holdings.workspace).upload(fetch_id).offset == 0
    desk.hear(*rack.delivered(command, 1, 0))
    desk.work()
    assert holdings.row(schema.requests).state == "done"


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=6),
    cuts=st.lists(st.integers(0, 200), max_size=6),
)
def test_any_cutting_gives_the_same_files(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], cuts: list[int]
) -> None:
    import hashlib

    from console.api.uploads import Upload
    from console.store.landing import open_landing

    folder = tmp_path_factory.mktemp("delivered")
    contents = [bytes([n]) * size for n, size in enumerate(sizes)]
    items = [
        FetchItem(f"f{n}", len(content), hashlib.sha256(content).hexdigest())
        for n, content in enumerate(contents)
    ]
    body, kept, at = b"".join(contents), [], 0
    landing = open_landing(str(folder))

    def record(offset: int, arrived: list[FetchItem]) -> None:
        nonlocal at
        at = offset
        kept.extend(item.path for item in arrived)

    for cut in [*sorted(cuts), len(body)]:
        upload = Upload(
            "ft",
            items,
            lambda: at,
            delivered=landing,
            incoming=folder / "incoming",
            record=record,
        )
        upload.settle()
        upload.receive(upload.offset, io.BytesIO(body[upload.offset : max(cut, upload.offset)]))
    # An empty file at the place of a restart is taken once more, which changes nothing.
    assert list(dict.fromkeys(kept)) == [item.path for item in items]
    for item, content in zip(items, contents, strict=True):
        with landing.open(item.sha256) as stream:
            assert stream.read() == content
