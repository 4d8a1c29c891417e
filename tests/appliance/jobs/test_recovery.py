"""The recovery policy, rule by rule, and that the flows know every turn it can decide on."""

import itertools

import msgspec
import pytest

from appliance.contract.errors import table
from appliance.jobs.recovery import Failure, decide
from appliance.jobs.steps import FIRST_STEPS, FLOWS, STAGES, Step, Turn, resumed

BURN = Failure("burn", Step.BURN, 3207, begun=True, media_left=2, other_drive=True)
VERIFY = Failure("burn", Step.VERIFY, 3209, readings_failed=1, media_left=2, other_drive=True)


@pytest.mark.parametrize(
    ("failure", "turn"),
    [
        (Failure("burn", Step.LOAD, 2203), Turn.ASK),
        (Failure("burn", Step.LOAD, 2202), Turn.OTHER_MEDIUM),
        (Failure("fetch", Step.LOAD, 2202), Turn.ABANDON),
        (Failure("burn", Step.LOAD, 1002), Turn.ASK),
        (Failure("burn", Step.LOAD, 2001), Turn.ASK),
        (Failure("burn", Step.LOAD, 2104), Turn.RETRY),
        (Failure("burn", Step.LOAD, 2104, tries=2), Turn.ASK),
        (Failure("burn", Step.RETURN, 3211), Turn.RETRY),
        (Failure("burn", Step.RETURN, 3211, tries=2), Turn.ABANDON),
        (Failure("burn", Step.SET_ASIDE, 3211, tries=2), Turn.OTHER_MEDIUM),
        (Failure("burn", Step.SWAP, 3211, tries=2), Turn.ASK),
        (Failure("burn", Step.SWAP, 2202), Turn.OTHER_MEDIUM),
        (Failure("burn", Step.RETURN, 2202), Turn.ABANDON),
        (VERIFY, Turn.OTHER_DRIVE),
        (msgspec.structs.replace(VERIFY, other_drive=False), Turn.RETRY),
        (msgspec.structs.replace(VERIFY, readings_failed=2), Turn.OTHER_MEDIUM),
        (msgspec.structs.replace(VERIFY, readings_failed=2, media_left=0), Turn.ABANDON),
        (msgspec.structs.replace(VERIFY, code=3306), Turn.OTHER_MEDIUM),
        (msgspec.structs.replace(VERIFY, code=3307), Turn.OTHER_DRIVE),
        (Failure("verify", Step.VERIFY, 3307, readings_failed=2), Turn.ABANDON),
        (Failure("fetch", Step.READ, 3308, readings_failed=1, other_drive=True), Turn.OTHER_DRIVE),
        (Failure("fetch", Step.READ, 3308, readings_failed=2), Turn.ABANDON),
        (BURN, Turn.OTHER_MEDIUM),
        (msgspec.structs.replace(BURN, media_left=0), Turn.ABANDON),
        (msgspec.structs.replace(BURN, begun=False), Turn.OTHER_DRIVE),
        (msgspec.structs.replace(BURN, begun=False, other_drive=False), Turn.RETRY),
        (msgspec.structs.replace(BURN, begun=False, other_drive=False, tries=2), Turn.ASK),
        (msgspec.structs.replace(BURN, begun=False, code=3204), Turn.OTHER_MEDIUM),
        (msgspec.structs.replace(BURN, code=3301), Turn.ABANDON),
        (Failure("burn", Step.CHECK, 3305), Turn.OTHER_MEDIUM),
        (Failure("burn", Step.ALLOCATE, 2206), Turn.ABANDON),
        (Failure("burn", Step.PREPARE, 1203), Turn.ABANDON),
        (Failure("burn", Step.PREPARE, 5000), Turn.ABANDON),
    ],
)
def test_each_rule(failure: Failure, turn: Turn) -> None:
    assert decide(failure) is turn


CODES = [code for code in table() if code < 3400 or code >= 5000]


@pytest.mark.parametrize("verb", FLOWS)
def test_every_flow_knows_every_turn_that_a_failure_of_its_steps_can_take(verb: str) -> None:
    flow = FLOWS[verb]
    flags = list(itertools.product((False, True), repeat=2))
    for step, code, (other, begun), tries, left in itertools.product(
        flow, CODES, flags, (0, 5), (0, 1)
    ):
        failure = Failure(verb, step, code, tries, tries, other, begun, left)
        assert decide(failure) in flow[step], (step, code)


@pytest.mark.parametrize("verb", FLOWS)
def test_every_flow_leads_from_its_first_step_to_the_end_and_can_be_cancelled(verb: str) -> None:
    flow = FLOWS[verb]
    seen, open_steps = {Step.FINISHED}, {FIRST_STEPS[verb]}
    while open_steps:
        step = open_steps.pop()
        seen.add(step)
        open_steps |= set(flow[step].values()) - seen
        assert Turn.CANCEL in flow[step] or step is Step.RETURN
        assert step in STAGES
    assert seen == {*flow, Step.FINISHED}


@pytest.mark.parametrize("verb", FLOWS)
def test_a_job_found_at_any_step_resumes_at_one_of_its_own_and_never_in_a_burn(verb: str) -> None:
    for step in FLOWS[verb]:
        assert resumed(step) in FLOWS[verb]
        assert resumed(step) is not Step.BURN
