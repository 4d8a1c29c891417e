"""What lies on each tier, and what moved, over REST."""

from datetime import UTC, datetime

import sqlalchemy as sa

from console.store import schema
from console.store.workspace import Workspace
from tests.console.api.v1.caller import Caller

AT = datetime(2026, 5, 4, tzinfo=UTC)


def test_tiers_and_moves_are_shown(local: Caller, workspace: Workspace) -> None:
    packages = schema.packages
    with workspace.store.begin() as db:
        package_id = db.scalar(sa.select(packages.c.package_id).limit(1))
        db.execute(sa.update(packages).values(state="landed"))
        db.execute(
            sa.update(packages)
            .where(packages.c.package_id == package_id)
            .values(state="archived", tier=2, size_bytes=4096)
        )
        for number, state in enumerate(("done", "asked")):
            db.execute(
                sa.insert(schema.tier_moves).values(
                    move_id=f"mv-{number}",
                    package_id=package_id,
                    from_tier=1 + number,
                    to_tier=2 - number,
                    reason="for the test",
                    state=state,
                    created_at=AT,
                )
            )
    shown = local.get("/tiers").json
    assert shown["tiers"] == [
        {"tier": 1, "packages": 0, "size_bytes": 0},
        {"tier": 2, "packages": 1, "size_bytes": 4096},
        {"tier": 3, "packages": 0, "size_bytes": 0},
    ]
    assert shown["unseen"] == 0
    assert 0 < shown["landing"]["used_bytes"] < shown["landing"]["room_bytes"]
    every = local.get("/tiers/moves").json["items"]
    assert [move["move_id"] for move in every] == ["mv-1", "mv-0"]
    asked = local.get("/tiers/moves?state=asked").json["items"]
    assert [(move["from_tier"], move["to_tier"]) for move in asked] == [(2, 1)]
    assert local.get("/tiers/moves?package_id=none").json["items"] == []
    assert local.made("planner", "plan").get("/tiers").status_code == 403
