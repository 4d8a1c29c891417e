"""The content resource on a data folder with one volume that is being burned."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.contract.messages import Burn, Command, Fetch
from console.api.content import register_content
from console.retrieval.requests import create_request
from console.store import schema
from tests.console.dispatch.conftest import desk, holdings, rack
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

__all__ = ["desk", "holdings", "rack"]

CONTENTS = {
    "a": b"alpha" * 700_000,  # more than one chunk
    "b/empty": b"",
    "b/one": b"x",
    "c": bytes(range(256)),
    "z-empty": b"",
}


@pytest.fixture
def app(holdings: Holdings) -> Flask:
    made = Flask("content")
    made.config["MAX_CONTENT_LENGTH"] = 1 << 20  # as the page has it
    register_content(made, holdings.workspace)
    return made


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as made:
        yield made


@dataclass
class Burning:
    volume_id: str
    command: Command
    payload: bytes

    @property
    def path(self) -> str:
        return f"/content/1/volumes/{self.volume_id}"

    @property
    def token(self) -> str:
        assert isinstance(self.command.body, Burn)
        return self.command.body.content.token


@pytest.fixture
def burning(desk: Desk, holdings: Holdings, rack: PaperAppliance) -> Burning:
    volume = holdings.volume(holdings.package(CONTENTS), roles=("use",))
    desk.meet(rack)
    (command,) = desk.burns(rack)
    return Burning(volume, command, holdings.payload(volume))


@dataclass
class Fetching:
    fetch_id: str
    command: Command

    @property
    def path(self) -> str:
        return f"/content/1/fetches/{self.fetch_id}"

    @property
    def token(self) -> str:
        assert isinstance(self.command.body, Fetch)
        return self.command.body.content.token


@pytest.fixture
def fetching(desk: Desk, holdings: Holdings, rack: PaperAppliance, burning: Burning) -> Fetching:
    """A fetch of everything that the volume holds."""
    desk.hear(*rack.burn(burning.command), rack.library())
    create_request(
        desk.store, [row.file_id for row in holdings.rows(schema.files)], "all", from_media=True
    )
    (command,) = desk.fetches(rack)
    assert isinstance(command.body, Fetch)
    return Fetching(command.body.fetch_id, command)
