"""Take an inventory: look into slots with the robot's probe, and give drives another chance."""

from appliance.contract.messages import TakeInventory as Params
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Step, Turn
from appliance.services.reconciliation import look_again


class SurveyJob:
    """The one step of an inventory. Slots that were looked into already are not looked into again
    after a restart."""

    def __init__(self, run: JobRun, params: Params) -> None:
        self._run = run
        self._params = params

    async def survey(self) -> Outcome:
        """Look into each slot; between two slots others may have the robot."""
        library, record = self._run.use.library, self._run.record
        slots = [
            slot
            for slot in library.slots.all()
            if not self._params.slots or slot.name in self._params.slots
        ]
        self._run.progress.plan({Step.SURVEY: len(slots)})
        self._run.progress.begin(Step.SURVEY)
        with library.surveying():
            for done, slot in enumerate(slots, 1):
                self._run.check_interrupted()
                if slot.probed_at is None or slot.probed_at < record.received_at:
                    await library.survey(slot.name)
                self._run.advance(done)
        await look_again(library)
        return Outcome(Turn.GOOD, record)
