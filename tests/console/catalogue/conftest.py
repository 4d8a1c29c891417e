from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from console.store.engine import open_store
from tests.console.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty store in each kind of database."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/c.db" if is_file else request.getfixturevalue("postgres_url")
    opened = open_store(url)
    yield opened
    opened.dispose()
