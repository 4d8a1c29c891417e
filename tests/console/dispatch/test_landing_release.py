"""The landing zone lets go of a content only when every file with it is archived (I4)."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from appliance.contract.messages import CopyLost, ErrorInfo
from console.retrieval.requests import create_request
from console.store import schema
from tests.console.dispatch.desk import Desk
from tests.console.dispatch.holdings import Holdings
from tests.console.dispatch.paper_appliance import PaperAppliance

LOST = ErrorInfo(3301, "the disc could not be verified")


def test_a_content_stays_until_the_last_copy_is_verified(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    first, second = desk.burns(rack)
    desk.hear(*rack.burn(first))
    assert desk.release() == 0
    assert holdings.landing_path(b"alpha").exists()
    desk.hear(*rack.burn(second))
    assert desk.release() == 1
    assert not holdings.landing_path(b"alpha").exists()
    assert holdings.row(schema.blobs).state == "released"


@pytest.mark.parametrize("state", ["open", "landed", "planned", "damaged"])
def test_a_content_shared_with_a_package_that_is_not_archived_stays(
    desk: Desk, holdings: Holdings, rack: PaperAppliance, state: str
) -> None:
    holdings.volume(holdings.package({"a": b"shared", "b": b"own"}))
    other = holdings.package({"x": b"shared"})
    with desk.store.begin() as db:
        db.execute(schema.packages.update().filter_by(package_id=other).values(state=state))
    desk.meet(rack)
    desk.archive(rack)
    assert desk.release() == 1
    assert holdings.landing_path(b"shared").exists()
    assert not holdings.landing_path(b"own").exists()
    holdings.volume(other)
    desk.archive(rack)
    assert desk.release() == 1


def test_a_content_that_a_policy_keeps_stays(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"alpha"}))
    holdings.volume(holdings.package({"b": b"alpha"}, release=False))
    desk.meet(rack)
    desk.archive(rack)
    assert desk.release() == 0


def test_a_state_that_says_archived_without_the_copies_releases_nothing(
    desk: Desk, holdings: Holdings
) -> None:
    """The copies are counted again, whatever the words in the store say."""
    volume = holdings.volume(holdings.package({"a": b"alpha"}))
    with desk.store.begin() as db:
        for table in (schema.packages, schema.files, schema.volumes):
            db.execute(table.update().values(state="archived"))
        db.execute(
            schema.copies.update()
            .filter_by(volume_id=volume)
            .values(state="verified", medium_id="the-same-disc")
        )
    assert desk.release() == 0


def test_a_content_that_someone_is_reading_stays_for_a_while(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    create_request(desk.store, [holdings.row(schema.files).file_id], "alpha")
    desk.archive(rack)
    assert holdings.row(schema.requests).state == "done"
    assert desk.release() == 0
    desk.later(hours=2)
    assert desk.release() == 1


def test_a_content_that_lands_again_after_its_release_is_kept_for_the_new_package(
    desk: Desk, holdings: Holdings, rack: PaperAppliance
) -> None:
    holdings.volume(holdings.package({"a": b"alpha"}))
    desk.meet(rack)
    desk.archive(rack)
    assert desk.release() == 1
    holdings.package({"again": b"alpha"})
    assert desk.release() == 0
    assert holdings.landing_path(b"alpha").exists()


class Keeping(RuleBasedStateMachine):
    """Packages share contents at random while copies are burned, fail and are lost."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.holdings = Holdings(Path(self._folder.name))
        self.desk = Desk(self.holdings)
        self.rack = PaperAppliance(discs=200)
        self.desk.meet(self.rack)
        self.landed: list[str] = []

    @rule(letters=st.sets(st.sampled_from("abc"), min_size=1))
    def ingest(self, letters: set[str]) -> None:
        self.landed.append(self.holdings.package({each: each.encode() for each in letters}))

    @precondition(lambda self: self.landed)
    @rule(copies=st.integers(1, 3))
    def plan_one(self, copies: int) -> None:
        self.plan(copies)

    def plan(self, copies: int) -> None:
        roles = ("use", "sealed", "off-site")[:copies]
        self.holdings.volume(self.landed.pop(), roles=roles)

    @rule(fails=st.booleans())
    def burn(self, fails: bool) -> None:
        for command in self.desk.burns(self.rack):
            if fails:
                self.desk.hear(self.rack.failed(command, LOST))
            else:
                self.desk.hear(*self.rack.burn(command), self.rack.library())

    @precondition(lambda self: self.landed)
    @rule()
    def archive_one_and_release(self) -> None:
        self.plan(1)
        self.desk.archive(self.rack)
        self.release()

    @rule()
    def lose(self) -> None:
        for copy in self.holdings.rows(schema.copies, state="verified")[:1]:
            lost = CopyLost(copy.copy_id, copy.volume_id, copy.medium_id, LOST)
            self.desk.hear(self.rack.emit(lost))

    @rule()
    def release(self) -> None:
        before = {row.sha256 for row in self.holdings.rows(schema.blobs, state="landed")}
        self.desk.release()
        after = {row.sha256 for row in self.holdings.rows(schema.blobs, state="landed")}
        for sha256 in before - after:
            self._assert_on_enough_discs(sha256)

    def _assert_on_enough_discs(self, sha256: str) -> None:
        for file in self.holdings.rows(schema.files, sha256=sha256):
            on = self.holdings.rows(schema.volume_packages, package_id=file.package_id)
            assert on, "a package that is on no volume lost a content"
            for row in on:
                volume = self.holdings.row(schema.volumes, volume_id=row.volume_id)
                good = self.holdings.rows(schema.copies, volume_id=row.volume_id, state="verified")
                assert len({copy.medium_id for copy in good}) >= volume.copies_wanted

    @invariant()
    def what_the_store_calls_landed_is_there(self) -> None:
        for row in self.holdings.rows(schema.blobs):
            held = self.holdings.workspace.landing.size(row.sha256) is not None
            assert held == (row.state == "landed")

    @invariant()
    def what_is_called_archived_has_its_copies(self) -> None:
        for package in self.holdings.rows(schema.packages, state="archived"):
            for row in self.holdings.rows(schema.volume_packages, package_id=package.package_id):
                volume = self.holdings.row(schema.volumes, volume_id=row.volume_id)
                good = self.holdings.rows(schema.copies, volume_id=row.volume_id, state="verified")
                assert len({copy.medium_id for copy in good}) >= volume.copies_wanted

    def teardown(self) -> None:
        self.holdings.workspace.close()
        self._folder.cleanup()


Keeping.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestKeeping = Keeping.TestCase
