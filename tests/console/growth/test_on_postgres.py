"""Dispatch, events, releases, requests and deliveries once more, on a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.api.conftest import app, burning, client, fetching
from tests.console.api.test_delivery import (
    test_everything_in_one_request,
    test_of_two_uploaders_one_wins,
    test_the_right_ends_with_the_fetch,
)
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.test_archiving import (
    test_a_failed_copy_is_planned_anew_within_bounds_then_shown_and_retried,
    test_a_lost_copy_is_burned_anew_on_another_disc,
    test_a_volume_is_archived_when_its_last_copy_is_verified,
    test_copies_of_one_volume_go_to_different_appliances,
    test_what_an_appliance_forgot_is_planned_anew,
)
from tests.console.dispatch.test_together import (
    statements,
    test_a_hundred_appliances_cost_as_many_statements_as_one,
    test_a_number_told_with_another_event_is_an_alarm_in_a_batch_too,
    test_a_replay_that_brings_known_events_too_is_taken_at_once,
    test_statuses_of_one_batch_leave_the_last_word,
)
from tests.console.growth.conftest import settle
from tests.console.postgres import PostgresServer

__all__ = [
    "app",
    "burning",
    "client",
    "fetching",
    "statements",
    "test_a_failed_copy_is_planned_anew_within_bounds_then_shown_and_retried",
    "test_a_hundred_appliances_cost_as_many_statements_as_one",
    "test_a_lost_copy_is_burned_anew_on_another_disc",
    "test_a_number_told_with_another_event_is_an_alarm_in_a_batch_too",
    "test_a_replay_that_brings_known_events_too_is_taken_at_once",
    "test_a_volume_is_archived_when_its_last_copy_is_verified",
    "test_copies_of_one_volume_go_to_different_appliances",
    "test_everything_in_one_request",
    "test_of_two_uploaders_one_wins",
    "test_statuses_of_one_batch_leave_the_last_word",
    "test_the_right_ends_with_the_fetch",
    "test_what_an_appliance_forgot_is_planned_anew",
]


@pytest.fixture
def holdings(tmp_path: Path, postgres: PostgresServer, migrated: str) -> Iterator[Holdings]:
    url = postgres.create_database(f"TEMPLATE {migrated}")
    settle(tmp_path / "data", url)
    made = Holdings(tmp_path / "data")
    assert made.store.dialect.name == "postgresql"
    yield made
    made.workspace.close()
    postgres.drop_database(url)
