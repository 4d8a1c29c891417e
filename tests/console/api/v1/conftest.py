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
from tests.console.web import rows


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose store tells a story; to be copied, because making one takes a while."""
    data = tmp_path_factory.mktemp("story") / "data"
    workspace = open_workspace(data)
    rows.fill(workspace)
    workspace.close()
    return data


@pytest.fixture
def app(story: Path, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application on a data folder of its own that tells the story."""
    shutil.copytree(story, tmp_path, dirs_exist_ok=True)
    found = create_app(tmp_path)
    yield found
    hub: Hub = found.extensions["live"]
    hub.close()
    opened: Workspace = found.extensions["workspace"]
    opened.close()


@pytest.fixture
def workspace(app: Flask) -> Workspace:
    found: Workspace = app.extensions["workspace"]
    return found


@pytest.fixture
def local(app: Flask, workspace: Workspace) -> Caller:
    """Whoever shows the data folder's own token."""
    return Caller(app.test_client(), ensure_local_token(workspace.data))


@pytest.fixture
def nobody(app: Flask) -> Caller:
    return Caller(app.test_client(), None)
