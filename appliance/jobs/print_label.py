"""Print a disc's label: to the printer, printed, looked at, home again.

Also the end of a burn whose label is ordered with it. By then the copy counts: a label that does
not come out well is an alarm and changes nothing of the disc's state.
"""

from functools import partial

import msgspec

from appliance.contract.errors import SteleError
from appliance.contract.messages import Burn, ErrorInfo, LabelPrinted, PrintLabel
from appliance.contract.messages.values import Label
from appliance.contract.states import JobState
from appliance.jobs import handling
from appliance.jobs.run import JobRun, Outcome
from appliance.jobs.steps import Turn
from appliance.services.printing import NOT_BEGUN, LabelState, Printing


class PrintLabelJob:
    """The steps of printing, for a job of its own or as a part of a burn."""

    def __init__(self, run: JobRun, params: PrintLabel | Burn) -> None:
        self._run = run
        self._params = params

    @property
    def _printing(self) -> Printing:
        printing = self._run.use.printing
        if printing is None:
            raise SteleError(5110, "this appliance has no disc printer")
        return printing

    @property
    def _label(self) -> Label:
        params = self._params
        label = params.label if isinstance(params, PrintLabel) else params.label_print
        return label or Label()

    async def carry(self) -> Outcome:
        """The disc to the printer, by way of its slot when it is in a drive."""
        run, library, printing = self._run, self._run.use.library, self._printing
        medium_id = run.own_medium.id
        with run.waiting(f"medium {medium_id}"):
            await run.interruptible(library.reservations.take(medium_id, run.id))
        if run.seat is not None:
            await library.put_away(medium_id, run.seat)
        with run.waiting("printer"):
            await run.interruptible(printing.take(run.id))
        unit = library.units.of_medium(run.own_medium)
        if unit.by_hand:
            with run.waiting("person"):
                await run.interruptible(unit.mover.load(medium_id, printing.name))
        else:
            await unit.mover.load(medium_id, printing.name)
        return Outcome(Turn.GOOD, run.changed(drive=printing.name))

    async def print(self) -> Outcome:
        """Print and look. It cannot be broken off, and what went wrong is not tried again."""
        run, printing, medium = self._run, self._printing, self._run.own_medium
        label = self._label
        code = label.qr or medium.volume_id or medium.id
        try:
            await printing.label(medium.id, run.id, label, code)
        except SteleError as error:
            state = LabelState.BAD
            record = run.record
            if record.ending is None:
                good = isinstance(self._params, Burn)
                ending = JobState.DONE if good else JobState.FAILED
                told = None if good else error.info
                record = msgspec.structs.replace(record, ending=ending, error=told)
            note = partial(printing.settle, medium.id, state, error.info)
            return Outcome(Turn.ABANDON, record, note, error.info)
        event = LabelPrinted(run.id, medium.id, code)

        def note_good() -> None:
            printing.settle(medium.id, LabelState.GOOD)
            run.use.events.append(event)

        return Outcome(Turn.GOOD, run.record, note_good)

    async def give_back(self) -> Outcome:
        """Home from the printer, which is then free for the next."""
        outcome = await handling.give_back(self._run)
        if self._run.use.printing is not None:
            self._run.use.printing.give_back(self._run.id)
        return outcome


def label_failed(run: JobRun, error: ErrorInfo) -> None:
    """The way to the printer failed for good: the label is missing, nothing else is."""
    medium, printing = run.medium, run.use.printing
    if medium is not None and printing is not None:
        info = SteleError(NOT_BEGUN, f"disc {medium.id} has no label: {error.message}").info
        run.use.library.alarms.sound(f"label:{medium.id}", info)
        printing.give_back(run.id)
