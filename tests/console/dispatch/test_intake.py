"""What comes over the broker is not trusted: it is counted with a number and changes nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.messages import (
    CopyVerified,
    ErrorInfo,
    JobChanged,
    JobsTelemetry,
    JobView,
    MediumChanged,
    Replay,
    Reply,
    encode,
)
from appliance.contract.states import JobStage, JobState, MediumState
from console.broker import MAX_MESSAGE_BYTES
from console.dispatch.cursor import Source
from console.dispatch.intake import Incoming, Intake
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import NOW, Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

LEAVES = ["status", "event", "reply", "telemetry/library", "telemetry/jobs"]


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"this is not JSON", 1112),
        (b"", 1112),
        (b"\xff\xfe", 1112),
        (b'{"a":' * 100_000, 1112),
        (b"{}", 1113),
        (b"[]", 1113),
        (b'{"epoch": 5, "seq": -1}', 1113),
        (b"x" * (MAX_MESSAGE_BYTES + 1), 1111),
    ],
)
def test_what_cannot_be_read_is_counted_and_logged(
    leaf: str, payload: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    intake = Intake()
    assert intake.read(Incoming(f"stele/1/north/rack-1/{leaf}", payload)) is None
    assert intake.refused == {code: 1}
    assert f"[{code}]" in caplog.text


@given(st.text(max_size=40), st.binary(max_size=200), st.sampled_from(LEAVES))
def test_no_message_makes_it_raise(name: str, payload: bytes, leaf: str) -> None:
    Intake().read(Incoming(f"stele/1/north/{name}/{leaf}", payload))


@pytest.mark.parametrize(
    "topic",
    ["stele/2/north/rack-1/event", "other", "stele/1/North/rack-1/event", "stele/1/north/event"],
)
def test_a_topic_that_is_not_of_this_schema_is_refused(topic: str) -> None:
    intake = Intake()
    assert intake.read(Incoming(topic, b"{}")) is None
    assert intake.refused == {5256: 1}


def test_unknown_telemetry_is_let_pass() -> None:
    intake = Intake()
    assert intake.read(Incoming("stele/1/north/rack-1/telemetry/weather", b"{}")) is None
    assert not intake.refused


def test_a_status_that_speaks_for_another_appliance_is_refused(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    other = PaperAppliance(name="rack-2")
    desk.hear(Incoming(rack.topics.status, other.status().payload))
    assert desk.intake.refused == {5256: 1}
    assert holdings.rows(schema.appliances) == []


def test_an_appliance_cannot_speak_of_the_work_of_another(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"alpha"}), roles=("use",))
    desk.meet(rack)
    (command,) = desk.burns(rack)
    other = PaperAppliance(name="rack-2")
    desk.hear(
        other.emit(JobChanged(command.id, "burn", JobState.FAILED, JobStage.BURN)),
        Incoming(other.topics.reply, encode(Reply(command.id, NOW, accepted=False))),
    )
    assert holdings.row(schema.copies).state == "dispatched"
    assert holdings.row(schema.commands).state == "accepted"
    desk.hear(rack.emit(JobChanged(command.id, "burn", JobState.RUNNING, JobStage.BURN)))
    desk.hear(other.emit(JobChanged(command.id, "burn", JobState.FAILED, JobStage.BURN)))
    assert holdings.row(schema.jobs, job_id=command.id).state == "running"


def test_a_last_will_takes_the_appliance_offline_and_keeps_its_cursor(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    rack.emit(JobChanged("j", "burn", JobState.RUNNING, JobStage.LOAD))
    desk.hear(rack.status(), rack.sealed(1), rack.status(online=False))
    row = holdings.row(schema.appliances)
    assert (row.online, row.epoch, row.next_seq, row.profile) == (False, "epoch-1", 2, "rack")


def test_a_picture_does_not_undo_what_an_event_said(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    from appliance.contract.messages import JobsTelemetry, JobView

    def picture(fraction: float) -> Incoming:
        error = ErrorInfo(3206, "the drive does not answer")
        view = JobView("j", "burn", JobState.RUNNING, JobStage.BURN, fraction, error=error)
        return Incoming(rack.topics.telemetry("jobs"), encode(JobsTelemetry(NOW, [view])))

    desk.hear(rack.status(), picture(0.25))
    desk.work()
    assert holdings.row(schema.jobs).fraction == 0.25
    desk.hear(rack.emit(JobChanged("j", "burn", JobState.DONE, JobStage.FINISHED)), picture(0.5))
    desk.work()
    row = holdings.row(schema.jobs)
    assert (row.state, row.fraction) == ("done", 1.0)


def test_fields_of_a_later_firmware_are_ignored(desk: Desk, rack: PaperAppliance) -> None:
    status = msgspec.json.decode(rack.status().payload) | {"mood": "good"}
    desk.hear(Incoming(rack.topics.status, msgspec.json.encode(status)))
    assert not desk.intake.refused


def test_a_copy_that_nobody_planned_is_told(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    verified = CopyVerified(
        "j", "cp-x", "vol-x", "0" * 64, "m1", "s001", "d1", "d2", 2048, 2048, 1.0, 1.0
    )
    desk.hear(rack.emit(verified))
    assert holdings.row(schema.alarms).code == 5258


BEYOND = 2**64 - 1


def test_a_message_that_cannot_be_kept_costs_no_other_one(desk: Desk, holdings: Holdings) -> None:
    """A time before the first year in UTC, and a number that no database holds."""
    good, bad = PaperAppliance(), PaperAppliance(name="rack-9")
    long_ago = b'"0001-01-01T00:00:00+14:00"'
    status = bad.status()
    poison = Incoming(status.topic, _replaced(status.payload, "at", long_ago))
    desk.hear(good.status(), poison, good.library())
    jobs = JobsTelemetry(
        bad.now, [JobView("j", "burn", JobState.RUNNING, JobStage.BURN, bytes_done=BEYOND)]
    )
    desk.hear(bad.status(), Incoming(bad.topics.telemetry("jobs"), encode(jobs)), good.library())
    desk.work()
    assert holdings.row(schema.appliances, name="rack-1").library is not None
    assert holdings.row(schema.appliances, name="rack-9").library is None
    alarm = holdings.row(schema.alarms)
    assert (alarm.code, alarm.message.startswith("a message (Status) of north/rack-9")) == (
        5256,
        True,
    )


def _replaced(payload: bytes, key: str, value: bytes) -> bytes:
    fields = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
    return msgspec.json.encode(fields | {key: msgspec.Raw(value)})


def test_another_appliance_cannot_answer_a_replay(desk: Desk, holdings: Holdings) -> None:
    rack, stranger = PaperAppliance(), PaperAppliance(name="rack-2")
    desk.meet(rack, stranger)
    source, replay = Source("north", "rack-1"), Replay(rack.epoch, 1)
    desk.intake.remember("rp-1", source, replay)
    error = ErrorInfo(1122, "no longer held", "oldest_seq=99")
    lie = Reply("rp-1", rack.now, accepted=False, error=error)
    desk.hear(Incoming(stranger.topics.reply, encode(lie)))
    assert holdings.row(schema.appliances, name="rack-1").next_seq == 1
    assert "rp-1" in desk.intake.asked


def test_a_disc_stays_where_it_is_until_its_appliance_lets_go(
    desk: Desk, holdings: Holdings
) -> None:
    rack, other = PaperAppliance(), PaperAppliance(name="rack-2")
    desk.hear(rack.emit(MediumChanged("m1", "slot:s001", MediumState.VERIFIED)))
    claim = MediumChanged("m1", "slot:s009", MediumState.BLANK)
    desk.hear(other.emit(claim))
    assert holdings.row(schema.media).appliance == rack.appliance
    assert holdings.row(schema.alarms).code == 5256
    desk.hear(rack.emit(MediumChanged("m1", "outside", MediumState.VERIFIED)))
    desk.hear(other.emit(claim))
    assert holdings.row(schema.media).appliance == other.appliance
