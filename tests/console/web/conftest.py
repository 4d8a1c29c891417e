from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from console.catalogue.indexing import catch_up
from console.store.workspace import Workspace, open_workspace
from console.web.app import create_app
from console.web.live.hub import Hub
from tests.console.web import rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose store tells the whole story."""
    workspace = open_workspace(tmp_path)
    rows.fill(workspace)
    catch_up(workspace.store)
    workspace.close()
    return tmp_path


@pytest.fixture
def app(data: Path) -> Iterator[Flask]:
    yield from serve(data)


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[Flask]:
    """The application on a data folder in which nothing ever happened."""
    yield from serve(tmp_path)


def serve(data: Path) -> Iterator[Flask]:
    found = create_app(data)
    yield found
    hub: Hub = found.extensions["live"]
    hub.close()
    workspace: Workspace = found.extensions["workspace"]
    workspace.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def workspace(app: Flask) -> Workspace:
    found: Workspace = app.extensions["workspace"]
    return found
