"""An archive with a desk and a paper appliance, under a policy that names tiers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from console.store import schema
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


@pytest.fixture
def rule(holdings: Holdings) -> Callable[..., None]:
    """Give the policy of all packages rules for tiers."""

    def give(**values: Any) -> None:
        policy_id, policies = holdings.policy(), schema.policies
        tiers = {name: {"value": value, "source": "test"} for name, value in values.items()}
        with holdings.store.begin() as db:
            row = db.execute(sa.select(policies).filter_by(policy_id=policy_id)).one()
            db.execute(
                sa.update(policies)
                .filter_by(policy_id=policy_id)
                .values(document={**row.document, "tiers": tiers})
            )

    return give
