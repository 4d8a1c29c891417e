"""What every test of dispatch works on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance


@pytest.fixture
def holdings(tmp_path: Path) -> Iterator[Holdings]:
    made = Holdings(tmp_path / "data")
    yield made
    made.workspace.close()


@pytest.fixture
def desk(holdings: Holdings) -> Desk:
    return Desk(holdings)


@pytest.fixture
def rack() -> PaperAppliance:
    return PaperAppliance()
