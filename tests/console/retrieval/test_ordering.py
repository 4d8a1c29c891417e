"""Whose turn it is: one load for all who wait, urgent first, nobody for ever last."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.retrieval.ordering import (
    DUE_MARGIN,
    OVERTAKEN_S,
    PATIENCE_S,
    Given,
    Load,
    Option,
    Part,
    Station,
    Wish,
    arrange,
    claims,
    foresee,
    take_turn,
)
from console.retrieval.pace import DISCS, Pace
from console.retrieval.states import Priority
from tests.console.retrieval.cabinet import Machine
from tests.console.retrieval.plays import (
    Asked,
    arriving,
    play_first_come,
    play_ordered,
    random_files,
)

PACE = Pace(load_s=30, return_s=20, file_s=0.1, bytes_per_s=20e6)
AT = "n/rack disc"
MB = 1_000_000


def station(drives: int = 4, name: str = AT, **more: object) -> Station:
    return Station(name, drives, PACE, **more)  # type: ignore[arg-type]


def option(medium: str, at: str = AT, **more: object) -> Option:
    return Option(f"copy {medium}", medium, at, **more)  # type: ignore[arg-type]


def part(request: str, *options: Option, files: int = 1, size_bytes: int = 100 * MB) -> Part:
    return Part(request, f"volume {options[0].medium_id}", files, size_bytes, options)


def arranged(
    parts: list[Part], *stations: Station, claim_s: dict[str, float] | None = None
) -> list[Load]:
    by_name = {each.name: each for each in stations or (station(),)}
    return arrange(parts, claim_s or dict.fromkeys((p.request_id for p in parts), 0.0), by_name)


def media(loads: list[Load]) -> list[str]:
    return [load.option.medium_id for load in loads]


# --- the turn ---------------------------------------------------------------------------------


def test_one_load_is_for_all_who_wait_for_the_medium() -> None:
    parts = [part("a", option("m1"), files=2), part("b", option("m1")), part("b", option("m2"))]
    loads = arranged(parts)
    assert {load.option.medium_id: load.files for load in loads} == {"m1": 3, "m2": 1}


def test_a_load_has_the_earliest_claim_of_those_who_wait() -> None:
    parts = [part("late", option("m1")), part("early", option("m2")), part("early", option("m1"))]
    loads = arranged(parts, claim_s={"late": 500, "early": 10})
    assert {load.claim_s for load in loads} == {10}


def test_urgent_goes_before_normal_and_normal_before_low() -> None:
    wishes = [Wish(str(p), 0.0, p) for p in reversed(Priority)]
    parts = [part(str(p), option(f"m-{p}")) for p in Priority]
    found = arranged(parts, claim_s=claims(wishes, parts, {AT: PACE}, PACE))
    assert media(found) == ["m-urgent", "m-normal", "m-low"]


def test_a_small_request_goes_before_a_large_one_that_came_a_little_earlier() -> None:
    large = [part("large", option(f"l{n}"), size_bytes=10_000 * MB) for n in range(6)]
    small = part("small", option("s"), size_bytes=MB)
    wishes = [Wish("large", 0.0), Wish("small", 600.0)]
    assert media(arranged([*large, small], claim_s=claims(wishes, [*large, small], {}, PACE)))[
        0
    ] == ("s")


def test_what_is_due_soon_goes_before_what_is_only_urgent() -> None:
    now = 10_000.0
    work_s = PACE.fetch_s(1, 100 * MB)
    parts = [part("urgent", option("u")), part("due", option("d"))]
    wishes = [
        Wish("urgent", now, Priority.URGENT),
        Wish("due", now - 60, Priority.LOW, due_s=now + work_s),
    ]
    found = claims(wishes, parts, {AT: PACE}, PACE)
    assert found["due"] == pytest.approx(now + work_s - DUE_MARGIN * work_s)
    assert media(arranged(parts, claim_s=found)) == ["d", "u"]


@given(
    came_s=st.floats(0, 1e6),
    later_s=st.floats(0, 1e6),
    work=st.integers(1, 10**15),
    priority=st.sampled_from(list(Priority)),
    other=st.sampled_from(list(Priority)),
)
def test_nothing_is_overtaken_by_what_came_long_after_it(
    came_s: float, later_s: float, work: int, priority: Priority, other: Priority
) -> None:
    old, new = part("old", option("m1"), size_bytes=work), part("new", option("m2"))
    wishes = [Wish("old", came_s, priority), Wish("new", came_s + OVERTAKEN_S + later_s, other)]
    found = claims(wishes, [old, new], {AT: PACE}, PACE)
    assert found["old"] <= found["new"]


def test_a_low_request_ends_although_urgent_ones_never_stop_coming() -> None:
    machine = Machine(drives=1)
    every_s = 0.95 * (2 * machine.carry_s + machine.spin_s)  # a little more than can be served
    count = int((PATIENCE_S[Priority.LOW] + 7200) / every_s)
    low = Asked("low", (("disc-low", MB),), 100.0, Priority.LOW)
    urgent = [
        Asked(f"u{n}", ((f"disc-{n}", MB),), max(0, n - 9) * every_s, Priority.URGENT)
        for n in range(count)
    ]
    played = play_ordered([low, *urgent], machine)
    assert played.ended_s["low"] < OVERTAKEN_S
    assert played.ended_s["low"] > PATIENCE_S[Priority.LOW]


# --- the copy ---------------------------------------------------------------------------------


def chosen(*options: Option, stations: tuple[Station, ...] = ()) -> str:
    (load,) = arranged([part("r", *options)], station(), *stations)
    return load.option.medium_id


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (option("a", role="sealed"), option("b", role="use", is_online=False)),
        (option("b", role="off-site"), option("a", role="sealed")),
        (option("b", role="use"), option("a", role="off-site")),
        (option("b"), option("a", turns_had=1)),
        (option("b"), option("a", at="n/cabinet disc")),
        (option("b", at="n/idle disc"), option("a", at="n/busy disc")),
        (option("b", role="off-site"), option("a", role="use", at="n/swamped disc")),
    ],
)
def test_the_cheapest_live_copy_is_chosen(better: Option, worse: Option) -> None:
    stations = (
        station(2, "n/cabinet disc", by_hand=True),
        station(2, "n/idle disc"),
        station(2, "n/busy disc", busy_s=(300.0, 300.0)),
        station(2, "n/swamped disc", busy_s=(7200.0, 7200.0)),
    )
    assert chosen(better, worse, stations=stations) == better.medium_id
    assert chosen(worse, better, stations=stations) == better.medium_id


def test_equal_copies_share_the_work_of_their_cabinets() -> None:
    stations = station(1, "n/one disc"), station(1, "n/two disc")
    parts = [
        part("r", option(f"a{n}", "n/one disc"), option(f"b{n}", "n/two disc")) for n in range(10)
    ]
    loads = arranged(parts, *stations)
    assert sum(load.option.station == "n/one disc" for load in loads) == 5


def test_what_is_loaded_for_somebody_else_is_taken_from_there() -> None:
    busy, idle = station(1, "n/busy disc", busy_s=(900.0,)), station(1, "n/idle disc")
    copies = option("x", "n/busy disc"), option("y", "n/idle disc")
    parts = [part("only-busy", copies[0]), Part("both", "volume x", 1, MB, copies)]
    (load,) = arranged(parts, busy, idle)
    assert media([load]) == ["x"]


# --- how many ---------------------------------------------------------------------------------


def given_out(n: int, *, begun: bool = True, claim_s: float = 0.0) -> Given:
    return Given(f"f{n}", AT, f"g{n}", f"volume g{n}", claim_s, begun)


def test_a_station_gets_one_load_a_drive() -> None:
    loads = arranged([part("r", option(f"m{n}")) for n in range(9)])
    at = {AT: station(4)}
    assert len(take_turn(loads, [], at).give) == 4
    assert len(take_turn(loads, [given_out(n) for n in range(3)], at).give) == 1
    assert take_turn(loads, [given_out(n) for n in range(4)], at).give == []


def test_a_volume_that_is_being_read_waits_for_the_end_of_that() -> None:
    loads = arranged([part("r", option("g0")), part("r", option("m1"))])
    assert media(take_turn(loads, [given_out(0)], {AT: station(4)}).give) == ["m1"]


def test_several_volumes_of_one_tape_need_one_drive() -> None:
    tape = option("tape")
    parts = [Part("r", f"volume {n}", 1, MB, (tape,)) for n in range(3)]
    loads = arranged([*parts, part("r", option("other"))])
    turn = take_turn(loads, [], {AT: station(1)})
    assert len(turn.give) == 1
    assert len(turn.give[0].parts) in (1, 3)


def test_what_is_urgent_takes_the_place_of_what_has_not_begun() -> None:
    (load,) = arranged([part("u", option("m1"))], claim_s={"u": 5.0})
    under_way = [given_out(0, claim_s=99), given_out(1, begun=False, claim_s=50)]
    under_way.append(given_out(2, begun=False, claim_s=70))
    turn = take_turn([load], under_way, {AT: station(3)}, urgent={"u"})
    assert [each.fetch_id for each in turn.recall] == ["f2"]
    assert media(turn.give) == ["m1"]
    # Not of what came before it, nor of what has begun, and not for what is not urgent.
    early = [replace(each, claim_s=1.0) for each in under_way]
    begun = [replace(each, has_begun=True) for each in under_way]
    for others, urgent in ((early, {"u"}), (begun, {"u"}), (under_way, set[str]())):
        turn = take_turn([load], others, {AT: station(3)}, urgent)
        assert (turn.give, turn.recall) == ([], [])


def test_a_station_without_working_drives_is_given_nothing() -> None:
    loads = arranged([part("r", option("m1"))], station(0))
    assert take_turn(loads, [], {AT: station(0)}).give == []
    assert foresee(loads, {AT: station(0)}) == {}


@settings(max_examples=40)
@given(st.data())
def test_no_station_ever_has_more_media_than_drives_and_no_volume_is_read_twice(
    data: st.DataObject,
) -> None:
    draw = data.draw
    names = [f"s{n} disc" for n in range(draw(st.integers(1, 3)))]
    at = {name: station(draw(st.integers(0, 3)), name) for name in names}
    parts = []
    for number in range(draw(st.integers(0, 25))):
        volume = draw(st.integers(0, 8))
        options = tuple(
            option(f"{name}-{volume}", name, is_online=draw(st.booleans()))
            for name in draw(st.sets(st.sampled_from(names), min_size=1))
        )
        parts.append(Part(f"r{number % 4}", f"volume {volume}", 1, MB, options))
    claim_s = {f"r{n}": float(draw(st.integers(0, 3))) for n in range(4)}
    loads = arrange(parts, claim_s, at)
    assert sum(len(load.parts) for load in loads) == len(parts)
    turn = take_turn(loads, [], at, {"r0"})
    volumes = [volume for load in turn.give for volume in {p.volume_id for p in load.parts}]
    assert len(volumes) == len(set(volumes))
    for name in names:
        assert sum(load.option.station == name for load in turn.give) <= at[name].drives
    assert all(load.option.is_online for load in turn.give)


# --- how well ---------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", [Machine(), Machine(carry_s=10), Machine(bytes_per_s=9e6)])
def test_500_files_on_60_discs_are_there_within_15_percent_of_the_lower_bound(
    machine: Machine,
) -> None:
    """First come, first served loads a disc for almost every file."""
    for seed in range(3):
        asked = Asked("all", tuple(random_files(random.Random(seed), 60, 500)))
        bound_s = machine.lower_bound_s(list(asked.by_disc().values()))
        ours = play_ordered([asked], machine)
        assert bound_s < ours.ended_s["all"] < 1.15 * bound_s
        assert ours.loads == 60
    theirs = play_first_come([asked], machine)
    assert theirs.ended_s["all"] > 5 * ours.ended_s["all"]


def test_requests_over_time_wait_less_than_first_come_first_served_urgent_ones_least() -> None:
    asked = arriving(random.Random(7), 20, 3600, 60)
    ours = play_ordered(asked, Machine()).waits(asked)
    theirs = play_first_come(asked, Machine(), by_disc=True).waits(asked)
    urgent = [each.name for each in asked if each.priority is Priority.URGENT]
    assert sum(ours.values()) < 0.8 * sum(theirs.values())
    others = [ours[a.name] for a in asked if a.priority is not Priority.LOW]
    fcfs = [theirs[a.name] for a in asked if a.priority is not Priority.LOW]
    assert sorted(others)[-2] < sorted(fcfs)[-2]
    assert sum(ours[name] for name in urgent) < 0.3 * sum(theirs[name] for name in urgent)


def test_the_foreseen_end_of_a_queue_is_its_work_shared_by_the_drives() -> None:
    loads = arranged([part("r", option(f"m{n}")) for n in range(8)])
    each_s = PACE.fetch_s(1, 100 * MB)
    ends = sorted(foresee(loads, {AT: station(4, busy_s=(50.0,))}).values())
    assert ends[0] == pytest.approx(each_s)
    assert ends[-1] == pytest.approx(50 + 2 * each_s + PACE.return_s)
    assert foresee(loads, {AT: station(4)}).keys() == set(media(loads))
    assert DISCS.fetch_s(1, 0) > 0
