"""Commands over the broker: good ones, the same one twice, and what is not a command at all."""

import asyncio
from pathlib import Path

import pytest

from appliance.agent.link import Incoming
from appliance.contract.errors import SteleError, table
from appliance.contract.messages import (
    AlarmCleared,
    AlarmRaised,
    Cancel,
    GrantWanted,
    Replay,
)
from appliance.contract.wire import MAX_COMMAND_BYTES
from simulators.clock import run_virtual
from tests.appliance.agent.station import station


def test_a_command_is_answered_once_and_the_same_id_as_a_duplicate(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            payload = here.command("c-1", Cancel("job-1"))
            await here.ask(payload)
            await here.ask(payload)
            first, second = here.replies()
            assert (first.accepted, first.duplicate, first.job_id) == (True, False, "c-1")
            assert (second.accepted, second.duplicate, second.job_id) == (True, True, "c-1")
            assert list(here.ledger.answers) == ["c-1"]

    run_virtual(story())


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", 1112),
        (b"not json", 1112),
        (b"\xff\xfe\x00", 1112),
        (b'{"id": "c-1", "body": ', 1112),
        (b'{"more": ' + b"[" * 100_000, 1112),
        (b"[" * 100_000, 1113),
        (b"null", 1113),
        (b"[1, 2]", 1113),
        (b'{"id": ""}', 1113),
        (b'{"id": "../../etc", "body": {}}', 1113),
        (b" " * (MAX_COMMAND_BYTES + 1), 1111),
    ],
)
def test_a_message_without_an_id_raises_one_alarm_and_nothing_else(
    tmp_path: Path, payload: bytes, code: int
) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            await here.ask(payload)
            await here.ask(payload)
            (alarm,) = here.events()
            assert isinstance(alarm.body, AlarmRaised)
            assert alarm.body.error.code == code
            assert here.replies() == []
            await here.ask(here.command("c-1", Cancel("job-1")))
            assert here.replies()[0].accepted, "and the next good command is served"
            await asyncio.sleep(61)
            assert isinstance(here.events()[-1].body, AlarmCleared)

    run_virtual(story())


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "explode"}',
        b"{}",
        b"7",
        b'{"type": "cancel"}',
        b'{"type": "cancel", "job_id": 5}',
        b'{"type": "replay", "epoch": "e", "from_seq": 0}',
        b'{"type": "replay", "epoch": "e", "from_seq": 99999999999999999999999}',
    ],
)
def test_a_message_with_an_id_that_breaks_the_contract_is_answered(
    tmp_path: Path, body: bytes
) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            await here.ask(
                b'{"id": "c-1", "issued_at": "2026-01-01T00:00:00Z", "body": ' + body + b"}"
            )
            (reply,) = here.replies()
            assert not reply.accepted
            assert reply.command_id == "c-1"
            assert reply.error is not None
            assert reply.error.code == 1113
            assert here.events() == []

    run_virtual(story())


def test_a_time_without_zone_breaks_the_contract(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            await here.ask(
                b'{"id":"c","issued_at":"2026-01-01T00:00:00","body":{"type":"cancel","job_id":"j"}}'
            )
            assert [reply.error and reply.error.code for reply in here.replies()] == [1113]

    run_virtual(story())


def test_a_message_on_a_topic_that_takes_none_raises_an_alarm(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            (link,) = here.broker.links
            link.deliver(Incoming("stele/1/north/rack-2/command", b"{}"))
            await asyncio.sleep(1)
            (alarm,) = here.events()
            assert isinstance(alarm.body, AlarmRaised)
            assert alarm.body.error.code == 1114

    run_virtual(story())


@pytest.mark.parametrize(
    ("failure", "code"), [(SteleError(5104, "disk full"), 5104), (ZeroDivisionError(), 5000)]
)
def test_a_command_that_fails_inside_is_answered_with_its_code(
    tmp_path: Path, failure: Exception, code: int
) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            here.ledger.fail_with(failure)
            await here.ask(here.command("c-1", Cancel("job-1")))
            (reply,) = here.replies()
            assert reply.error is not None
            assert reply.error.code == code
            assert here.agent.connected.is_set()

    run_virtual(story())


def test_an_alarm_left_standing_by_a_crash_is_cleared_at_the_next_start(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            await here.ask(b"not json")
        async with station(tmp_path, here.broker) as here:
            await asyncio.sleep(1)
            assert [type(event.body) for event in here.events()] == [AlarmRaised, AlarmCleared]

    run_virtual(story())


def test_a_replay_sends_the_same_bytes_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            for number in range(20):
                here.outbox.append(GrantWanted(f"job-{number}"))
            await asyncio.sleep(1)
            sent = here.broker.on(here.topics.event)
            here.broker.published.clear()
            replay = here.command("c-1", Replay(here.outbox.epoch, 15))
            await here.ask(replay)
            assert here.broker.on(here.topics.event) == sent[14:]
            await here.ask(replay)
            assert here.broker.on(here.topics.event) == sent[14:], "once for each id"
            assert [(r.accepted, r.duplicate) for r in here.replies()] == [
                (True, False),
                (True, True),
            ]
            await here.ask(here.command("c-2", Replay(here.outbox.epoch, 21)))
            assert here.replies()[-1].accepted, "nothing is missing: nothing to send"
            assert here.broker.on(here.topics.event) == sent[14:]

    run_virtual(story())


def test_a_replay_that_cannot_be_is_answered_with_what_can(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path, retention_events=5) as here:
            for number in range(20):
                here.outbox.append(GrantWanted(f"job-{number}"))
            await asyncio.sleep(1)
            epoch = here.outbox.epoch
            await here.ask(here.command("c-1", Replay("other", 1)))
            await here.ask(here.command("c-2", Replay(epoch, 1)))
            await here.ask(here.command("c-3", Replay(epoch, 22)))
            errors = [reply.error for reply in here.replies()]
            assert [(error.code, error.detail) for error in errors if error] == [
                (1121, f"epoch={epoch}"),
                (1122, "oldest_seq=16"),
                (1123, "last_seq=20"),
            ]
            assert {1121, 1122, 1123} <= table().keys()
            assert len(here.events()) == 20, "nothing was sent again"

    run_virtual(story())


def test_a_replay_while_events_go_out_leaves_no_gap(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            here.broker.latency_s = 0.5
            for number in range(40):
                here.outbox.append(GrantWanted(f"job-{number}"))
            await here.ask(here.command("c-1", Replay(here.outbox.epoch, 2)), within_s=60)
            sequence = [event.seq for event in here.events()]
            again = sequence.index(2, sequence.index(2) + 1)
            assert sequence[:again] == list(range(1, again + 1))
            assert sequence[again:] == list(range(2, 41))

    run_virtual(story())
