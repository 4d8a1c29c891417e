"""What a fleet cannot keep is told before anything is burned, with what would help."""

from appliance.contract.errors import table
from console.rules.feasibility import problems, problems_together
from console.rules.fleet import ApplianceStock, Demand, FleetPicture
from console.rules.policy import Policy
from console.rules.pool import Pool
from console.rules.problems import Problem, Severity
from tests.console.rules.fleets import GB, cabinet, policy, pool, rule

THREE = '["use", "sealed", "off-site"]'
OFF_SITE = rule("sites", '{ off-site = ["use", "sealed"] }')
TEN = Demand((20 * GB,) * 10)


def found(
    asked: Policy, *cabinets: ApplianceStock, pools: tuple[Pool, ...] = (), demand: Demand = TEN
) -> list[Problem]:
    picture = FleetPicture(cabinets)
    every = problems(asked, {pool.name: pool for pool in pools}, picture, demand)
    for problem in every:
        assert problem.code in table()
        assert problem.message
        assert problem.advice
    return every


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


def test_a_fleet_that_has_all_of_it_has_no_problem() -> None:
    assert not found(policy(THREE, OFF_SITE), cabinet("north/a", 20), cabinet("south/b", 10))


def test_a_role_that_must_be_off_site_needs_a_second_site() -> None:
    problem = only(found(policy(THREE, OFF_SITE), cabinet("north/a", 99), cabinet("north/b", 99)))
    assert (problem.code, problem.severity) == (5213, Severity.BLOCKS)
    assert problem.message == (
        "role off-site needs another site than sealed, use: only north has appliances for them"
    )
    assert "on another site than north" in problem.advice


def test_three_roles_apart_from_each_other_need_three_sites() -> None:
    rules = rule("sites", '{ off-site = ["use", "sealed"], use = ["sealed"] }')
    two = [cabinet("north/a", 99), cabinet("south/b", 99)]
    problem = only(found(policy(THREE, rules), *two))
    assert problem.code == 5213
    assert "too few" in problem.message
    assert not found(policy(THREE, rules), *two, cabinet("west/c", 99))


def test_pools_may_leave_no_second_site() -> None:
    rules = OFF_SITE + rule("pools", '{ off-site = "p" }')
    pools = (pool("p", 'sites = ["north"]'),)
    cabinets = [cabinet("north/a", 99), cabinet("south/b", 99)]
    assert not found(policy(THREE, rules), *cabinets, pools=pools)
    everything_north = OFF_SITE + rule("pools", '{ off-site = "p", use = "p" }')
    assert only(found(policy(THREE, everything_north), *cabinets, pools=pools)).code == 5213


def test_copies_that_must_be_in_different_appliances() -> None:
    rules = rule("appliances", '{ use = ["sealed"] }')
    problem = only(found(policy(more=rules), cabinet("north/a", 99)))
    assert problem.code == 5214
    assert problem.message.endswith("needs another appliance than use: there is only north/a")
    assert not found(policy(more=rules), cabinet("north/a", 10), cabinet("north/b", 10))


def test_missing_blanks_are_counted_where_they_are_missing() -> None:
    rules = rule("pools", '{ sealed = "x" }')
    pools = (pool("x", 'sites = ["north"]'),)
    cabinets = [cabinet("north/a", 8), cabinet("south/b", 10)]
    problem = only(found(policy(more=rules), *cabinets, pools=pools))
    assert (problem.code, problem.missing) == (5215, 2)
    assert (problem.site, problem.pool, problem.roles) == ("north", "", ("sealed", "use"))
    few = [cabinet("north/a", 8), cabinet("south/b", 30)]
    problem = only(found(policy(more=rules), *few, pools=pools))
    assert (problem.site, problem.missing) == ("north", 2)
    assert problem.advice == "put 2 blank discs into north/a, and take an inventory"


def test_only_the_pool_is_named_when_only_it_may_be_used() -> None:
    rules = rule("pools", '{ sealed = "x", use = "x" }')
    problem = only(found(policy(more=rules), cabinet("north/a", 8), pools=(pool("x"),)))
    assert problem.message == "12 blank discs are missing in pool x at north for sealed, use"
    assert problem.missing == 12


def test_many_discs_at_one_site_do_not_help_the_other() -> None:
    asked = policy(THREE, OFF_SITE)
    problem = only(found(asked, cabinet("north/a", 100), cabinet("south/b", 4)))
    assert (problem.site, problem.missing) == ("south", 6)


def test_blanks_may_be_used_both_ways_round() -> None:
    """Six discs at each site do for four volumes: two off-site here, two there."""
    asked = policy(THREE, OFF_SITE)
    four = Demand((GB,) * 4)
    assert not found(asked, cabinet("north/a", 6), cabinet("south/b", 6), demand=four)
    problem = only(found(asked, cabinet("north/a", 6), cabinet("south/b", 5), demand=four))
    assert problem.missing == 1


def test_large_volumes_need_large_discs() -> None:
    demand = Demand((20 * GB, 40 * GB))
    cabinets = [cabinet("north/a", 9), cabinet("north/b", 1, size_bytes=50 * GB)]
    problem = only(found(policy(), *cabinets, demand=demand))
    assert (problem.code, problem.missing) == (5215, 1)
    assert f"of at least {40 * GB} bytes" in problem.message
    problem = only(found(policy(), cabinets[0], demand=demand))
    assert (problem.code, problem.missing) == (5216, 2)


def test_a_blank_that_no_drive_has_measured_counts_as_the_usual_one() -> None:
    unseen = cabinet("north/a", 20, size_bytes=0)
    assert not found(policy(), unseen)
    problem = only(found(policy(), unseen, demand=Demand((25 * GB,))))
    assert problem.code == 5216


def test_a_pool_of_large_discs_takes_no_small_ones() -> None:
    rules = rule("pools", '{ sealed = "large" }')
    pools = (pool("large", f"capacity_min_bytes = {50 * GB}"),)
    problem = only(found(policy(more=rules), cabinet("north/a", 99), pools=pools))
    assert (problem.code, problem.missing, problem.pool) == (5216, 10, "")
    assert f"of at least {50 * GB} bytes" in problem.message


def test_disks_are_counted_by_their_room() -> None:
    asked = policy(more=rule("media", '{ sealed = "disk" }'))
    enough = cabinet("north/a", 10, disks=(150 * GB, 50 * GB))
    assert not found(asked, enough)
    problem = only(found(asked, cabinet("north/a", 10, disks=(150 * GB,))))
    assert (problem.code, problem.missing, problem.medium_kind) == (5215, 50 * GB, "disk")
    assert "room on disks" in problem.message


def test_a_role_without_any_drive_for_it() -> None:
    problem = only(found(policy(more=rule("media", '{ use = "tape" }')), cabinet("north/a", 99)))
    assert (problem.code, problem.roles) == (5210, ("use",))
    assert "no appliance has drives for tapes" in problem.message


def test_a_pool_that_shuts_every_appliance_out() -> None:
    rules = rule("pools", '{ use = "p" }')
    pools = (pool("p", 'sites = ["west"]'),)
    problem = only(found(policy(more=rules), cabinet("north/a", 99), pools=pools))
    assert problem.code == 5210
    assert "drives for discs are in north/a" in problem.message
    pools = (pool("p", 'kinds = ["tape"]'),)
    problem = only(found(policy(more=rules), cabinet("north/a", 99), pools=pools))
    assert "add disc to the kinds of pool p" in problem.advice


def test_a_pool_that_is_not_there() -> None:
    problem = only(found(policy(more=rule("pools", '{ use = "p" }')), cabinet("north/a", 99)))
    assert (problem.code, problem.pool) == (5212, "p")


def test_an_offline_appliance_is_waited_for() -> None:
    asked = policy(THREE, OFF_SITE)
    cabinets = [cabinet("north/a", 99), cabinet("south/b", 99, online=False)]
    problem = only(found(asked, *cabinets))
    assert (problem.code, problem.severity) == (5217, Severity.WAITS)
    assert "south/b is offline" in problem.message


def test_blanks_in_offline_appliances_are_not_counted_on() -> None:
    cabinets = [cabinet("north/a", 15), cabinet("north/b", 99, online=False)]
    problem = only(found(policy(), *cabinets))
    assert (problem.code, problem.missing) == (5215, 5)


def test_air_outside_the_limits_is_waited_for() -> None:
    limits = '[environment.temperature]\nvalue = { low = 14, high = 24 }\nsource = "test"\n'
    hot = cabinet("north/a", 99, air={"temperature": (30.0,)})
    problem = only(found(policy(more=limits), hot))
    assert (problem.code, problem.severity) == (5218, Severity.WAITS)
    assert not found(policy(more=limits), hot, cabinet("north/b", 20))


def test_no_printer_and_no_parity_are_warnings() -> None:
    text = rule("print_labels", "true") + rule("protection", "{ data = 10, parity = 2 }")
    every = found(policy(more=text), cabinet("north/a", 99))
    assert [(p.code, p.severity) for p in every] == [
        (5219, Severity.WARNS),
        (5220, Severity.WARNS),
    ]
    assert "10+2" in every[1].message
    printing = found(policy(more=text), cabinet("north/a", 99, prints=True))
    assert [p.code for p in printing] == [5220]


def test_policies_of_one_plan_share_the_blanks() -> None:
    orders = [(policy(name="a"), TEN), (policy(name="b"), TEN)]
    problem = only(problems_together(orders, {}, FleetPicture((cabinet("north/a", 30),))))
    assert (problem.missing, problem.policy_id) == (10, "a:2, b:2")


def test_an_empty_fleet_is_told_for_every_role() -> None:
    assert [p.code for p in found(policy(THREE, OFF_SITE))] == [5210] * 3


def test_a_large_plan_on_many_sites_is_looked_through() -> None:
    sites = [cabinet(f"s{n}/{m}", 400) for n in range(10) for m in range(10)]
    demand = Demand((20 * GB,) * 20_000)
    short = found(policy(THREE, OFF_SITE), *sites, demand=demand)
    missing = 3 * 20_000 - 40_000
    assert missing <= sum(problem.missing for problem in short) <= missing + len(short)
