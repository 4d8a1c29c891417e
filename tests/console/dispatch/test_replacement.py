"""A copy that is lost after the landing zone let go is burned from what another copy holds (I1)."""

import io

import pytest

from appliance.contract.messages import Command, CopyLost, ErrorInfo, Fetch
from console.api.service import ContentService
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

CONTENTS = {"a": b"alpha", "b/c": b"beta", "empty": b""}
BROKEN = ErrorInfo(3307, "the disc differs from its plan")


@pytest.fixture
def one_lost(desk: Desk, holdings: Holdings, rack: PaperAppliance) -> str:
    """A volume that was archived and released, and then lost a disc."""
    volume = holdings.volume(holdings.package(CONTENTS))
    desk.meet(rack)
    desk.archive(rack)
    while desk.release():
        pass
    lost = holdings.rows(schema.copies, volume_id=volume)[0]
    desk.hear(rack.emit(CopyLost(lost.copy_id, volume, lost.medium_id, BROKEN)))
    return volume


def bring(desk: Desk, holdings: Holdings, rack: PaperAppliance, command: Command) -> None:
    assert isinstance(command.body, Fetch)
    upload = ContentService(holdings.workspace).upload(command.body.fetch_id)
    upload.receive(upload.offset, io.BytesIO(b"alphabeta"))
    desk.hear(*rack.delivered(command, len(CONTENTS), 9))


def test_it_is_archived_again_without_a_person(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, one_lost: str
) -> None:
    assert holdings.row(schema.volumes).state == "approved"
    assert {row.state for row in holdings.rows(schema.files)} == {"landed"}
    (fetch,) = desk.fetches(rack)
    assert holdings.row(schema.copies, state="planned").error_code == 5260
    bring(desk, holdings, rack, fetch)
    desk.work()
    desk.archive(rack)
    assert holdings.row(schema.volumes).state == "archived"
    assert {row.state for row in holdings.rows(schema.copies)} == {"verified"}
    assert [row.cleared_at is None for row in holdings.rows(schema.alarms)] == [False]
    desk.later(hours=2)
    assert desk.release() == len(CONTENTS)


def test_what_came_back_damaged_is_not_landed_and_asked_for_again(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, one_lost: str
) -> None:
    (fetch,) = desk.fetches(rack)
    bring(desk, holdings, rack, fetch)
    for row in holdings.rows(schema.delivered):
        path = next((holdings.workspace.data / "delivered").rglob(row.sha256))
        if row.size_bytes:
            path.write_bytes(b"#" * row.size_bytes)
    desk.work()
    assert holdings.landing_path(b"alpha").name == "nowhere"
    assert desk.burns(rack) == []
    desk.later(hours=2)
    assert len(desk.fetches(rack)) == 1


def test_it_is_asked_for_once_and_not_at_all_without_a_copy_to_read(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, one_lost: str
) -> None:
    for _ in range(3):
        desk.work()
    assert len(holdings.rows(schema.requests)) == 1
    other = holdings.row(schema.copies, state="verified")
    desk.hear(rack.emit(CopyLost(other.copy_id, one_lost, other.medium_id, BROKEN)))
    (fetch,) = [c for c in desk.deliver(rack) if isinstance(c.body, Fetch)]
    desk.hear(rack.failed(fetch, BROKEN))
    desk.later(hours=5)
    desk.work()
    assert [row.state for row in holdings.rows(schema.requests)] == ["failed"]
    assert {row.error_code for row in holdings.rows(schema.copies)} == {5260}
