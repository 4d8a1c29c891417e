"""Leases: nobody holds what another holds; what a holder leaves is taken up; shares are fair."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from console.store import schema
from console.store.engine import open_store
from console.store.leases import LASTS_S, RENEW_S, Leases, is_gone_here, process_name

PARTS = tuple(f"part-{n}" for n in range(7))
START = datetime(2026, 5, 4, tzinfo=UTC)


class Host:
    """A process with a clock of its own, which may run wrong by a few per cent, on a true time."""

    def __init__(self, true: "True_", name: str, rate: float) -> None:
        self.rate, self.true = rate, true
        self.leases = Leases(
            true.store,
            name,
            clock=lambda: true.now_s * rate + 1000 * rate,
            wall=lambda _: START + timedelta(seconds=true.now_s + true.jumped_s),
            is_gone=lambda _: False,
        )
        self.stopped = False


class True_:  # noqa: N801 - `True` is taken
    """The time as it is, and how far the database's clock was set off."""

    def __init__(self, store: sa.Engine) -> None:
        self.store = store
        self.now_s = 0.0
        self.jumped_s = 0.0


@pytest.fixture(scope="module")
def memory() -> sa.Engine:
    return open_store("sqlite://")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["share", "stop", "go", "wait"]),
        st.integers(0, 2),
        st.floats(0.0, 3.0),
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(steps=STEPS, rates=st.tuples(*[st.floats(0.9, 1.1)] * 3))
def test_no_two_hold_one_part_whoever_stops_and_whatever_their_clocks_do(
    memory: sa.Engine, steps: list[tuple[str, int, float]], rates: tuple[float, ...]
) -> None:
    with memory.begin() as db:
        db.execute(sa.delete(schema.leases))
    true = True_(memory)
    hosts = [Host(true, f"h{n}", rate) for n, rate in enumerate(rates)]
    for verb, who, pause_s in steps:
        true.now_s += pause_s
        host = hosts[who]
        match verb:
            case "stop":
                host.stopped = True  # kill -9, or a pause: it asks for nothing and forgets nothing
            case "go":
                host.stopped = False
            case "share" if not host.stopped:
                host.leases.share(PARTS)
        held = [part for each in hosts for part in each.leases.held()]
        assert len(held) == len(set(held))
    # Whoever is left has everything soon, whatever happened.
    for _ in range(int((LASTS_S + 3 * RENEW_S) / RENEW_S)):
        true.now_s += RENEW_S
        hosts[0].leases.share(PARTS)
    assert hosts[0].leases.held() == set(PARTS)


@settings(max_examples=40, deadline=None)
@given(jumps=st.lists(st.floats(-4000, 4000), min_size=1, max_size=4))
def test_a_database_whose_clock_jumps_keeps_nobody_from_work_for_long(
    memory: sa.Engine, jumps: list[float]
) -> None:
    with memory.begin() as db:
        db.execute(sa.delete(schema.leases))
    true = True_(memory)
    gone, left = Host(true, "gone", 1.0), Host(true, "left", 1.0)
    for jump in jumps:
        gone.leases.share(PARTS)
        true.now_s += 0.5
        true.jumped_s += jump
    # Of an end that is farther away than a lease may last nobody waits: at most twice as long.
    for _ in range(int(2 * LASTS_S / RENEW_S) + 2):
        true.now_s += RENEW_S
        left.leases.share(PARTS)
    assert left.leases.held() == set(PARTS)


def test_work_is_divided_fairly_and_given_back_to_newcomers(store_url: str) -> None:
    store = open_store(store_url)
    workers = [Leases(store, f"w{n}", is_gone=lambda _: False) for n in range(3)]
    assert workers[0].share(PARTS) == set(PARTS)
    for _ in range(3):
        held = [worker.share(PARTS) for worker in workers]
    assert sorted(map(len, held)) == [1, 3, 3]
    assert set().union(*held) == set(PARTS)
    workers[1].give_back()
    for _ in range(2):
        held = [worker.share(PARTS) for worker in (workers[0], workers[2])]
    assert sorted(map(len, held)) == [3, 4]
    assert workers[1].held() == set()
    store.dispose()


def test_of_many_that_ask_at_once_one_gets_it(store_url: str) -> None:
    store = open_store(store_url)
    workers = [Leases(store, f"w{n}", is_gone=lambda _: False) for n in range(8)]
    got: list[bool] = []
    begin = threading.Barrier(len(workers))

    def ask(worker: Leases) -> None:
        begin.wait()
        got.append(worker.take("one"))

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
    store.dispose()


def test_what_a_killed_process_of_this_machine_had_is_free_at_once(store_url: str) -> None:
    code = (
        "import sys; from console.store.engine import open_store;"
        "from console.store.leases import *;"
        "print(Leases(open_store(sys.argv[1]), process_name()).share(['a', 'b']), flush=True);"
        "sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, store_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert b"a" in process.stdout.readline()
    store = open_store(store_url)
    mine = Leases(store, process_name())
    assert mine.share(["a", "b"]) != {"a", "b"}
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert mine.share(["a", "b"]) == {"a", "b"}
    store.dispose()


def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    name = process_name()
    assert not is_gone_here(name)
    machine, _, process = name.rpartition("/")
    pid, _, started = process.partition("-")
    assert int(pid) == os.getpid()
    assert is_gone_here(f"{machine}/{pid}-{int(started) + 1}")
    assert not is_gone_here(f"elsewhere/1-2/{pid}-{int(started) + 1}")
