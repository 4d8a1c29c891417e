"""Packing: nothing lost or twice, no series mixed, no disc too full, few discs, one answer."""

import random
from collections import Counter
from time import process_time

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from console.planner.bounds import BoundKind
from console.planner.grouping import Grouping
from console.planner.package import FILES_PER_VOLUME_MAX, Capacity, PackageSize, natural_key
from console.planner.packing import pack

CAPACITY = Capacity(usual_sectors=1_000, largest_sectors=2_500, fixed_sectors=100)


def package(number: int, sectors: int, series: str = "S", files: int = 1) -> PackageSize:
    return PackageSize(
        f"p{number}", "F", series, f"dossier {number}", sectors, files, sectors * 2_048
    )


YEARS = st.sampled_from([None, 1987, 1988])
PERIODS = st.sampled_from(["", "10年", "永久"])
GROUPINGS = st.builds(Grouping, st.booleans(), st.booleans())


@st.composite
def packages(draw: st.DrawFn) -> list[PackageSize]:
    sizes = draw(
        st.lists(st.integers(0, 3_000) | st.integers(0, 300) | st.integers(220, 460), max_size=100)
    )
    series = st.sampled_from(["S1", "S2", "S3"])
    many = st.sampled_from([1, 1, 1, 300_000, 2 * FILES_PER_VOLUME_MAX])
    space = st.sampled_from(["default", "default", "court"])
    return [
        msgspec.structs.replace(
            package(n, size, draw(series), draw(many)),
            year=draw(YEARS),
            retention=draw(PERIODS),
            namespace=draw(space),
        )
        for n, size in enumerate(sizes)
    ]


@given(packages(), GROUPINGS)
def test_nothing_is_lost_and_nothing_stands_twice(
    given_packages: list[PackageSize], grouping: Grouping
) -> None:
    packing = pack(given_packages, CAPACITY, grouping)
    packed = [p for volume in packing.volumes for p in volume.packages]
    assert Counter(packed + packing.too_large) == Counter(given_packages)
    assert all(volume.packages for volume in packing.volumes)


@given(packages(), GROUPINGS)
def test_a_disc_never_mixes_what_must_stay_apart(
    given_packages: list[PackageSize], grouping: Grouping
) -> None:
    for volume in pack(given_packages, CAPACITY, grouping).volumes:
        first = volume.packages[0]
        assert (volume.fonds, volume.series) == (first.fonds, first.series)
        for each in volume.packages:
            assert (each.namespace, each.fonds, each.series) == (
                first.namespace,
                first.fonds,
                first.series,
            )
            assert not grouping.by_year or each.year == first.year == volume.group.year
            assert not grouping.by_retention or each.retention == first.retention


@given(packages(), GROUPINGS)
def test_no_disc_is_too_full_and_only_what_fits_nowhere_is_left_out(
    given_packages: list[PackageSize], grouping: Grouping
) -> None:
    packing = pack(given_packages, CAPACITY, grouping)
    for volume in packing.volumes:
        assert volume.sectors <= volume.capacity_sectors
        assert volume.free_sectors == volume.capacity_sectors - volume.sectors
        files = sum(p.files for p in volume.packages)
        assert files <= FILES_PER_VOLUME_MAX or len(volume.packages) == 1
        needs_large = any(p.sectors > CAPACITY.usual_room for p in volume.packages)
        assert (volume.capacity_sectors == CAPACITY.largest_sectors) == needs_large
    assert all(p.sectors > CAPACITY.largest_room for p in packing.too_large)


@given(packages(), GROUPINGS, st.randoms(use_true_random=False))
def test_the_order_in_which_packages_come_changes_nothing(
    given_packages: list[PackageSize], grouping: Grouping, chance: random.Random
) -> None:
    shuffled = list(given_packages)
    chance.shuffle(shuffled)
    assert pack(shuffled, CAPACITY, grouping) == pack(given_packages, CAPACITY, grouping)


@given(packages(), GROUPINGS)
def test_the_bound_is_never_above_what_was_packed(
    given_packages: list[PackageSize], grouping: Grouping
) -> None:
    packing = pack(given_packages, CAPACITY, grouping)
    assert packing.lower_bound <= len(packing.volumes)
    for group in packing.groups:
        assert 1 <= group.lower_bound <= len(group.volumes)


@given(st.lists(st.integers(0, 900), max_size=200), st.integers(1, 8))
@settings(max_examples=200)
def test_discs_are_within_the_bound(sizes: list[int], parts: int) -> None:
    """Packages of at most 1/k of a disc need at most ceil(k/(k-1) x sum) discs, and one more."""
    one_kind = Capacity(1_000, 1_000, 100)
    biggest = 900 // (parts + 1)
    given_packages = [package(n, min(size, biggest)) for n, size in enumerate(sizes)]
    count = len(pack(given_packages, one_kind).volumes)
    bound = pack(given_packages, one_kind).lower_bound
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
    assert count <= pack(given_packages, room).lower_bound * 1.01 + 1


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
    assert (packing.volumes, packing.too_large, packing.lower_bound) == ([], [], 0)


def test_packages_that_fill_thirds_come_near_the_bound_that_patterns_prove() -> None:
    """Best-fit alone takes a tenth more discs here, and the volume bound does not show it."""
    chance = random.Random(5)
    sizes = [int(chance.uniform(0.25, 0.5) * 90_000) for _ in range(60)]
    room = Capacity(90_000, 90_000, 0)
    packing = pack([package(n, size) for n, size in enumerate(sizes)], room)
    (group,) = packing.groups
    assert group.bound_by is BoundKind.PATTERNS
    assert len(packing.volumes) == group.lower_bound
    assert group.lower_bound > -(-sum(sizes) // 90_000), "the volume bound is not reachable"


def test_many_packages_with_very_many_files_do_not_take_for_ever() -> None:
    crowded = [package(n, 1, files=600_000) for n in range(3_000)]
    lonely = [package(10_000 + n, 1, files=1) for n in range(3_000)]
    began = process_time()
    volumes = pack([*crowded, *lonely], CAPACITY).volumes
    assert process_time() - began < 5
    assert len(volumes) == 3_000
