"""The same endpoints on PostgreSQL, where types and names are taken more exactly."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from console.access.local import ensure_local_token
from console.store.workspace import Workspace, open_workspace
from console.web.app import create_app
from console.web.live.hub import Hub
from tests.console.api.v1.caller import Caller
from tests.console.api.v1.contents import KNOWN, fill_more
from tests.console.api.v1.test_every_list import LISTS, follow
from tests.console.api.v1.test_fuzzed import RESOURCES, fuzz
from tests.console.postgres import postgres, postgres_url
from tests.console.web import rows

__all__ = ["postgres", "postgres_url"]
TRIED = [one.name for one in RESOURCES if one.name != "description"]


@pytest.fixture
def app(tmp_path: Path, postgres_url: str) -> Iterator[Flask]:
    (tmp_path / "console.toml").write_text(f'[store]\nurl = "{postgres_url}"\n')
    workspace = open_workspace(tmp_path)
    rows.fill(workspace)
    workspace.close()
    found = create_app(tmp_path)
    yield found
    hub: Hub = found.extensions["live"]
    hub.close()
    opened: Workspace = found.extensions["workspace"]
    opened.close()
    shutil.rmtree(tmp_path)


def test_what_anybody_sends_breaks_nothing(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The edges of each parameter are tried on SQLite; they are refused before the store is asked.
    monkeypatch.setattr("tests.console.api.v1.test_fuzzed.EDGE_CASES", False)
    failures: dict[str, str] = {}
    for resource in TRIED:
        failures |= fuzz(app, ensure_local_token(tmp_path), resource).failures
    assert not failures, "\n\n".join(f"{where}\n{what}" for where, what in failures.items())


def test_every_list_is_followed_to_its_end(app: Flask, tmp_path: Path) -> None:
    caller = Caller(app.test_client(), ensure_local_token(tmp_path))
    known = fill_more(app.extensions["workspace"])
    for endpoint in LISTS:
        follow(caller, endpoint, KNOWN | known.get(endpoint.resource, {}))


def test_metrics_are_read_as_on_sqlite(app: Flask, tmp_path: Path) -> None:
    caller = Caller(app.test_client(), ensure_local_token(tmp_path))
    answer = caller.client.get("/metrics", headers={"Authorization": f"Bearer {caller.token}"})
    assert answer.status_code == 200
    for line in (
        'stele_packages{namespace="default",state="archived"} 1.0',
        'stele_drives{busy="true"} 2.0',
        'stele_jobs{state="failed"} 1.0',
        "stele_landing_bytes 10000.0",
        'stele_queue_length{queue="uploads"} 0.0',
    ):
        assert line in answer.text.splitlines()
