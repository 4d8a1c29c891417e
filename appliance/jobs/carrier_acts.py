"""What is done at each step of a job with a disk or tape."""

from collections.abc import Awaitable, Callable

from appliance.contract.messages import Burn, Fetch, Verify
from appliance.jobs import carrier_handling as handling
from appliance.jobs.carrier_burn import CarrierBurnJob
from appliance.jobs.carrier_fetch import CarrierFetchJob
from appliance.jobs.carrier_verify import CarrierVerifyJob
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step

Act = Callable[[], Awaitable[Outcome]]


def carrier_acts(run: JobRun) -> dict[Step, Act]:
    """The acts, by step."""
    shared: dict[Step, Act] = {
        Step.SWAP: lambda: handling.swap(run),
        Step.SET_ASIDE: lambda: handling.set_aside(run),
        Step.RETURN: lambda: handling.give_back(run),
    }
    match run.record.body:
        case Burn() as body:
            burn = CarrierBurnJob(run, body)
            return {
                **shared,
                Step.PREPARE: burn.prepare,
                Step.ALLOCATE: burn.allocate,
                Step.LOAD: burn.load,
                Step.CHECK: burn.check,
                Step.BURN: burn.burn,
                Step.VERIFY: burn.verify,
                Step.RETURN: burn.give_back,
            }
        case Verify() as body:
            verify = CarrierVerifyJob(run, body)
            return {Step.LOAD: verify.load, Step.VERIFY: verify.verify, **shared}
        case Fetch() as body:
            fetch = CarrierFetchJob(run, body)
            return {
                Step.PREPARE: fetch.prepare,
                Step.LOAD: fetch.load,
                Step.READ: fetch.read,
                **shared,
            }
        case body:
            raise TypeError(f"{type(body).__name__} is no job with a disk or tape")
