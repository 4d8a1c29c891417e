"""The console's own rounds with an appliance at contract level, in simulated time."""

import random
from itertools import pairwise

import pytest
import sqlalchemy as sa

from console.retrieval.states import Priority
from console.store import schema
from tests.console.dispatch.holdings import Holdings
from tests.console.retrieval.cabinet import Job, Machine
from tests.console.retrieval.plays import Asked, random_files
from tests.console.retrieval.through_console import Console


def test_a_series_is_read_close_to_the_bound_and_the_time_left_can_be_believed(
    holdings: Holdings,
) -> None:
    """The cabinet is twice as fast with a disc as expected and reads at half the speed."""
    machine = Machine(carry_s=15, spin_s=8, bytes_per_s=10e6)
    console = Console(holdings, 24, machine)
    rng = random.Random(3)
    console.cabinet.slow = lambda _job: rng.uniform(0.8, 1.3)
    asked = Asked("all", tuple(random_files(random.Random(5), 24, 160)))
    console.ask(asked)
    console.play()
    end_s = console.ended_s["all"]
    assert console.cabinet.loads == 24
    assert end_s < 1.25 * machine.lower_bound_s(list(asked.by_disc().values()))  # discs scatter
    shown = [(gone_s, left_s) for gone_s, left_s in console.expected["all"] if left_s is not None]
    assert len(shown) == len(console.expected["all"])
    assert all(left_s >= 0 for _, left_s in shown)
    middle = [pair for pair in shown if 0.45 * end_s < pair[0] < 0.75 * end_s]
    assert len(middle) > 5
    for gone_s, left_s in middle:
        assert left_s == pytest.approx(end_s - gone_s, rel=0.25)
    for (gone_s, left_s), (after_s, then_s) in pairwise(shown):
        drift_s = (after_s + then_s) - (gone_s + left_s)
        assert abs(drift_s) <= 0.2 * left_s + 60, f"it jumped at {after_s}"


def test_an_urgent_request_overtakes_and_pulls_its_disc_forward_for_all(
    holdings: Holdings,
) -> None:
    console = Console(holdings, 16, Machine(drives=2))
    large = tuple((disc, 200_000_000) for disc in console.names)
    console.ask(Asked("large", large))
    console.ask(Asked("urgent", (("disc-015", 1_000_000),), 20.0, Priority.URGENT))
    console.play()
    waited_s = console.ended_s["urgent"] - 20.0
    assert waited_s < 250  # two discs are in drives when it comes
    assert console.ended_s["large"] > 600
    assert console.cabinet.loads == 16  # the urgent one's load served both


def test_a_fetch_that_waits_for_a_drive_is_called_back_for_an_urgent_one(
    holdings: Holdings,
) -> None:
    console = Console(holdings, 6, Machine(drives=1))
    # Somebody at the cabinet itself has the drive for an hour.
    foreign = Job("by-hand", "disc-005", 1, 27_000_000 * 3600)
    told = console.cabinet.delivered
    console.cabinet.delivered = lambda job: told(job) if job.name in console.commands else None
    console.cabinet.give(foreign)
    console.ask(Asked("slow", (("disc-001", 5_000_000),), 5.0, Priority.LOW))
    console.ask(Asked("urgent", (("disc-002", 1_000_000),), 50.0, Priority.URGENT))
    console.play()
    assert console.ended_s["urgent"] < console.ended_s["slow"]
    with holdings.store.connect() as db:
        states = list(db.scalars(sa.select(schema.fetches.c.state).order_by("fetch_id")))
    assert states == ["recalled", "done", "done"]
