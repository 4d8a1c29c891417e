"""One appliance of the fleet keeps the contract: the same events every time, answers by the id."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from appliance.contract.messages import (
    Burn,
    Command,
    CommandBody,
    ContentRef,
    CopyVerified,
    Event,
    LibraryTelemetry,
    Locate,
    Replay,
    Reply,
    Status,
    TakeInventory,
    encode,
)
from simulators.fleet.appliance import Appliance, Heard
from simulators.fleet.scenario import Scenario
from simulators.fleet.story import CHAPTER

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def make(number: int = 7, **options: Any) -> Appliance:
    return Appliance(number, replace(Scenario(), **options), f"epoch{number}")


def hear(one: Appliance, body: CommandBody, command_id: str = "c1", **more: Any) -> Heard:
    return one.hear(encode(Command(command_id, NOW, body, **more)), NOW)


def reply(heard: Heard) -> Reply:
    return msgspec.json.decode(next(iter(heard.now)).payload, type=Reply)


def event(one: Appliance, seq: int) -> Event:
    return msgspec.json.decode(one.event(seq).payload, type=Event)


def test_every_event_follows_the_contract_and_comes_again_byte_for_byte() -> None:
    one = make(slots=3)
    for n in range(CHAPTER * 4):
        one.outbox.add(NOW + timedelta(seconds=n))
    told = [one.event(seq).payload for seq in range(1, CHAPTER * 4 + 1)]
    assert [event(one, seq).seq for seq in range(1, CHAPTER * 4 + 1)] == [
        *range(1, CHAPTER * 4 + 1)
    ]
    assert told == [one.event(seq).payload for seq in range(1, CHAPTER * 4 + 1)]
    kinds = {json.loads(text)["body"]["type"] for text in told}
    expected = {"job_changed", "medium_changed", "door_changed", "alarm_raised", "alarm_cleared"}
    assert kinds == expected


def test_no_two_appliances_speak_of_one_disc() -> None:
    pictures = [
        msgspec.json.decode(next(make(n, slots=5).telemetry(NOW)).payload, type=LibraryTelemetry)
        for n in (1, 11)
    ]
    first, second = ({slot.medium_id for slot in one.slots} for one in pictures)
    assert len(first) == len(second) == 5
    assert not first & second
    assert pictures[0].at == NOW


def test_a_status_says_the_newest_number_and_a_will_does_not() -> None:
    one = make()
    one.outbox.add(NOW)
    told = msgspec.json.decode(one.status(NOW).payload, type=Status)
    assert (told.online, told.epoch, told.last_seq) == (True, "epoch7", 1)
    will = msgspec.json.decode(one.will(NOW).payload, type=Status)
    assert (will.online, will.epoch, will.last_seq) == (False, "", 0)
    assert one.status(NOW).retain
    assert one.will(NOW).retain


def test_a_replay_sends_from_a_number_on() -> None:
    one = make()
    for _ in range(5):
        one.outbox.add(NOW)
    first, *events = hear(one, Replay("epoch7", 3)).now
    assert msgspec.json.decode(first.payload, type=Reply).accepted
    assert [said.payload for said in events] == [one.event(seq).payload for seq in (3, 4, 5)]


@pytest.mark.parametrize(
    ("replay", "code", "detail"),
    [
        (Replay("other", 1), 1121, "epoch=epoch7"),
        (Replay("epoch7", 1), 1122, "oldest_seq=4"),
        (Replay("epoch7", 9), 1123, "last_seq=5"),
    ],
)
def test_a_replay_that_cannot_be_is_refused(replay: Replay, code: int, detail: str) -> None:
    one = make(history=2)
    for _ in range(5):
        one.outbox.add(NOW)
    answer = reply(hear(one, replay))
    assert answer.error is not None
    assert (answer.accepted, answer.error.code, answer.error.detail) == (False, code, detail)


def test_a_burn_is_accepted_once_and_ends_with_a_verified_copy() -> None:
    one = make()
    content = ContentRef("http://console/content/1/volumes/V1", "token")
    burn = Burn("V1", "cp1", "use", "label", "a" * 64, 4096, content)
    heard = hear(one, burn)
    assert reply(heard).job_id == "c1"
    assert heard.job is not None
    bodies = heard.job()
    (verified,) = [body for body in bodies if isinstance(body, CopyVerified)]
    assert (verified.job_id, verified.bytes_read) == ("c1", 4096)
    again = hear(one, burn)
    assert reply(again).duplicate
    assert again.job is None


def test_what_came_too_late_or_is_not_there_is_refused() -> None:
    one = make()
    late = reply(hear(one, TakeInventory(), expires_at=NOW - timedelta(seconds=1)))
    absent = reply(hear(one, Locate("s001", True), "c2"))
    assert late.error is not None
    assert absent.error is not None
    assert (late.error.code, absent.error.code) == (1120, 5110)
    assert list(one.hear(b"no command", NOW).now) == []


@pytest.mark.parametrize("name", [field.name for field in fields(Scenario) if field.name != "seed"])
def test_an_option_out_of_its_range_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(Scenario(), **{name: -1})
