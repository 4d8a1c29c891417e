"""The agent's life with a broker that comes and goes, in simulated time."""

import asyncio
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.agent.agent import Pauses
from appliance.contract.messages import GrantWanted, JobsTelemetry, Status
from simulators.clock import run_virtual
from tests.appliance.agent.memory_broker import MemoryBroker
from tests.appliance.agent.station import station


def test_it_says_that_it_is_there_and_takes_leave(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            assert here.agent.connected.is_set()
            status = here.retained_status()
            assert (status.online, status.epoch, status.last_seq) == (True, here.outbox.epoch, 0)
            (link,) = here.broker.links
            will = msgspec.json.decode(link.will.payload, type=Status)
            assert (will.online, will.epoch, will.appliance) == (False, "", "rack-1")
            assert link.will.topic == here.topics.status
            assert link.topics == {here.topics.command}
        assert here.retained_status().online is False
        assert here.broker.links == []

    run_virtual(story())


def test_events_go_out_in_order_and_are_confirmed(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            for number in range(50):
                here.outbox.append(GrantWanted(f"job-{number}"))
                await asyncio.sleep(0.01 * (number % 3))
            await asyncio.sleep(1)
            assert [event.seq for event in here.events()] == list(range(1, 51))
            assert here.outbox.confirmed_seq == 50
            assert all(
                message.qos == 1
                for message in here.broker.published
                if message.topic == here.topics.event
            )

    run_virtual(story())


def test_ten_minutes_without_broker_lose_and_double_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            here.outbox.append(GrantWanted("before"))
            await asyncio.sleep(1)
            here.broker.go_down()
            assert here.retained_status().online is False
            for number in range(120):
                here.outbox.append(GrantWanted(f"during-{number}"))
                await asyncio.sleep(5)
            assert not here.agent.connected.is_set()
            assert len(here.events()) == 1
            here.broker.is_up = True
            here.broker.attempts_at_s.clear()
            await asyncio.sleep(31)
            assert here.retained_status().online is True
            assert here.retained_status().last_seq == 121
            assert [event.seq for event in here.events()] == list(range(1, 122))
            (link,) = here.broker.links
            assert link.topics == {here.topics.command}, "subscribed again"

    run_virtual(story())


def test_attempts_come_less_often_but_never_too_seldom(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        broker.is_up = False
        async with station(tmp_path, broker):
            await asyncio.sleep(600)
        waits = [later - earlier for earlier, later in pairwise(broker.attempts_at_s)]
        assert 20 <= len(waits) <= 60
        assert waits[0] <= 1.0
        assert max(waits) <= 30.0
        assert min(waits[6:]) >= 15.0

    run_virtual(story())


def test_an_event_whose_confirmation_was_lost_is_sent_again_as_it_was(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            here.broker.acknowledges = False
            here.outbox.append(GrantWanted("job"))
            await asyncio.sleep(1)
            assert here.outbox.confirmed_seq == 0
            here.broker.go_down()
            here.broker.acknowledges = True
            here.broker.is_up = True
            await asyncio.sleep(5)
            first, second = here.broker.on(here.topics.event)
            assert first == second
            assert here.outbox.confirmed_seq == 1

    run_virtual(story())


def test_a_restart_goes_on_where_the_broker_confirmed(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        async with station(tmp_path, broker) as here:
            here.outbox.append(GrantWanted("sent"))
            await asyncio.sleep(1)
            broker.go_down()
            here.outbox.append(GrantWanted("waiting"))
            await asyncio.sleep(1)
            epoch = here.outbox.epoch
        broker.is_up = True
        async with station(tmp_path, broker) as here:
            await asyncio.sleep(1)
            events = here.events()
            assert [(event.epoch, event.seq) for event in events] == [(epoch, 1), (epoch, 2)]

    run_virtual(story())


def test_the_retained_status_follows_the_newest_event(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            here.outbox.append(GrantWanted("job"))
            await asyncio.sleep(11)
            assert here.retained_status().last_seq == 1
            said_at = here.retained_status().at
            await asyncio.sleep(45)
            assert here.retained_status().at == said_at, "nothing new, nothing said"
            await asyncio.sleep(20)
            assert here.retained_status().at > said_at, "but not silent for ever"

    run_virtual(story())


def test_telemetry_is_neither_too_frequent_nor_too_seldom(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            topic = here.topics.telemetry("jobs")
            await asyncio.sleep(5)
            here.broker.published.clear()
            for _ in range(1000):
                here.jobs.changed()
                await asyncio.sleep(0.01)
            assert 19 <= len(here.broker.on(topic)) <= 22
            here.broker.published.clear()
            await asyncio.sleep(60)
            pictures = here.broker.on(topic)
            assert 5 <= len(pictures) <= 7
            msgspec.json.decode(pictures[0], type=JobsTelemetry)
            assert {m.qos for m in here.broker.published if m.topic == topic} == {0}

    run_virtual(story())


def test_a_broker_that_drops_every_link_at_once_is_not_hammered(tmp_path: Path) -> None:
    async def story() -> None:
        async with station(tmp_path) as here:
            for _ in range(200):
                here.broker.go_down()
                here.broker.is_up = True
                await asyncio.sleep(0.3)
            assert len(here.broker.attempts_at_s) <= 130

    run_virtual(story())


@pytest.mark.parametrize("longest_s", [0.1, 7.0, 60.0])
@given(draws=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_pauses_double_up_to_the_longest(longest_s: float, draws: list[float]) -> None:
    drawn = iter(draws)
    pauses = Pauses(longest_s, lambda: next(drawn))
    for number, _ in enumerate(draws):
        full_s = min(2.0**number, longest_s)
        assert full_s / 2 <= pauses.next_s() <= full_s
    drawn = iter([1.0])
    pauses.reset()
    assert pauses.next_s() == min(1.0, longest_s)
