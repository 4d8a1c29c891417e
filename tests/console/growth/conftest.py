"""Stores of both kinds, and data folders on them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.store.engine import open_store
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance
from tests.console.postgres import PostgresServer, postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """A database of the newest revision, to be copied: that is faster than to migrate again."""
    url = postgres.create_database()
    open_store(url).dispose()
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store of the newest revision."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/data/console.db"
        open_store(url).dispose()
        yield url
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create_database(f"TEMPLATE {request.getfixturevalue('migrated')}")
    yield url
    server.drop_database(url)


def settle(data: Path, store_url: str, more: str = "") -> None:
    """Write the settings of a data folder whose store is this one."""
    data.mkdir(parents=True, exist_ok=True)
    (data / "console.toml").write_text(f'[store]\nurl = "{store_url}"\n{more}')


@pytest.fixture
def holdings(tmp_path: Path, store_url: str) -> Iterator[Holdings]:
    settle(tmp_path / "data", store_url)
    made = Holdings(tmp_path / "data")
    yield made
    made.workspace.close()


@pytest.fixture
def desk(holdings: Holdings) -> Desk:
    return Desk(holdings)


@pytest.fixture
def rack() -> PaperAppliance:
    return PaperAppliance()
