"""Copies go to different appliances, where blank discs fit, and where least waits."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.states import MediumKind
from console.dispatch.placement import QUEUED_PER_DRIVE, Candidate, CopyWanted, place

GB = 1_000_000_000


def copy(name: str, volume: str = "v", size: int = GB, **more: object) -> CopyWanted:
    return CopyWanted(name, volume, size, **more)  # type: ignore[arg-type]


def library(name: str, blanks: int = 10, *, drives: int = 4, busy: int = 0) -> Candidate:
    return Candidate(name, drives, busy, [25 * GB] * blanks)


def test_copies_of_one_volume_are_kept_apart_where_possible() -> None:
    found = place([copy("1"), copy("2"), copy("3")], [library("a"), library("b")])
    assert sorted(found.chosen.values()) in (["a", "a", "b"], ["a", "b", "b"])
    beside = place([copy("1", beside=frozenset({"a"}))], [library("a"), library("b", busy=3)])
    assert beside.chosen == {"1": "b"}


def test_one_appliance_gets_both_when_it_is_alone() -> None:
    assert place([copy("1"), copy("2")], [library("a")]).chosen == {"1": "a", "2": "a"}


def test_a_copy_does_not_return_to_where_it_failed_if_it_can_go_elsewhere() -> None:
    failed = copy("1", failed_at="a")
    assert place([failed], [library("a"), library("b", busy=5)]).chosen == {"1": "b"}
    assert place([failed], [library("a")]).chosen == {"1": "a"}


def test_the_smallest_disc_that_holds_the_volume_counts_as_taken() -> None:
    small_and_large = Candidate("a", 4, 0, [100 * GB, 25 * GB])
    wanted = [copy("1", "v"), copy("2", "w", 50 * GB), copy("3", "x", 50 * GB)]
    found = place(wanted, [small_and_large])
    assert found.chosen == {"1": "a", "2": "a"}
    assert found.without_room == ["3"]


def test_no_appliance_or_no_disc_is_told_apart_from_waiting() -> None:
    assert place([copy("1")], []).without_room == ["1"]
    assert place([copy("1")], [library("a", drives=0)]).without_room == ["1"]
    full = place([copy("1")], [library("a", drives=1, busy=QUEUED_PER_DRIVE)])
    assert (full.chosen, full.without_room) == ({}, [])


def test_what_was_given_is_not_changed() -> None:
    candidate = library("a")
    place([copy("1")], [candidate])
    assert (candidate.under_way, len(candidate.room_bytes)) == (0, 10)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 60)), max_size=30),
    st.lists(st.tuples(st.integers(0, 3), st.lists(st.sampled_from([25, 50]), max_size=8))),
)
def test_no_disc_is_promised_twice_and_no_drive_is_overloaded(
    copies: list[tuple[int, int]], appliances: list[tuple[int, list[int]]]
) -> None:
    wanted = [copy(f"c{n}", f"v{v}", size * GB) for n, (v, size) in enumerate(copies)]
    fleet = [
        Candidate(f"a{n}", drives, 0, [gb * GB for gb in discs])
        for n, (drives, discs) in enumerate(appliances)
    ]
    found = place(wanted, fleet)
    assert not found.chosen.keys() & set(found.without_room)
    sizes = {each.copy_id: each.image_size_bytes for each in wanted}
    for candidate in fleet:
        got = sorted(sizes[c] for c, name in found.chosen.items() if name == candidate.appliance)
        assert len(got) <= candidate.drives * QUEUED_PER_DRIVE
        largest = sorted(candidate.room_bytes)[len(candidate.room_bytes) - len(got) :]
        assert all(size <= disc for size, disc in zip(got, largest, strict=True))


def test_a_copy_goes_on_a_medium_of_its_own_kind() -> None:
    discs = library("a")
    disks = Candidate("b", 8, 0, [9 * GB, 4 * GB], MediumKind.DISK)
    tape = copy("3", "w", GB, kind=MediumKind.TAPE)
    found = place([copy("1"), copy("2", "v", GB, kind=MediumKind.DISK), tape], [discs, disks])
    assert found.chosen == {"1": "a", "2": "b"}
    assert found.without_room == ["3"]


def test_a_disk_or_tape_takes_copies_until_its_room_is_spent() -> None:
    tapes = Candidate("a", 2, 0, [5 * GB, 2 * GB], MediumKind.TAPE)
    sizes = [2, 3, 2, 1]
    wanted = [copy(str(n), f"v{n}", s * GB, kind=MediumKind.TAPE) for n, s in enumerate(sizes)]
    found = place(wanted, [tapes])
    # The smallest room that will do: 2 of 2, 3 and 2 of 5; then nothing is left.
    assert found.chosen.keys() == {"0", "1", "2"}
    assert found.without_room == ["3"]
