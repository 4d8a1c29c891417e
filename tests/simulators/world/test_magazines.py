"""Magazines: their discs go with them and stand in the same positions wherever they are put."""

from pathlib import Path

import pytest

from simulators.world.world import OUTSIDE, PlaceError, World


@pytest.fixture
def library(tmp_path: Path) -> World:
    """Two nodes; the first magazine is full, the second has 50 discs."""
    return World.create(tmp_path, "pb-library", discs=250)


def test_discs_go_with_their_magazine_and_come_back_elsewhere(library: World) -> None:
    seventh, last = library.disc_at("n00.s007"), library.disc_at("n00.s200")
    tag = library.take_magazine("n00.g1")
    assert seventh
    assert last
    assert (seventh.place, last.place) == (f"{tag}.007", f"{tag}.200")
    assert not library.has_slot("n00.s007")
    assert library.has_slot("n00.s201")
    away = library.take_magazine("n01.g2")
    library.put_magazine(tag, "n01.g2")
    assert (seventh.place, last.place) == ("n01.s207", "n01.s400")
    assert library.magazines.outside() == [away]
    library.close()
    again = World.open(library.folder)
    assert again.disc_at("n01.s207")
    assert again.magazines.at("n00.g1") is None
    again.close()


def test_a_magazine_needs_a_free_place(library: World) -> None:
    tag = library.take_magazine("n00.g1")
    with pytest.raises(PlaceError, match=r"n00\.g2 is taken"):
        library.put_magazine(tag, "n00.g2")
    with pytest.raises(PlaceError, match=r"no place 'n00\.g3'"):
        library.put_magazine(tag, "n00.g3")
    with pytest.raises(PlaceError, match=f"there is: {tag}"):
        library.put_magazine("0000000000", "n00.g1")
    with pytest.raises(PlaceError, match=r"no magazine at n00\.g1"):
        library.take_magazine("n00.g1")
    assert library.state.magazines[tag].place == OUTSIDE
    assert library.disc_at(f"{tag}.001")


def test_both_transponders_carry_one_number(library: World) -> None:
    magazine = library.magazines.at("n01.g2")
    assert magazine
    assert len(bytes.fromhex(magazine.tag)) == 5
    assert len(bytes.fromhex(magazine.epc)) == 12
    assert int(magazine.epc, 16) == int(magazine.tag, 16)
    assert len({one.tag for one in library.state.magazines.values()}) == 4
