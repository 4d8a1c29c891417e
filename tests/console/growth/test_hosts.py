"""Several hosts, each with a data folder of its own, one store and one shared folder."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.api.service import ContentService
from console.api.tokens import Purpose, Right, open_tokens
from console.api.uploads import OffsetError
from console.retrieval.requests import create_request
from console.store import schema
from console.store.workspace import Workspace, open_workspace
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance
from tests.console.growth.conftest import settle

CONTENTS = {"a": b"alpha" * 700_000, "b": b"", "c": bytes(range(256)) * 100, "d": b""}
BODY = CONTENTS["a"] + CONTENTS["c"]


@pytest.fixture
def holdings(tmp_path: Path, store_url: str) -> Iterator[Holdings]:
    settle(tmp_path / "data", store_url, 'folder = "../shared"\n')
    made = Holdings(tmp_path / "data")
    yield made
    made.workspace.close()


@pytest.fixture
def other(tmp_path: Path, store_url: str, holdings: Holdings) -> Iterator[Workspace]:
    """The other host."""
    settle(tmp_path / "other", store_url, f'folder = "{tmp_path / "shared"}"\n')
    opened = open_workspace(tmp_path / "other")
    assert opened.data != holdings.workspace.data
    yield opened
    opened.close()


@pytest.fixture
def fetch_id(desk: Desk, holdings: Holdings, rack: PaperAppliance) -> str:
    holdings.volume(holdings.package(CONTENTS), roles=("use",))
    desk.meet(rack)
    desk.archive(rack)
    files = [row.file_id for row in holdings.rows(schema.files)]
    create_request(desk.store, files, "all", from_media=True)
    desk.fetches(rack)
    found: str = holdings.row(schema.fetches).fetch_id
    return found


def test_what_one_host_planned_and_signed_the_other_one_reads(
    holdings: Holdings, other: Workspace
) -> None:
    volume = holdings.volume(holdings.package({"a": b"a"}))
    assert other.plan_file(volume).read_bytes() == holdings.workspace.plan_file(volume).read_bytes()
    token = open_tokens(holdings.workspace).issue(Right("north/r", Purpose.READ, volume))
    assert open_tokens(other).check(token, Purpose.READ, volume).appliance == "north/r"
    assert ContentService(other).payload(volume).size_bytes == 1


@pytest.mark.parametrize("cut", [0, 1, 2_000_000, len(CONTENTS["a"]), len(BODY) - 1])
def test_a_delivery_goes_on_at_another_host(
    fetch_id: str, holdings: Holdings, other: Workspace, cut: int
) -> None:
    here, there = ContentService(holdings.workspace), ContentService(other)
    assert there.upload(fetch_id).offset == 0
    assert here.upload(fetch_id).receive(0, io.BytesIO(BODY[:cut])) == cut
    assert there.upload(fetch_id).offset == cut
    assert there.upload(fetch_id).receive(cut, io.BytesIO(BODY[cut:])) == len(BODY)
    assert here.upload(fetch_id).offset == len(BODY)
    assert {row.state for row in holdings.rows(schema.request_files)} == {"ready"}
    for row in holdings.rows(schema.delivered):
        assert other.delivered.check(row.sha256) == row.size_bytes


def test_a_delivery_that_hangs_at_one_host_is_taken_over_at_another(
    fetch_id: str, holdings: Holdings, other: Workspace
) -> None:
    stalled, go_on = threading.Event(), threading.Event()

    class Hanging(io.RawIOBase):
        sent = False

        def read(self, size: int = -1, /) -> bytes:
            if not self.sent:
                self.sent = True
                return BODY[:1000]
            stalled.set()
            go_on.wait(10)
            return b"late bytes of the first"

    lost: list[OffsetError] = []

    def hang() -> None:
        try:
            ContentService(holdings.workspace).upload(fetch_id).receive(0, Hanging())
        except OffsetError as error:
            lost.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    assert stalled.wait(10)
    upload = ContentService(other).upload(fetch_id)
    assert upload.receive(1000, io.BytesIO(BODY[1000:])) == len(BODY)
    go_on.set()
    thread.join()
    assert lost[0].offset == len(BODY)
    for row in holdings.rows(schema.delivered):
        assert other.delivered.check(row.sha256) == row.size_bytes
