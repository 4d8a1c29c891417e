from collections.abc import Iterator
from pathlib import Path

import pytest

from console.store.workspace import Workspace, open_workspace
from tests.console.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A data folder whose rules are in SQLite, and one whose rules are in a real PostgreSQL."""
    data = tmp_path / "data"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        data.mkdir()
        (data / "console.toml").write_text(f'[store]\nurl = "{url}"\n', "utf-8")
    opened = open_workspace(data)
    yield opened
    opened.close()
