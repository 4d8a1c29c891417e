"""What the database itself refuses of the inventory."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.agent.outbox import Outbox
from appliance.contract.errors import SteleError
from appliance.contract.states import MediumState, SlotState
from appliance.services.media import ROBOT, Media, slot_place
from appliance.services.slots import Slots
from appliance.services.state import open_state
from tests.appliance.jobs.station import BEGAN


@pytest.fixture
def slots(db: Database) -> Slots:
    return Slots(db, {"": ("s1", "s2", "s3")})


@pytest.fixture
def media(db: Database, slots: Slots) -> Media:
    return Media(db, slots, Outbox(db, lambda: BEGAN))


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return open_state(tmp_path / "state.db")


@pytest.mark.parametrize("place", ["slot:s1", "drive:d1", ROBOT])
def test_two_media_are_never_in_one_place(media: Media, place: str) -> None:
    media.add(place, "s1", MediumState.UNSEEN)
    with pytest.raises(sqlite3.IntegrityError):
        media.add(place, "s2", MediumState.UNSEEN)


def test_many_media_may_be_outside(media: Media) -> None:
    for slot in ("s1", "s2"):
        media.add("outside", slot, MediumState.VERIFIED)
    assert len(list(media.all())) == 2


@pytest.mark.parametrize("state", [s for s in MediumState if not s.may_be_burned])
def test_a_written_medium_is_never_blank_again(media: Media, state: MediumState) -> None:
    medium = media.add("slot:s1", "s1", state)
    with pytest.raises(SteleError, match="3302"):
        media.begin_burn(medium.id, "v", "label")
    with pytest.raises(sqlite3.IntegrityError):
        media.mark(medium.id, MediumState.BLANK)
    assert media.get(medium.id).state is state


def test_a_medium_that_leaves_its_slot_leaves_it_empty(media: Media, slots: Slots) -> None:
    medium = media.add(slot_place("s1"), "s1", MediumState.UNSEEN)
    media.relocate(medium.id, ROBOT)
    slot = slots.find("s1")
    assert slot is not None
    assert slot.state is SlotState.EMPTY
    media.relocate(medium.id, slot_place("s1"))
    slot = slots.find("s1")
    assert slot is not None
    assert slot.state is SlotState.FULL


def test_a_free_slot_is_one_seen_empty_that_is_nobodys_home(media: Media, slots: Slots) -> None:
    media.add("drive:d1", "s1", MediumState.UNSEEN)
    for slot in ("s1", "s2"):
        slots.see(slot, SlotState.EMPTY, BEGAN)
    assert slots.free("") == "s2"


def test_ids_are_unlike(media: Media) -> None:
    ids = {media.add("outside", None, MediumState.UNSEEN).id for _ in range(50)}
    assert len(ids) == 50
