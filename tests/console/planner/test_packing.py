"""Packing: nothing lost or twice, no series mixed, no disc too full, few discs, one answer."""

import random
from collections import Counter
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from console.planner.packing import (
    FILES_PER_VOLUME_MAX,
    Capacity,
    PackageSize,
    lower_bound,
    natural_key,
    pack,
)

CAPACITY = Capacity(usual_sectors=1_000, largest_sectors=2_500, fixed_sectors=100)


def package(number: int, sectors: int, series: str = "S", files: int = 1) -> PackageSize:
    return PackageSize(
        f"p{number}", "F", series, f"dossier {number}", sectors, files, sectors * 2_048
    )


@st.composite
def packages(draw: st.DrawFn) -> list[PackageSize]:
    sizes = draw(st.lists(st.integers(0, 3_000) | st.integers(0, 300), max_size=120))
    series = st.sampled_from(["S1", "S2", "S3"])
    many = st.sampled_from([1, 1, 1, 300_000, 2 * FILES_PER_VOLUME_MAX])
    return [package(n, size, draw(series), draw(many)) for n, size in enumerate(sizes)]


@given(packages())
def test_nothing_is_lost_and_nothing_stands_twice(given_packages: list[PackageSize]) -> None:
    packing = pack(given_packages, CAPACITY)
    packed = [p for volume in packing.volumes for p in volume.packages]
    assert Counter(packed + packing.too_large) == Counter(given_packages)


@given(packages())
def test_a_disc_never_mixes_series(given_packages: list[PackageSize]) -> None:
    for volume in pack(given_packages, CAPACITY).volumes:
        assert {(p.fonds, p.series) for p in volume.packages} == {(volume.fonds, volume.series)}


@given(packages())
def test_no_disc_is_too_full_and_none_is_empty(given_packages: list[PackageSize]) -> None:
    for volume in pack(given_packages, CAPACITY).volumes:
        assert volume.packages
        assert volume.sectors <= volume.capacity_sectors
        assert volume.capacity_sectors in (CAPACITY.usual_sectors, CAPACITY.largest_sectors)
        if volume.capacity_sectors == CAPACITY.largest_sectors:
            assert max(p.sectors for p in volume.packages) > CAPACITY.usual_room
        files = sum(p.files for p in volume.packages)
        assert files <= FILES_PER_VOLUME_MAX or len(volume.packages) == 1


@given(packages())
def test_only_what_no_disc_holds_is_too_large(given_packages: list[PackageSize]) -> None:
    too_large = pack(given_packages, CAPACITY).too_large
    assert all(p.sectors > CAPACITY.largest_room for p in too_large)


@given(packages(), st.randoms(use_true_random=False))
def test_the_order_of_the_packages_does_not_matter(
    given_packages: list[PackageSize], chance: random.Random
) -> None:
    shuffled = list(given_packages)
    chance.shuffle(shuffled)
    assert pack(shuffled, CAPACITY) == pack(given_packages, CAPACITY)


@given(st.lists(st.integers(0, 900), max_size=200), st.integers(1, 8))
@settings(max_examples=200)
def test_discs_are_within_the_bound(sizes: list[int], parts: int) -> None:
    """Packages of at most 1/k of a disc need at most ceil(k/(k-1) x sum) discs, and one more."""
    one_kind = Capacity(1_000, 1_000, 100)
    biggest = 900 // (parts + 1)
    given_packages = [package(n, min(size, biggest)) for n, size in enumerate(sizes)]
    count = len(pack(given_packages, one_kind).volumes)
    bound = lower_bound(given_packages, one_kind)
    assert bound <= count
    assert (count - 1) * parts <= bound * (parts + 1)


def test_a_realistic_series_comes_within_one_percent_of_the_lower_bound() -> None:
    chance = random.Random(7)
    room = Capacity(12_000_000, 12_000_000, 400)
    sizes = [int(chance.lognormvariate(10, 1.5)) + 3 for _ in range(20_000)]
    given_packages = [package(n, size) for n, size in enumerate(sizes)]
    began = process_time()
    count = len(pack(given_packages, room).volumes)
    assert process_time() - began < 3
    assert count <= lower_bound(given_packages, room) * 1.01 + 1


def test_dossiers_stand_on_a_disc_in_the_order_of_their_numbers() -> None:
    volumes = pack([package(n, 10) for n in (10, 9, 2, 1)], CAPACITY).volumes
    assert [p.dossier for p in volumes[0].packages] == [
        f"dossier {number}" for number in (1, 2, 9, 10)
    ]


def test_a_long_number_in_a_name_is_sorted_too() -> None:
    assert natural_key("1" * 10_000) > natural_key("9" * 9_999)


def test_a_dossier_for_the_larger_disc_takes_smaller_ones_along() -> None:
    volumes = pack([package(1, 1_500), package(2, 300)], CAPACITY).volumes
    assert [(v.capacity_sectors, len(v.packages)) for v in volumes] == [(2_500, 2)]


def test_nothing_to_pack_gives_nothing() -> None:
    packing = pack([], CAPACITY)
    assert (packing.volumes, packing.too_large, lower_bound([], CAPACITY)) == ([], [], 0)
