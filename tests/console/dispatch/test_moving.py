"""A cabinet fails in the middle of a plan: its work goes on elsewhere, nothing is burned twice."""

from datetime import timedelta

import msgspec
import pytest
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import (
    Burn,
    Cancel,
    Command,
    CopyLost,
    EnvironmentTelemetry,
    ErrorInfo,
    JobChanged,
    LibraryTelemetry,
    ReadingView,
    RobotView,
    encode,
)
from appliance.contract.states import JobStage, JobState, ReadingState, RobotState
from console.dispatch.intake import Incoming
from console.dispatch.moving import declare_lost
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

RULES = {
    "name": "apart",
    "version": 1,
    "copies": {"value": ["use", "off-site"], "source": "test"},
    "digests": {"value": ["sha256"], "source": "test"},
    "release_landing": {"value": True, "source": "test"},
    "nominal_capacity_bytes": {"value": 25_025_314_816, "source": "test"},
    "capacity_margin_bytes": {"value": 0, "source": "test"},
    "label": {"value": "{number}", "source": "test"},
    "sites": {"value": {"off-site": ["use"]}, "source": "test"},
}


@pytest.fixture
def spare_rack() -> PaperAppliance:
    return PaperAppliance(name="rack-2")


def mean(holdings: Holdings, appliance: str, **where: object) -> None:
    """Have the plan mean copies for an appliance."""
    with holdings.store.begin() as db:
        these = sa.update(schema.copies).filter_by(**where)
        db.execute(these.values(intended=appliance))


def one_volume(holdings: Holdings, appliance: str = "north/rack-1") -> str:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    mean(holdings, appliance, volume_id=volume)
    return volume


def away(desk: Desk, *racks: PaperAppliance) -> None:
    for rack in racks:
        desk.hear(rack.status(online=False))


def pass_time(desk: Desk, *present: PaperAppliance) -> None:
    """Long enough for work to move, noticed from both ends."""
    desk.work()
    desk.later(minutes=16)
    desk.meet(*present)
    desk.work()


def burns_of(desk: Desk, rack: PaperAppliance) -> list[Command]:
    return [c for c in desk.deliver(rack) if isinstance(c.body, Burn)]


def cancels_of(commands: list[Command]) -> list[str]:
    return [c.body.job_id for c in commands if isinstance(c.body, Cancel)]


def stuck(rack: PaperAppliance) -> Incoming:
    """Its robot is in alarm."""
    told = rack.library()
    picture = msgspec.json.decode(told.payload, type=LibraryTelemetry)
    broken = msgspec.structs.replace(picture, robots=[RobotView(RobotState.ALARM)])
    return Incoming(told.topic, encode(broken))


def cancelled(rack: PaperAppliance, job_id: str) -> Incoming:
    ended = JobChanged(job_id, "burn", JobState.CANCELLED, JobStage.FINISHED)
    return rack.emit(ended)


def copy_of(holdings: Holdings, volume_id: str) -> sa.Row[tuple[object, ...]]:
    return holdings.row(schema.copies, volume_id=volume_id)  # type: ignore[no-any-return]


def test_copies_go_where_the_plan_meant_them(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    spare_rack.discs = 40
    for _ in range(3):
        one_volume(holdings)
    desk.meet(rack, spare_rack)
    desk.work()
    assert {row.appliance for row in holdings.rows(schema.copies)} == {"north/rack-1"}


def test_a_drive_gets_two_copies_and_the_rest_waits_for_the_appliance_it_is_meant_for(
    desk: Desk, holdings: Holdings, spare_rack: PaperAppliance
) -> None:
    rack = PaperAppliance(drives=1)
    for _ in range(5):
        one_volume(holdings)
    desk.meet(rack, spare_rack)
    desk.work()
    assert [row.state for row in holdings.rows(schema.copies)].count("dispatched") == 2
    assert desk.send().keys() == {"north/rack-1"}


def test_what_takes_longest_is_given_out_first(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    rack.drives = 1
    volumes = [one_volume(holdings) for _ in range(4)]
    for volume, seconds in zip(volumes, (10, 30, 20, 40), strict=True):
        with holdings.store.begin() as db:
            these = sa.update(schema.copies).where(schema.copies.c.volume_id == volume)
            db.execute(these.values(expected_s=seconds))
    desk.meet(rack)
    assert {c.body.volume_id for c in desk.burns(rack)} == {volumes[1], volumes[3]}


def test_copies_that_were_only_meant_for_a_cabinet_move_when_it_stays_away(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume = one_volume(holdings)
    desk.meet(rack, spare_rack)
    away(desk, rack)
    desk.work()
    desk.later(minutes=14)
    desk.work()
    assert copy_of(holdings, volume).intended == "north/rack-1"
    assert desk.send() == {}
    desk.later(minutes=2)
    (command,) = desk.burns(spare_rack)
    assert command.body.volume_id == volume
    desk.hear(*spare_rack.burn(command))
    assert holdings.row(schema.volumes).state == "archived"


def test_a_cabinet_that_comes_back_in_time_keeps_its_work(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    one_volume(holdings)
    desk.meet(rack, spare_rack)
    away(desk, rack)
    desk.work()
    desk.later(minutes=14)
    desk.meet(rack)
    desk.work()
    assert holdings.row(schema.appliances, appliance="north/rack-1").unfit_since is None
    assert [c.body.volume_id for c in burns_of(desk, rack)]


def test_a_command_that_was_never_sent_is_withdrawn_and_its_copy_moves(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume = one_volume(holdings)
    desk.meet(rack, spare_rack)
    desk.work()
    assert holdings.row(schema.commands).state == "waiting"
    away(desk, rack)
    pass_time(desk, spare_rack)
    (command,) = desk.burns(spare_rack)
    assert copy_of(holdings, volume).attempt == 1
    desk.hear(*spare_rack.burn(command))
    desk.meet(rack)
    assert desk.deliver(rack) == []
    assert len(holdings.rows(schema.commands, state="rejected")) == 1
    assert holdings.rows(schema.spares) == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_command_that_may_have_been_heard_is_given_to_nobody_else(
    desk: Desk,
    holdings: Holdings,
    rack: PaperAppliance,
    spare_rack: PaperAppliance,
    answered: bool,
) -> None:
    volume = one_volume(holdings)
    desk.meet(rack, spare_rack)
    desk.work()
    (command,) = desk.send()["north/rack-1"]
    replies = rack.hear(encode(command))
    if answered:
        desk.hear(*replies)
    away(desk, rack)
    pass_time(desk, spare_rack)
    desk.later(hours=30)
    desk.work()
    assert desk.send() == {}
    copy = copy_of(holdings, volume)
    assert (copy.state, copy.error_code) == ("dispatched", 5265)
    (alarm,) = holdings.rows(schema.alarms, cleared_at=None)
    assert (alarm.code, alarm.where_) == (5265, "north/rack-1")
    rack.burn(command)
    desk.meet(rack)
    assert desk.ask_replays(rack)
    desk.work()
    desk.deliver(rack)
    copy = copy_of(holdings, volume)
    assert (copy.state, copy.appliance) == ("verified", "north/rack-1")
    assert holdings.rows(schema.alarms, cleared_at=None) == []
    assert holdings.rows(schema.spares) == []


def test_a_burn_that_has_begun_is_left_alone(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume = one_volume(holdings)
    desk.meet(rack, spare_rack)
    (command,) = desk.burns(rack)
    begun = JobChanged(command.id, "burn", JobState.RUNNING, JobStage.BURN, volume)
    desk.hear(rack.emit(begun), stuck(rack))
    pass_time(desk, spare_rack)
    desk.hear(stuck(rack))
    desk.work()
    assert copy_of(holdings, volume).state == "burning"
    assert desk.send() == {}


def lost_rack(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> tuple[str, Command]:
    """A cabinet took a copy, fell silent, and a person said that it is lost."""
    volume = one_volume(holdings)
    desk.meet(rack, spare_rack)
    (command,) = desk.burns(rack)
    away(desk, rack)
    pass_time(desk, spare_rack)
    with desk.store.begin() as db:
        assert declare_lost(db, "north/rack-1", "Ada", desk.now)
    return volume, command


def test_what_a_lost_cabinet_burned_after_all_is_told_as_a_spare(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume, first = lost_rack(desk, holdings, rack, spare_rack)
    (second,) = desk.burns(spare_rack)
    desk.hear(*spare_rack.burn(second))
    told = rack.burn(first)
    desk.meet(rack)
    desk.hear(*told, *told)
    copy = copy_of(holdings, volume)
    assert (copy.appliance, copy.medium_id) == ("north/rack-2", "rack-2-m001")
    spare = holdings.row(schema.spares)
    assert (spare.medium_id, spare.copy_id) == ("rack-1-m001", copy.copy_id)
    assert holdings.row(schema.alarms, cleared_at=None).code == 5267


def test_a_spare_takes_the_place_of_a_copy_that_is_lost(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume, first = lost_rack(desk, holdings, rack, spare_rack)
    (second,) = desk.burns(spare_rack)
    desk.hear(*spare_rack.burn(second))
    desk.meet(rack)
    desk.hear(*rack.burn(first))
    broken = ErrorInfo(3301, "unreadable")
    copy = copy_of(holdings, volume)
    gone = CopyLost(copy.copy_id, volume, copy.medium_id, broken)
    desk.hear(spare_rack.emit(gone), spare_rack.emit(gone))
    copy = copy_of(holdings, volume)
    assert (copy.state, copy.medium_id) == ("verified", "rack-1-m001")
    assert holdings.row(schema.volumes).state == "archived"
    assert holdings.rows(schema.spares) == []
    assert holdings.rows(schema.alarms, cleared_at=None) == []
    assert desk.burns(spare_rack) == []


def test_a_spare_that_is_lost_is_forgotten_and_costs_nothing(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume, first = lost_rack(desk, holdings, rack, spare_rack)
    (second,) = desk.burns(spare_rack)
    desk.hear(*spare_rack.burn(second))
    desk.meet(rack)
    desk.hear(*rack.burn(first))
    copy = copy_of(holdings, volume)
    broken = ErrorInfo(3301, "unreadable")
    desk.hear(spare_rack.emit(CopyLost(copy.copy_id, volume, "rack-1-m001", broken)))
    assert len(holdings.rows(schema.spares)) == 1
    desk.hear(rack.emit(CopyLost(copy.copy_id, volume, "rack-1-m001", broken)))
    assert holdings.rows(schema.spares) == []
    assert copy_of(holdings, volume).state == "verified"


def test_a_lost_cabinet_that_was_faster_after_all_has_the_copy_and_the_other_is_called_off(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume, first = lost_rack(desk, holdings, rack, spare_rack)
    (second,) = desk.burns(spare_rack)
    desk.meet(rack)
    desk.hear(*rack.burn(first))
    assert copy_of(holdings, volume).appliance == "north/rack-1"
    assert cancels_of(desk.deliver(spare_rack)) == [second.id]
    desk.hear(*spare_rack.burn(second))
    copy = copy_of(holdings, volume)
    assert (copy.appliance, copy.medium_id) == ("north/rack-1", "rack-1-m001")
    assert holdings.row(schema.spares).appliance == "north/rack-2"


def test_a_lost_cabinet_that_comes_back_is_told_to_cancel_and_gets_the_burn_no_more(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume, first = lost_rack(desk, holdings, rack, spare_rack)
    (second,) = desk.burns(spare_rack)
    desk.meet(rack)
    desk.work()
    sent = desk.deliver(rack)
    assert (cancels_of(sent), len(sent)) == ([first.id], 1)
    desk.hear(cancelled(rack, first.id))
    desk.work()
    desk.later(minutes=5)
    assert desk.deliver(rack) == []
    desk.hear(*spare_rack.burn(second))
    assert copy_of(holdings, volume).state == "verified"
    assert holdings.rows(schema.spares) == []


def test_only_what_is_away_can_be_lost(desk: Desk, rack: PaperAppliance) -> None:
    desk.meet(rack)
    for name, code in (("north/rack-1", 5266), ("north/rack-9", 5263)):
        with desk.store.begin() as db, pytest.raises(SteleError) as raised:
            declare_lost(db, name, "Ada", desk.now)
        assert raised.value.code == code


def test_a_cabinet_that_speaks_and_cannot_write_is_asked_for_what_it_has_not_begun(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume = one_volume(holdings)
    desk.meet(rack, spare_rack)
    (command,) = desk.burns(rack)
    desk.hear(stuck(rack))
    desk.work()
    desk.later(minutes=16)
    desk.work()
    assert cancels_of(desk.deliver(rack)) == [command.id]
    assert desk.burns(spare_rack) == []
    desk.hear(cancelled(rack, command.id))
    (moved,) = desk.burns(spare_rack)
    desk.hear(*spare_rack.burn(moved))
    copy = copy_of(holdings, volume)
    assert (copy.state, copy.appliance, copy.attempt) == ("verified", "north/rack-2", 1)
    assert holdings.row(schema.volumes).state == "archived"


def test_nothing_is_asked_back_when_no_other_cabinet_could_have_it(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    volume = one_volume(holdings)
    desk.meet(rack)
    desk.burns(rack)
    desk.hear(stuck(rack))
    desk.work()
    desk.later(minutes=16)
    desk.work()
    assert desk.deliver(rack) == []
    assert copy_of(holdings, volume).state == "dispatched"


def test_a_copy_never_moves_to_the_site_that_its_policy_keeps_it_from(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume = holdings.volume(holdings.package({"a": b"alpha"}), roles=("use", "off-site"))
    with holdings.store.begin() as db:
        row = {"policy_id": "apart:1", "name": "apart", "version": 1, "document": RULES}
        db.execute(sa.insert(schema.policies).values(**row, created_at=NOW))
        db.execute(sa.update(schema.volumes).values(policy_id="apart:1"))
    mean(holdings, "north/rack-1", role="use")
    mean(holdings, "south/rack-1", role="off-site")
    far, elsewhere = PaperAppliance(site="south"), PaperAppliance(site="west", name="rack-3")
    desk.meet(rack, spare_rack, far)
    away(desk, far)
    pass_time(desk, rack, spare_rack)
    waits = holdings.row(schema.copies, role="off-site")
    assert (waits.intended, waits.state, waits.error_code) == ("south/rack-1", "planned", 5264)
    desk.meet(elsewhere)
    desk.work()
    moved = holdings.row(schema.copies, role="off-site")
    assert (moved.appliance, moved.state) == ("west/rack-3", "dispatched")
    assert holdings.row(schema.volumes).volume_id == volume


def test_a_copy_whose_blank_is_gone_finds_another_place(
    desk: Desk, holdings: Holdings, spare_rack: PaperAppliance
) -> None:
    rack = PaperAppliance(discs=0)
    volume = one_volume(holdings)
    desk.meet(rack, spare_rack)
    desk.work()
    desk.work()
    assert copy_of(holdings, volume).appliance == "north/rack-2"


def test_the_pace_of_an_appliance_is_learned_from_its_copies(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    size = 10_000_000_000
    volume = holdings.volume(
        holdings.package({"a": b"alpha"}), roles=("use",), image_size_bytes=size
    )
    desk.meet(rack)
    (command,) = desk.burns(rack)
    queued = JobChanged(command.id, "burn", JobState.RUNNING, JobStage.LOAD, volume)
    desk.hear(rack.emit(queued))
    rack.now = desk.now + timedelta(seconds=60)
    desk.hear(*rack.burn(command))
    pace = holdings.row(schema.paces)
    assert (pace.appliance, pace.medium_kind, pace.jobs) == ("north/rack-1", "disc", 1)
    assert pace.burn_bytes_per_s == pytest.approx(size / 10.0)
    assert pace.verify_bytes_per_s == pytest.approx(size / 5.0)
    assert pace.handling_s == 60 - 15


def damp(rack: PaperAppliance, percent: float) -> Incoming:
    """Its hygrometer says so much."""
    reading = ReadingView("climate", "humidity", "%RH", ReadingState.HIGH, percent)
    told = EnvironmentTelemetry(NOW, [reading])
    return Incoming(rack.topics.telemetry("environment"), encode(told))


def keep_dry(holdings: Holdings) -> None:
    """Every volume has a policy that lets nothing be written above 60 % of humidity."""
    air = {"humidity": {"value": {"low": None, "high": 60.0}, "source": "test"}}
    rules = RULES | {"environment": air, "copies": {"value": ["use"], "source": "test"}}
    rules = {name: value for name, value in rules.items() if name != "sites"}
    with holdings.store.begin() as db:
        row = {"policy_id": "dry:1", "name": "dry", "version": 1, "document": rules}
        db.execute(sa.insert(schema.policies).values(**row, created_at=NOW))
        db.execute(sa.update(schema.volumes).values(policy_id="dry:1"))


def test_nothing_is_written_in_air_that_the_policy_does_not_allow(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume = one_volume(holdings)
    keep_dry(holdings)
    desk.meet(rack)
    desk.hear(damp(rack, 71.0))
    desk.work()
    waits = copy_of(holdings, volume)
    assert (waits.state, waits.error_code) == ("planned", 5218)
    assert "its humidity is 71, outside …60.0" in waits.error_message
    desk.hear(damp(rack, 50.0))
    desk.meet(spare_rack)
    desk.hear(damp(spare_rack, 80.0))
    desk.work()
    assert copy_of(holdings, volume).appliance == "north/rack-1"


def test_a_copy_leaves_the_wrong_air_when_another_appliance_has_better(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, spare_rack: PaperAppliance
) -> None:
    volume = one_volume(holdings)
    keep_dry(holdings)
    desk.meet(rack, spare_rack)
    desk.hear(damp(rack, 71.0), damp(spare_rack, 50.0))
    desk.work()
    desk.work()
    assert copy_of(holdings, volume).appliance == "north/rack-2"
