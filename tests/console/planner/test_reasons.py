"""Every decision of the planner has a reason, and the reason is true."""

from hypothesis import given

from console.planner.best_fit import Opening
from console.planner.grouping import Grouping
from console.planner.package import FILES_PER_VOLUME_MAX, Capacity, PackageSize
from console.planner.packing import Packing, pack
from console.planner.reasons import ReasonKind, explain_group, explain_place, explain_volume
from console.planner.too_large import advise
from tests.console.planner.test_packing import CAPACITY, GROUPINGS, package, packages


def words(packing: Packing, dossier: str) -> dict[ReasonKind, str]:
    every = [p for v in packing.volumes for p in v.packages]
    (found,) = [p.package_id for p in every if p.dossier == dossier]
    return {reason.kind: reason.words for reason in explain_place(packing, found)}


def test_the_largest_dossier_begins_a_disc_and_smaller_ones_join_the_fullest() -> None:
    packing = pack([package(1, 500), package(2, 600), package(3, 100)], CAPACITY)
    assert words(packing, "dossier 2")[ReasonKind.NEW_DISC] == "the first disc of F / S"
    begun = words(packing, "dossier 1")[ReasonKind.NEW_DISC]
    assert begun == (
        f"begun for dossier 'dossier 1', which needs {500 * 2048} bytes: "
        f"the emptiest disc begun before had {300 * 2048}"
    )
    assert "this was the fullest" in words(packing, "dossier 3")[ReasonKind.HERE]
    assert "was begun for it" in words(packing, "dossier 1")[ReasonKind.HERE]


def test_a_disc_for_one_dossier() -> None:
    packing = pack([package(1, 850), package(2, 850), package(3, 60)], CAPACITY)
    alone = words(packing, "dossier 1")[ReasonKind.ALONE]
    assert f"{50 * 2048} bytes are free, and the smallest other dossier needs {60 * 2048}" in alone
    only = pack([package(1, 10)], CAPACITY)
    assert words(only, "dossier 1")[ReasonKind.ALONE] == "the only dossier of F / S"
    crowded = pack([package(1, 10, files=FILES_PER_VOLUME_MAX), package(2, 10)], CAPACITY)
    assert "as many files" in words(crowded, "dossier 1")[ReasonKind.ALONE]


def test_a_larger_disc() -> None:
    packing = pack([package(1, 1_500), package(2, 300)], CAPACITY)
    larger = words(packing, "dossier 2")[ReasonKind.LARGER_DISC]
    assert f"'dossier 1' needs {1_500 * 2048} bytes" in larger
    assert f"has room for {900 * 2048}" in larger


def test_discs_that_may_not_have_more_files() -> None:
    crowded = [package(n, 10, files=600_000) for n in range(2)]
    packing = pack(crowded, CAPACITY)
    assert "more than 1000000 files" in words(packing, "dossier 1")[ReasonKind.NEW_DISC]


def test_sizes_that_were_chosen_together() -> None:
    sizes = [410, 410, 290, 290, 300, 300, 300, 200, 200]
    packing = pack([package(n, size) for n, size in enumerate(sizes)], CAPACITY)
    for group in packing.groups:
        for volume in group.volumes:
            if volume.opening is Opening.PATTERN:
                (new,) = [
                    r.words
                    for r in explain_volume(packing, group, volume)
                    if r.kind is ReasonKind.NEW_DISC
                ]
                assert "100.0 % full" in new
    assert len(packing.volumes) == packing.lower_bound == 3


def test_the_rules_that_keep_dossiers_apart_are_named() -> None:
    one = PackageSize("p1", "F", "S", "A", 10, 1, 1, year=1987, retention="永久")
    packing = pack([one], CAPACITY, Grouping(by_year=True, by_retention=True))
    together = words(packing, "A")[ReasonKind.TOGETHER]
    assert "1 dossier of F / S, year 1987, retention 永久, each whole" in together
    assert "one series and one year and one retention period" in together
    assert packing.volumes[0].group.shared == "year=1987 retention=永久"


def test_the_number_of_discs_has_its_reason() -> None:
    packing = pack([package(n, 500) for n in range(3)], CAPACITY)
    number = explain_group(packing.groups[0]).words
    assert number == (
        "3 dossiers of F / S take 3 discs; fewer are impossible, "
        "because many take over half a disc and cannot share it"
    )


@given(packages(), GROUPINGS)
def test_every_disc_and_every_dossier_is_explained(
    given_packages: list[PackageSize], grouping: Grouping
) -> None:
    packing = pack(given_packages, CAPACITY, grouping)
    for group in packing.groups:
        assert explain_group(group).words
        firsts = [v for v in group.volumes if v.opening is Opening.FIRST]
        assert len(firsts) <= 1
        for volume in group.volumes:
            kinds = [reason.kind for reason in explain_volume(packing, group, volume)]
            assert kinds[:2] == [ReasonKind.TOGETHER, ReasonKind.NEW_DISC]
            large = volume.capacity_sectors == CAPACITY.largest_sectors
            assert (ReasonKind.LARGER_DISC in kinds) == large
            assert (ReasonKind.ALONE in kinds) == (len(volume.packages) == 1)
            if volume.opening is Opening.NO_ROOM:
                begun_for = max(each.sectors for each in volume.packages)
                assert volume.roomiest_sectors < begun_for


def test_a_package_that_is_nowhere_has_no_reasons() -> None:
    assert explain_place(pack([package(1, 9_999)], CAPACITY), "p1") == []


def test_a_dossier_for_no_disc_is_told_what_would_help() -> None:
    capacity = Capacity(12_219_392, 12_219_392, 400)
    large = package(1, 14_000_000)
    advice = advise(large, capacity, 10_000_000_000)
    assert advice.helps == (
        "split it into at least 2 dossiers",
        f"provide a blank disc of at least {14_000_400 * 2048} bytes (BD-R DL, 50 GB)",
        "file it under a policy whose [media] are disks and tapes",
    )
    one_file = advise(large, capacity, 28_000_000_000)
    assert not any("split" in each for each in one_file.helps)
    assert "its largest file has 28000000000 bytes" in one_file.message
    assert "no Blu-ray disc" in advise(package(1, 90_000_000), capacity, 1).words
