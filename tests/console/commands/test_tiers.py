"""How warm the archive is kept, by typed commands."""

from pathlib import Path

import sqlalchemy as sa

from console.store import schema
from console.store.workspace import open_workspace
from console.tiers.keeping import TierKeeping
from tests.console.commands.test_commands import Archivist
from tests.console.dispatch.holdings import NOW


def test_tiers_and_moves_are_told(tmp_path: Path) -> None:
    archivist = Archivist(tmp_path)
    archivist.ingest()
    workspace = open_workspace(archivist.data)
    with workspace.store.begin() as db:
        db.execute(sa.update(schema.packages).values(state="archived", tier=2))
    TierKeeping(workspace).step(NOW)
    workspace.close()
    view = archivist.ask("tiers")
    assert [tier["packages"] for tier in view["tiers"]] == [3, 0, 0]
    move, *others = archivist.ask("tiers", "--moves")["moves"]
    assert len(others) == 2
    assert (move["from_tier"], move["to_tier"], move["state"]) == (2, 1, "done")
    assert "1 fast" in archivist.type("tiers").stdout
    assert "somebody asked for all of it" in archivist.type("tiers", "--moves").stdout
    assert archivist.type("find", "会议", "j1").stdout.startswith("J1 / S / 会议")
