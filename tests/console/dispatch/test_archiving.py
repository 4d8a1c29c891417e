"""From an approved volume to archived files, and what becomes of copies that fail (I1)."""

import msgspec
import pytest

from appliance.contract.errors import SteleError
from appliance.contract.messages import Burn, CopyLost, ErrorInfo
from console.dispatch.copies import ATTEMPTS_MAX, retry
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

BROKEN = ErrorInfo(3301, "the disc could not be verified")


def states(holdings: Holdings, volume_id: str) -> tuple[str, list[str]]:
    volume = holdings.row(schema.volumes, volume_id=volume_id)
    return volume.state, [row.state for row in holdings.rows(schema.copies, volume_id=volume_id)]


def test_a_volume_is_archived_when_its_last_copy_is_verified(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    package = holdings.package({"a": b"alpha", "b": b""})
    volume = holdings.volume(package)
    desk.meet(rack)
    first, second = desk.burns(rack)
    assert isinstance(first.body, Burn)
    assert first.body.content.url.endswith(f"/content/1/volumes/{volume}")
    desk.hear(*rack.burn(first))
    assert states(holdings, volume)[0] == "approved"
    assert holdings.row(schema.packages, package_id=package).state == "planned"
    desk.hear(*rack.burn(second))
    assert states(holdings, volume) == ("archived", ["verified", "verified"])
    assert holdings.row(schema.packages, package_id=package).state == "archived"
    assert {row.state for row in holdings.rows(schema.files)} == {"archived"}
    assert holdings.row(schema.plans).state == "done"
    copy = holdings.row(schema.copies, copy_id=second.body.copy_id)
    assert (copy.medium_id, copy.bytes_read) == ("rack-1-m002", second.body.image_size_bytes)


def test_two_copies_on_one_disc_are_one_copy(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    first, second = desk.burns(rack)
    desk.hear(rack.emit(rack.verified(first, "m1")), rack.emit(rack.verified(second, "m1")))
    state, copies = states(holdings, volume)
    assert state == "approved"
    assert sorted(copies) == ["planned", "verified"]
    assert holdings.row(schema.alarms).code == 5258


def test_a_copy_of_another_plan_does_not_count(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    (command,) = desk.burns(rack)
    wrong = msgspec.structs.replace(rack.verified(command, "m1"), plan_sha256="0" * 64)
    desk.hear(rack.emit(wrong))
    assert states(holdings, volume) == ("approved", ["planned"])
    (again,) = desk.burns(rack)
    short = msgspec.structs.replace(rack.verified(again, "m2"), bytes_read=2048)
    desk.hear(rack.emit(short))
    assert states(holdings, volume) == ("approved", ["planned"])
    (last,) = desk.burns(rack)
    small = msgspec.structs.replace(rack.verified(last, "m3"), image_size_bytes=2048)
    desk.hear(rack.emit(small))
    assert states(holdings, volume)[0] == "approved"


def test_a_failed_copy_is_planned_anew_within_bounds_then_shown_and_retried(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    seen = set()
    for _ in range(ATTEMPTS_MAX):
        (command,) = desk.burns(rack)
        seen.add(command.id)
        desk.hear(rack.failed(command, BROKEN))
    assert len(seen) == ATTEMPTS_MAX
    assert desk.burns(rack) == []
    copy = holdings.row(schema.copies, volume_id=volume)
    assert (copy.state, copy.error_code) == ("failed", BROKEN.code)
    assert holdings.row(schema.alarms).cleared_at is None
    with desk.store.begin() as db:
        retry(db, copy.copy_id, desk.now)
    desk.archive(rack)
    assert states(holdings, volume) == ("archived", ["verified"])
    assert holdings.row(schema.alarms).cleared_at is not None


def test_only_what_failed_can_be_retried(desk: Desk, holdings: Holdings) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    copy = holdings.row(schema.copies, volume_id=volume)
    for copy_id in (copy.copy_id, "cp-unknown"):
        with desk.store.begin() as db, pytest.raises(SteleError) as raised:
            retry(db, copy_id, desk.now)
        assert raised.value.code == 5262


def test_a_lost_copy_ends_being_archived(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    package = holdings.package({"a": b"alpha"})
    volume = holdings.volume(package)
    desk.meet(rack)
    desk.archive(rack)
    copy = holdings.rows(schema.copies, volume_id=volume)[0]
    desk.hear(rack.emit(CopyLost(copy.copy_id, volume, copy.medium_id, BROKEN)))
    assert states(holdings, volume)[0] == "approved"
    assert holdings.row(schema.packages, package_id=package).state == "planned"
    assert holdings.row(schema.plans).state == "approved"
    assert (alarm := holdings.row(schema.alarms)).cleared_at is None
    assert alarm.code == BROKEN.code


def test_a_lost_copy_is_burned_anew_on_another_disc(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    desk.archive(rack)
    lost = holdings.rows(schema.copies, volume_id=volume)[0]
    desk.hear(rack.emit(CopyLost(lost.copy_id, volume, lost.medium_id, BROKEN)))
    (again,) = desk.burns(rack)
    assert again.id != lost.job_id
    desk.hear(*rack.burn(again))
    assert states(holdings, volume) == ("archived", ["verified", "verified"])
    assert holdings.row(schema.copies, copy_id=lost.copy_id).medium_id != lost.medium_id
    assert holdings.row(schema.alarms).cleared_at is not None


def test_a_lost_copy_does_not_come_back_when_its_story_is_told_again(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    (command,) = desk.burns(rack)
    desk.hear(*rack.burn(command))
    copy = holdings.row(schema.copies, volume_id=volume)
    desk.hear(rack.emit(CopyLost(copy.copy_id, volume, copy.medium_id, BROKEN)))
    rack.lose_memory("epoch-2")
    desk.hear(rack.emit(rack.verified(command, copy.medium_id)))
    assert states(holdings, volume) == ("approved", ["planned"])


def test_what_another_appliance_says_of_a_copy_counts_for_nothing(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    stranger = PaperAppliance(name="rack-2", discs=0)
    desk.meet(rack, stranger)
    (command,) = desk.burns(rack)
    desk.hear(stranger.emit(stranger.verified(command, "m9")))
    assert states(holdings, volume) == ("approved", ["dispatched"])
    assert holdings.row(schema.alarms).code == 5258
    desk.hear(*rack.burn(command))
    copy = holdings.row(schema.copies, volume_id=volume)
    desk.hear(stranger.emit(CopyLost(copy.copy_id, volume, copy.medium_id, BROKEN)))
    assert states(holdings, volume) == ("archived", ["verified"])


def test_a_copy_that_was_never_dispatched_is_not_verified_by_a_word(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    first = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    (command,) = desk.burns(rack)
    second = holdings.volume(holdings.package({"b": b"beta"}), roles=("use",))
    row = holdings.row(schema.volumes, volume_id=second)
    copy = holdings.row(schema.copies, volume_id=second)
    said = msgspec.structs.replace(
        rack.verified(command, "m9"),
        copy_id=copy.copy_id,
        volume_id=second,
        plan_sha256=row.plan_sha256,
    )
    desk.hear(rack.emit(said), rack.emit(msgspec.structs.replace(said, job_id="cmd-made-up")))
    assert states(holdings, second) == ("approved", ["planned"])
    assert states(holdings, first) == ("approved", ["dispatched"])


def test_a_lost_copy_whose_contents_were_released_says_what_it_needs(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    desk.archive(rack)
    assert desk.release() == 1
    copy = holdings.rows(schema.copies, volume_id=volume)[0]
    desk.hear(rack.emit(CopyLost(copy.copy_id, volume, copy.medium_id, BROKEN)))
    assert desk.burns(rack) == []
    assert holdings.row(schema.copies, copy_id=copy.copy_id).error_code == 5260
    holdings.land(b"alpha")
    desk.archive(rack)
    assert states(holdings, volume)[0] == "archived"


def test_a_package_that_grew_after_planning_is_not_called_archived(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    package = holdings.package({"a": b"alpha"})
    volume = holdings.volume(package, roles=("use",))
    grown = holdings.package({"late": b"late"})
    with desk.store.begin() as db:
        db.execute(schema.files.update().filter_by(package_id=grown).values(package_id=package))
    desk.meet(rack)
    desk.archive(rack)
    assert states(holdings, volume) == ("approved", ["verified"])


def test_copies_of_one_volume_go_to_different_appliances(desk: Desk, holdings: Holdings) -> None:
    holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(PaperAppliance(), PaperAppliance(name="rack-2"))
    desk.work()
    assert {row.appliance for row in holdings.rows(schema.copies)} == {
        "north/rack-1",
        "north/rack-2",
    }


def test_without_blank_discs_copies_wait_with_a_number_and_go_on_when_discs_come(
    desk: Desk, holdings: Holdings
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}))
    rack = PaperAppliance(discs=1)
    desk.meet(rack)
    desk.archive(rack)
    state, copies = states(holdings, volume)
    assert (state, sorted(copies)) == ("approved", ["planned", "verified"])
    assert holdings.row(schema.copies, state="planned").error_code == 5250
    assert holdings.row(schema.alarms).code == 5250
    rack.discs = 2
    desk.hear(rack.library())
    desk.archive(rack)
    assert states(holdings, volume)[0] == "archived"
    desk.work()
    assert holdings.row(schema.copies, role="use").error_code is None


def test_what_an_appliance_forgot_is_planned_anew(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    (old,) = desk.burns(rack)
    rack.lose_memory("epoch-2")
    desk.hear(rack.status())
    assert holdings.row(schema.alarms).code == 5251
    (new,) = desk.burns(rack)
    assert new.id != old.id
    desk.hear(*rack.burn(new))
    assert states(holdings, volume)[0] == "archived"
