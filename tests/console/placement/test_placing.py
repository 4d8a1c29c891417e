"""Where copies go: what the rules ask holds always, and the last copy is done early."""

import random
from collections import Counter, defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.contract.states import MediumKind
from console.placement.fleet import Beside, Delay, Pace, Placement, Room, Source, Wanted, Writer
from console.placement.placing import place
from console.placement.room import need_bytes
from console.placement.schedule import free_at
from tests.console.placement.fleets import GB, PACE, copy, writer

SITES = frozenset({"use"})


def where(found: Placement) -> dict[str, str]:
    return {copy_id: choice.appliance for copy_id, choice in found.choices.items()}


def test_copies_of_one_volume_go_into_different_appliances() -> None:
    found = place([copy("v-use"), copy("v-sealed")], [writer("n/a", drives=4), writer("n/b")])
    assert sorted(where(found).values()) == ["n/a", "n/b"]
    assert not any(choice.shares for choice in found.choices.values())


def test_copies_share_an_appliance_only_when_nothing_else_is_left_and_it_is_told() -> None:
    found = place([copy("v-use"), copy("v-sealed")], [writer("n/a"), writer("n/b", blanks=0)])
    assert set(where(found).values()) == {"n/a"}
    assert all("beside another copy" in choice.reason for choice in found.choices.values())
    alone = place([copy("v-use", may_share=False), copy("v-b", may_share=False)], [writer("n/a")])
    assert (len(alone.choices), len(alone.nowhere)) == (1, 1)


def test_a_role_that_must_be_elsewhere_is_on_another_site_or_nowhere() -> None:
    wanted = [copy("v-use"), copy("v-off", sites_apart=SITES)]
    found = place(wanted, [writer("n/a"), writer("n/b"), writer("s/c")])
    assert {name.partition("/")[0] for name in where(found).values()} == {"n", "s"}
    stuck = place(wanted, [writer("n/a"), writer("n/b")])
    assert len(stuck.choices) == 1
    (nowhere,) = stuck.nowhere.values()
    assert "on the site of" in nowhere.reason or "holds the copy" in nowhere.reason
    assert "an appliance" in nowhere.advice
    # The rule holds from either side, and also towards what exists already.
    beside = (Beside("off", "s/c", "s"),)
    late = place([copy("v-use", sites_apart=frozenset({"off"}), beside=beside)], [writer("s/d")])
    assert late.choices == {}


def test_a_rule_of_different_appliances_is_never_given_up() -> None:
    wanted = [copy("v-use"), copy("v-sealed", appliances_apart=SITES)]
    found = place(wanted, [writer("n/a", drives=4)])
    assert len(found.nowhere) == 1


def test_what_cannot_write_is_not_chosen_and_the_reason_is_said() -> None:
    fleet = [
        writer("n/a", unfit="offline since 10:00"),
        writer("n/b", drives=0),
        writer("n/c", blanks=0),
        writer("n/d", size_bytes=GB),
        writer("n/e"),
        writer("n/f", kind=MediumKind.TAPE),
    ]
    found = place([copy("v-use")], fleet)
    reason = found.choices["v-use"].reason
    assert where(found) == {"v-use": "n/e"}
    assert "n/a: offline since 10:00" in reason
    assert "n/b: no drive that works" in reason
    assert "n/c, n/d: no blank disc for it" in reason
    assert "n/f" not in reason


def test_a_delay_makes_another_appliance_the_better_one() -> None:
    held = writer("n/a", delays=(Delay("burning is held up by the air", 3600.0),))
    assert where(place([copy("v-use")], [held, writer("n/b")])) == {"v-use": "n/b"}
    alone = place([copy("v-use")], [held]).choices["v-use"]
    assert "burning is held up by the air (+60 min)" in alone.reason
    assert alone.ends_s == pytest.approx(3600 + 1100)


def test_a_pool_reaches_its_appliances_and_asks_for_large_discs() -> None:
    fleet = [writer("n/a", drives=4), writer("s/b", size_bytes=25 * GB), writer("s/c")]
    pool = Source("archive", frozenset({"s/b", "s/c"}), capacity_floor_bytes=20 * GB)
    found = place([copy("v-use", source=pool)], fleet)
    assert where(found) == {"v-use": "s/b"}
    assert "outside the pool 'archive'" in found.choices["v-use"].reason
    none = place([copy("v-use", source=Source("far", frozenset({"w/z"})))], fleet)
    assert "let the pool 'far' reach" in none.nowhere["v-use"].advice


def test_the_air_that_a_policy_asks_for_closes_an_appliance_to_it_alone() -> None:
    damp = Source(unfit=(("n/a", "humidity 71 % is above 60 %"),))
    found = place([copy("v-use", source=damp), copy("w-use")], [writer("n/a"), writer("n/b")])
    assert where(found)["v-use"] == "n/b"
    assert "n/a: humidity 71 %" in found.choices["v-use"].reason


def test_a_pin_is_kept_and_a_failure_is_not_repeated_if_it_can_be_helped() -> None:
    fleet = [writer("n/a", drives=4), writer("n/b")]
    assert where(place([copy("v-use", pinned="n/b")], fleet)) == {"v-use": "n/b"}
    failed = copy("v-use", failed_at=frozenset({"n/a"}))
    assert where(place([failed], fleet)) == {"v-use": "n/b"}
    assert where(place([failed], fleet[:1])) == {"v-use": "n/a"}


def test_work_under_way_counts() -> None:
    busy = writer("n/a", drives=2, under_way_s=(4000.0, 5000.0))
    assert where(place([copy("v-use")], [busy, writer("n/b")])) == {"v-use": "n/b"}
    assert free_at(writer("n/a", drives=2, under_way_s=(10.0, 20.0, 30.0))) == [30.0, 30.0]


def test_the_faster_appliance_gets_more() -> None:
    fleet = [writer("n/a", pace=Pace(30e6, 30e6, 0.0)), writer("n/b", pace=Pace(10e6, 10e6, 0.0))]
    found = place([copy(f"v{n}-use") for n in range(8)], fleet)
    assert Counter(where(found).values()) == {"n/a": 6, "n/b": 2}


def test_a_copy_makes_way_for_one_that_has_no_other_place() -> None:
    """The long copy is placed first, where only the short one could go."""
    small = Source("small", frozenset({"n/a"}))
    wanted = [copy("v-use"), copy("w-use", GB, source=small)]
    fleet = [writer("n/a", blanks=1), writer("n/b", blanks=1, under_way_s=(9000.0,))]
    assert where(place(wanted, fleet)) == {"v-use": "n/b", "w-use": "n/a"}


def test_a_chain_of_copies_makes_way() -> None:
    names = ("n/a", "n/b", "n/c", "n/d")
    fleet = [writer(name, blanks=1, drives=2) for name in names]
    reach = [Source(str(n), frozenset(names[n : n + 2])) for n in range(3)]
    wanted = [copy(f"v{n}-use", (5 - n) * GB, source=reach[n]) for n in range(3)]
    last = copy("last-use", GB, source=Source("a", frozenset({"n/a"})))
    found = place([*wanted, last], fleet)
    assert found.nowhere == {}
    assert where(found)["last-use"] == "n/a"


def test_disks_and_tapes_take_several_and_the_fullest_that_will_do() -> None:
    tape = Writer(
        "n/t", "n", MediumKind.TAPE, 1, (Room(12 * GB, 100 * GB), Room(5 * GB, 100 * GB)), PACE
    )
    wanted = [copy(f"v{n}-use", size, kind=MediumKind.TAPE) for n, size in enumerate((5, 6, 6))]
    sized = [Wanted(w.copy_id, w.volume_id, w.role, w.size_bytes * GB, w.kind) for w in wanted]
    found = place(sized, [tape])
    assert found.nowhere == {}
    more = place([*sized, copy("z-use", GB, kind=MediumKind.TAPE)], [tape])
    assert list(more.nowhere) == ["z-use"]
    assert "every tape with room is promised" in more.nowhere["z-use"].reason


def test_nothing_to_place_is_placed_nowhere() -> None:
    assert place([], [writer("n/a")]) == Placement()
    (nowhere,) = place([copy("v-use")], []).nowhere.values()
    assert nowhere.reason == "no appliance of the fleet writes on a disc"


def test_the_order_in_which_things_are_given_changes_nothing() -> None:
    dice = random.Random(7)
    copies = [
        copy(f"v{n}-{role}", dice.randrange(1, 5) * GB)
        for n in range(12)
        for role in ("use", "sealed")
    ]
    fleet = [writer(f"n/{n}", drives=dice.randrange(1, 4)) for n in range(5)]
    first = place(copies, fleet)
    for _ in range(3):
        dice.shuffle(copies)
        dice.shuffle(fleet)
        assert place(copies, fleet) == first


def best_of_all(copies: list[Wanted], fleet: list[Writer]) -> float:
    """The least makespan, by trying every drive for every copy. Copies of volumes of their own."""
    drives = [(w, d) for w, each in enumerate(fleet) for d in range(each.drives)]
    best = float("inf")
    for way in product(drives, repeat=len(copies)):
        used = Counter(w for w, _ in way)
        if any(used[w] > len(each.rooms) for w, each in enumerate(fleet)):
            continue
        ends: defaultdict[tuple[int, int], float] = defaultdict(float)
        for each, (w, d) in zip(copies, way, strict=True):
            ends[w, d] += fleet[w].pace.seconds(each.size_bytes)
        best = min(best, max(free_at(fleet[w])[d] + end for (w, d), end in ends.items()))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_small_fleets_end_close_to_the_best_there_is(seed: int) -> None:
    dice = random.Random(seed)
    fleet = [
        writer(
            f"s{n}/a",
            blanks=dice.randrange(2, 5),
            drives=dice.randrange(1, 3),
            pace=Pace(dice.choice((10e6, 20e6)), 20e6, 60.0),
            under_way_s=(float(dice.randrange(0, 600)),),
        )
        for n in range(2)
    ]
    count = min(6, sum(len(each.rooms) for each in fleet))
    copies = [copy(f"v{n}-use", dice.randrange(1, 50) * GB // 10) for n in range(count)]
    found, best = place(copies, fleet), best_of_all(copies, fleet)
    assert found.nowhere == {}
    assert found.lower_bound_s <= best * (1 + 1e-9)
    assert best * (1 - 1e-9) <= found.makespan_s <= best * 1.08


FLEETS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 2), st.booleans()),
    max_size=5,
)
COPIES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 6), st.booleans()), min_size=1, max_size=12
)


@given(COPIES, FLEETS)
def test_whatever_is_asked_the_rules_hold(
    volumes: list[tuple[int, int, bool]], appliances: list[tuple[int, int, int, bool]]
) -> None:
    fleet = [
        writer(f"s{site}/a{n}", blanks, drives=drives, unfit="away" if away else "")
        for n, (drives, blanks, site, away) in enumerate(appliances)
    ]
    apart = {number: strict for number, _, strict in volumes}
    copies = [
        copy(
            f"v{number}-r{n}",
            size * GB,
            sites_apart=frozenset({f"r{n - 1}"}) if apart[number] and n else frozenset(),
            may_share=not apart[number],
        )
        for n, (number, size, _) in enumerate(volumes)
    ]
    found = place(copies, fleet)
    assert found.choices.keys() | found.nowhere.keys() == {each.copy_id for each in copies}
    assert not found.choices.keys() & found.nowhere.keys()
    by_name = {each.appliance: each for each in fleet}
    for name, each in by_name.items():
        mine = [c for c in copies if where(found).get(c.copy_id) == name]
        assert not mine or (each.drives > 0 and not each.unfit)
        assert len(mine) <= len(each.rooms)
        assert all(need_bytes(c) <= 5 * GB for c in mine)
        for c in mine:
            if not c.may_share:
                assert not any(o.volume_id == c.volume_id and o is not c for o in mine)
    for c in copies:
        for o in copies:
            if o.volume_id == c.volume_id and o.role in c.sites_apart and o is not c:
                one, other = where(found).get(c.copy_id), where(found).get(o.copy_id)
                assert None in (one, other) or by_name[one].site != by_name[other].site
    assert found.lower_bound_s <= found.makespan_s + 1e-6
    done = {choice.ends_s for choice in found.choices.values()}
    assert not done or max(done) == pytest.approx(found.makespan_s)
