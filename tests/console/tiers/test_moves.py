"""Moves between the tiers are written down once; what is used often comes back whole."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from console.delivery.uses import count_uses
from console.store import schema
from console.tiers.keeping import TierKeeping
from console.tiers.moves import follow_moves
from console.tiers.tier import Tier, tiers_of
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance
from tests.console.tiers.test_offline import tell_place

Rule = Callable[..., None]


def moves(holdings: Holdings) -> list[tuple[int, int, str]]:
    rows: list[Any] = holdings.rows(schema.tier_moves)
    rows.sort(key=lambda row: row.created_at)
    return [(row.from_tier, row.to_tier, row.state) for row in rows]


def test_a_package_goes_from_fast_to_long_term_to_offline_and_back(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    package = holdings.package({"a": b"alpha"})
    volume = holdings.volume(package, roles=("use",))
    desk.meet(rack)
    desk.archive(rack)
    (copy,) = holdings.rows(schema.copies)
    places = ["slot:s001", "magazine:G-1", "slot:s002"]
    for step, place in enumerate(places):
        tell_place(desk, rack, copy.medium_id, place, volume)
        follow_moves(desk.store, "", desk.now)
        if step == 0:
            assert moves(holdings) == []  # it was never seen anywhere else
            assert desk.release() == 1
            desk.later(days=1)
            assert follow_moves(desk.store, "", desk.now) == ""
        desk.later(days=1)
    follow_moves(desk.store, "", desk.now)
    assert moves(holdings) == [(1, 2, "done"), (2, 3, "done"), (3, 2, "done")]


def test_nothing_is_on_a_tier_that_no_copy_gives_back(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    package = holdings.package({"a": b"alpha"})
    holdings.volume(package, roles=("use",))
    desk.meet(rack)
    desk.archive(rack)
    (copy,) = holdings.rows(schema.copies)
    tell_place(desk, rack, copy.medium_id, "slot:s001", copy.volume_id)
    desk.release()
    with desk.store.connect() as db:
        assert tiers_of(db, [package]) == {package: Tier.LONG_TERM}
    with desk.store.begin() as db:
        db.execute(sa.update(schema.copies).values(state="failed"))
    with desk.store.connect() as db:
        assert tiers_of(db, [package]) == {}


def test_a_dossier_that_is_used_often_comes_back_whole_once(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule
) -> None:
    rule(fetch_whole_after_uses=2, keep_days_after_use=10)
    package = holdings.package({"a": b"alpha", "b": b"beta"})
    volume = holdings.volume(package, roles=("use",))
    desk.meet(rack)
    desk.archive(rack)
    (copy,) = holdings.rows(schema.copies)
    tell_place(desk, rack, copy.medium_id, "slot:s001", volume)
    assert desk.release() == 2
    keeping = TierKeeping(holdings.workspace)
    keeping.step(desk.now)
    for uses in (1, 2):
        assert holdings.rows(schema.requests) == []
        desk.later(hours=1)
        with desk.store.begin() as db:
            count_uses(db, [package], desk.now)
        keeping.step(desk.now)
        assert len(holdings.rows(schema.requests)) == uses - 1
    keeping.step(desk.now)
    (request,) = holdings.rows(schema.requests)
    assert (request.requested_by, request.priority, request.files) == ("tiers", "low", 2)
    assert moves(holdings) == [(2, 1, "asked")]
    for content in (b"alpha", b"beta"):
        holdings.land(content)
    desk.later(hours=1)
    keeping.step(desk.now)
    assert moves(holdings) == [(2, 1, "done")]
