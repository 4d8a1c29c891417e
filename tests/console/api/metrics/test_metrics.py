"""/metrics: what it tells is so, whoever is asked, and it costs little."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from console.api.metrics.cache import FigureCache
from console.dispatch.alarms import Alarm, raise_alarm
from console.overview.gauges import EVENT_LAG, keep_gauge, read_gauge
from console.store import schema
from console.store.workspace import Workspace, open_workspace
from tests.console.api.v1.caller import Caller
from tests.console.api.v1.conftest import app, local, nobody, story, workspace
from tests.console.api.v1.contents import fill_more
from tests.console.web import rows

__all__ = ["app", "local", "nobody", "story", "workspace"]

ROOT = Path(__file__).parents[4]


def samples(text: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def scrape(caller: Caller) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else {}
    answer = caller.client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def test_the_figures_are_those_of_the_store(local: Caller, workspace: Workspace) -> None:
    with workspace.store.begin() as connection:
        raise_alarm(connection, Alarm("a", "here", 5258, "wrong"), datetime.now(UTC))
        keep_gauge(connection, EVENT_LAG, 2.5, datetime.now(UTC))
    found = scrape(local)
    expected = {
        "stele_packages{namespace=default,state=archived}": 1,
        "stele_files{namespace=default,state=archived}": 212,
        "stele_archive_bytes{namespace=default,state=landed}": 41 * 3_400_000,
        "stele_copies{state=verified}": 2,
        "stele_volumes{state=approved}": 1,
        "stele_plans{state=proposed}": 1,
        "stele_landing_bytes": len(rows.LANDED_BYTES),
        "stele_landing_contents": 1,
        "stele_appliances{online=true}": 1,
        "stele_appliances{online=false}": 0,
        "stele_drives{busy=true}": 2,
        "stele_drives{busy=false}": 2,
        "stele_blanks{kind=disc}": 157,
        "stele_open_jobs{state=running,verb=burn}": 2,
        "stele_jobs{state=failed}": 1,
        "stele_alarms{code=5258}": 1,
        "stele_queue_length{queue=commands}": 0,
        "stele_event_lag_seconds": 2.5,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert 0 <= found["stele_event_age_seconds"] < 24 * 3600


def test_what_waits_is_seen_in_its_queue(local: Caller, workspace: Workspace) -> None:
    fill_more(workspace)
    local.post("/inventories", json={})
    with workspace.store.begin() as connection:
        move = {"move_id": "t1", "package_id": "k1", "from_tier": 2, "to_tier": 1, "reason": "r"}
        rows.add(connection, schema.tier_moves, move | {"state": "asked", "created_at": rows.NOW})
    found = scrape(local)
    waiting = {
        name: found[f"stele_queue_length{{queue={name}}}"]
        for name in ("commands", "requests", "tasks", "uploads", "tier_moves")
    }
    assert set(waiting.values()) == {1}, waiting


def test_only_who_may_see_everything_may_see_it(local: Caller, nobody: Caller) -> None:
    for token, expected in (
        (None, (401, 4070)),
        ("stele-wrong", (401, 4071)),
        (local.made("writer", "ingest").token, (403, 4074)),
        (local.made("court", "read", namespaces=["court"]).token, (403, 4075)),
    ):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = nobody.client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.json["code"]) == expected
    assert scrape(local.made("reader", "read"))
    assert nobody.client.post("/metrics").json["code"] == 5425


def test_a_setting_opens_it_to_everybody(tmp_path: Path) -> None:
    from console.api.v1.application import create_api

    (tmp_path / "console.toml").write_text("[web]\nopen_metrics = true\n")
    opened = open_workspace(tmp_path)
    assert scrape(Caller(create_api(opened).test_client(), None))["stele_landing_bytes"] == 0
    opened.close()


def test_paths_and_methods_of_strangers_make_no_new_series(local: Caller, app: Flask) -> None:
    before = set(scrape(local))
    for n in range(50):
        local.client.open(f"/nothing/{n}", method=f"M{n}")
        local.client.get(f"/api/v1/media/m{n}")
    new = {name for name in set(scrape(local)) - before if "request_seconds_count" in name}
    assert new == {
        "stele_http_request_seconds_count{endpoint=unknown,method=other,status=4xx}",
        "stele_http_request_seconds_count{endpoint=api.show_one_medium,method=GET,status=4xx}",
        "stele_http_request_seconds_count{endpoint=metrics.metrics,method=GET,status=2xx}",
    }


def test_requests_of_all_processes_are_added_up_and_the_store_is_counted_once(
    tmp_path: Path,
) -> None:
    made = open_workspace(tmp_path / "data")
    rows.fill(made)
    made.close()
    folder = tmp_path / "counts"
    folder.mkdir()

    def run(requests: int) -> dict[str, float]:
        command = ["-m", "tests.console.api.metrics.counting_process", str(tmp_path / "data")]
        done = subprocess.run(
            [sys.executable, *command, str(requests), str(folder)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return samples(done.stdout)

    run(3)
    run(4)
    found = run(0)
    name = "stele_http_request_seconds_count{endpoint=api.list_jobs,method=GET,status=2xx}"
    assert found[name] == 7
    assert found["stele_copies{state=verified}"] == 2


@pytest.fixture
def slow_store(tmp_path: Path) -> Iterator[sa.Engine]:
    made = open_workspace(tmp_path)
    yield made.store
    made.close()


def test_a_store_that_is_slow_to_add_up_keeps_no_scrape_waiting(slow_store: sa.Engine) -> None:
    go_on = threading.Event()
    go_on.set()
    reads = 0

    def slow(connection: sa.Connection) -> Iterator[Metric]:
        nonlocal reads
        go_on.wait(30)
        reads += 1
        yield GaugeMetricFamily("slow", "Slow.", value=reads)

    now = [0.0]
    cache = FigureCache(lambda: slow_store, {"slow": slow}, lambda: now[0])

    def told() -> dict[str, float]:
        return {s.name: s.value for family in cache.collect() for s in family.samples}

    assert told()["slow"] == 1
    go_on.clear()
    now[0] = 100.0
    stale = told()  # its reading hangs, so what is known is told, with its age
    assert (stale["slow"], stale["stele_figures_age_seconds"]) == (1, 100.0)
    told()
    go_on.set()
    cache.close()
    assert reads == 2  # who asks again while it is read does not have it read again


def test_what_was_just_read_is_not_read_again(slow_store: sa.Engine) -> None:
    reads = []

    def quick(connection: sa.Connection) -> Iterator[Metric]:
        reads.append(1)
        yield GaugeMetricFamily("quick", "Quick.", value=1)

    cache = FigureCache(lambda: slow_store, {"quick": quick}, lambda: 5.0)
    for _ in range(10):
        list(cache.collect())
    cache.close()
    assert len(reads) == 1


def test_of_several_workers_the_latest_counts_and_one_that_is_gone_is_forgotten(
    workspace: Workspace,
) -> None:
    now = datetime.now(UTC)
    with workspace.store.begin() as connection:
        gone = {"name": f"{EVENT_LAG}:other-1", "value": 99.0, "at": now - timedelta(hours=2)}
        other = {"name": f"{EVENT_LAG}:other-2", "value": 3.0, "at": now}
        connection.execute(sa.insert(schema.gauges), [gone, other])
        keep_gauge(connection, EVENT_LAG, 1.0, now)
        assert read_gauge(connection, EVENT_LAG, now - timedelta(days=1)) == 3.0
        assert read_gauge(connection, "event", now - timedelta(days=1)) is None
