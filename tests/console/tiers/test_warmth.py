"""The fast tier keeps what policies ask for, as long as there is room; never less than I4 asks."""

from collections.abc import Callable

import sqlalchemy as sa

from console.delivery.uses import count_uses
from console.store import schema
from console.tiers.space import Space
from console.tiers.warmth import any_warm, make_room
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

Rule = Callable[..., None]


def use(desk: Desk, *packages: str) -> None:
    with desk.store.begin() as db:
        count_uses(db, packages, desk.now)


def test_bytes_stay_for_the_days_after_archiving(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule
) -> None:
    rule(keep_days_after_archiving=3)
    holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    desk.archive(rack)
    desk.later(days=2.9)
    assert desk.release() == 0
    assert any_warm(desk.store, desk.now)
    desk.later(days=0.2)
    assert desk.release() == 1
    assert not any_warm(desk.store, desk.now)


def test_each_use_keeps_a_package_longer(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule
) -> None:
    rule(keep_days_after_archiving=2, keep_days_after_use=5)
    used, unused = holdings.package({"a": b"alpha"}), holdings.package({"b": b"beta"})
    holdings.volume(used)
    holdings.volume(unused)
    desk.meet(rack)
    desk.archive(rack)
    desk.later(days=1)
    use(desk, used)
    desk.later(days=4.9)
    assert desk.release() == 1
    assert holdings.landing_path(b"alpha").exists()
    desk.later(days=0.2)
    assert desk.release() == 1


def test_a_use_never_shortens_what_the_archiving_gave(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule
) -> None:
    rule(keep_days_after_archiving=30, keep_days_after_use=1)
    package = holdings.package({"a": b"alpha"})
    holdings.volume(package)
    desk.meet(rack)
    desk.archive(rack)
    use(desk, package)
    desk.later(days=29)
    assert desk.release() == 0


def test_what_came_back_stays_as_long_as_its_policy_asks(
    desk: Desk, holdings: Holdings, rule: Rule
) -> None:
    rule(keep_days_after_use=40)
    package = holdings.package({"a": b"alpha"})
    sha256 = holdings.row(schema.files, package_id=package).sha256
    with desk.store.begin() as db:
        for digest, expires_at in ((sha256, desk.now), ("f" * 64, desk.now)):
            db.execute(
                sa.insert(schema.delivered).values(
                    sha256=digest, size_bytes=5, delivered_at=desk.now, expires_at=expires_at
                )
            )
    use(desk, package)
    assert (holdings.row(schema.delivered, sha256=sha256).expires_at - desk.now).days == 40
    assert holdings.row(schema.delivered, sha256="f" * 64).expires_at == desk.now


def test_a_full_landing_zone_cools_the_longest_unused_first_and_no_more_than_needed(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule
) -> None:
    rule(keep_days_after_archiving=100)
    kib = 1024
    names = [bytes([letter]) * kib for letter in b"abcd"]
    packages = [holdings.package({"f": content}) for content in names]
    for package in packages[:3]:
        holdings.volume(package)
    desk.meet(rack)
    desk.archive(rack)
    desk.later(hours=1)
    use(desk, packages[0])
    assert make_room(desk.store, Space(10 * kib, 4 * kib), desk.now) == 0
    assert make_room(desk.store, None, desk.now) == 0
    # 92 % of the room is in use: one KiB more than 80 % has to go, so two packages of one KiB.
    assert make_room(desk.store, Space(10 * kib, 9 * kib + 300), desk.now) == 2
    assert desk.release() == 2
    assert [holdings.landing_path(content).exists() for content in names] == [
        True,
        False,
        False,
        True,
    ]


def test_a_full_landing_zone_lets_nothing_go_that_media_do_not_hold(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, rule: Rule
) -> None:
    rule(keep_days_after_archiving=100)
    holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    first, _ = desk.burns(rack)
    desk.hear(*rack.burn(first))
    assert make_room(desk.store, Space(10, 100), desk.now) == 0
    assert desk.release() == 0
    assert holdings.landing_path(b"alpha").exists()
