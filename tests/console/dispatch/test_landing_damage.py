"""A landing file that is no longer what it was: nothing of it is burned, the rest goes on."""

from appliance.contract.messages import Burn, ErrorInfo
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance


def spoil(holdings: Holdings, content: bytes) -> None:
    holdings.landing_path(content).write_bytes(content[:-1] + b"?")


def test_a_damaged_content_stops_its_volume_and_no_other(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    bad = holdings.package({"folder/bad.txt": b"precious", "good.txt": b"good"})
    spoiled = holdings.volume(bad)
    sound = holdings.volume(holdings.package({"c": b"other"}))
    spoil(holdings, b"precious")
    desk.meet(rack)
    desk.archive(rack)
    assert {c.body.volume_id for c in rack.commands if isinstance(c.body, Burn)} == {sound}
    assert holdings.row(schema.volumes, volume_id=sound).state == "archived"
    assert holdings.row(schema.packages, package_id=bad).state == "damaged"
    alarm = holdings.row(schema.alarms)
    assert alarm.code == 3402
    assert "folder/bad.txt" in alarm.message
    for copy in holdings.rows(schema.copies, volume_id=spoiled):
        assert (copy.state, copy.error_code) == ("planned", 3402)
        assert "folder/bad.txt" in copy.error_message
    desk.later(hours=5)
    assert desk.burns(rack) == []


def test_ingesting_the_same_content_again_heals_it(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    package = holdings.package({"a": b"precious"})
    volume = holdings.volume(package)
    spoil(holdings, b"precious")
    desk.meet(rack)
    assert desk.burns(rack) == []
    holdings.land(b"precious")
    desk.archive(rack)
    assert holdings.row(schema.volumes, volume_id=volume).state == "archived"
    assert holdings.row(schema.packages, package_id=package).state == "archived"
    assert holdings.row(schema.alarms).cleared_at is not None


def test_a_missing_and_a_cut_content_are_damaged_too(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"missing"}))
    holdings.volume(holdings.package({"b": b"shorter"}))
    holdings.landing_path(b"missing").unlink()
    holdings.landing_path(b"shorter").write_bytes(b"short")
    desk.meet(rack)
    assert desk.burns(rack) == []
    assert len(holdings.rows(schema.alarms, code=3402)) == 2


def test_contents_are_read_once_and_again_after_a_failed_burn(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"precious"}), roles=("use",))
    desk.meet(rack)
    (command,) = desk.burns(rack)
    assert holdings.row(schema.blobs).checked_at is not None
    spoil(holdings, b"precious")
    desk.hear(rack.failed(command, ErrorInfo(3005, "a digest differs")))
    assert desk.burns(rack) == []
    assert holdings.row(schema.blobs).state == "damaged"


def test_packages_that_share_a_damaged_content_all_wait(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    first = holdings.package({"a": b"precious"})
    second = holdings.package({"b": b"precious"})
    holdings.volume(first)
    spoil(holdings, b"precious")
    desk.meet(rack)
    assert desk.burns(rack) == []
    assert {row.state for row in holdings.rows(schema.packages)} == {"damaged"}
    holdings.land(b"precious")
    desk.work()
    assert holdings.row(schema.packages, package_id=second).state == "landed"
    assert holdings.row(schema.packages, package_id=first).state == "planned"
