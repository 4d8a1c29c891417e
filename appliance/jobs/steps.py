"""The steps of each job, and which step follows which: one table a verb.

A step is one act, or one chain of acts that may be done again from its start. `Turn` says how it
went; the table says what comes next. After a restart every job goes on at `resumed(step)`.
"""

from enum import StrEnum

from appliance.contract.states import JobStage


class Step(StrEnum):
    """What a job is at."""

    PREPARE = "prepare"
    """Get the plan or the list of files and check it. No medium is touched."""
    ALLOCATE = "allocate"
    """Choose a blank and reserve it."""
    LOAD = "load"
    """Get a drive and bring the medium into it; nothing to do when it is there."""
    CHECK = "check"
    """Ask the drive whether the disc is blank and large enough."""
    BURN = "burn"
    VERIFY = "verify"
    READ = "read"
    """Read files and deliver them."""
    CARRY = "carry"
    """Bring the disc to the printer, by way of its slot."""
    PRINT = "print"
    """Print its label and look at it."""
    SWAP = "swap"
    """Back to the slot, to go on with the same medium in another drive."""
    SET_ASIDE = "set_aside"
    """Back to the slot; the job goes on with another medium."""
    RETURN = "return"
    """Back to the slot; the job's end is decided."""
    HANDLE = "handle"
    """A person puts media in, or takes them out."""
    SURVEY = "survey"
    """Look into slots."""
    FINISHED = "finished"


class Turn(StrEnum):
    """How a step went, and so what the job does next."""

    GOOD = "good"
    WRITTEN = "written"
    """LOAD: the medium bears the volume already; what is left is to verify it."""
    LABEL = "label"
    """VERIFY: the copy counts; what is left is to print the disc's label."""
    RETRY = "retry"
    """Once more, after a pause."""
    ASK = "ask"
    """A person is needed: alarm, wait, and try again from time to time."""
    OTHER_DRIVE = "other_drive"
    OTHER_MEDIUM = "other_medium"
    ABANDON = "abandon"
    CANCEL = "cancel"


Flow = dict[Step, dict[Turn, Step]]

_ENDINGS = {Turn.ABANDON: Step.RETURN, Turn.CANCEL: Step.RETURN}
_RETURN = {
    Turn.GOOD: Step.FINISHED,
    Turn.RETRY: Step.RETURN,
    Turn.ASK: Step.RETURN,
    Turn.ABANDON: Step.FINISHED,
}
"""Once the medium is on its way home a cancellation changes nothing."""


def _stays(step: Step) -> dict[Turn, Step]:
    return {Turn.RETRY: step, Turn.ASK: step}


def _moves(step: Step, then: Step) -> dict[Turn, Step]:
    return {Turn.GOOD: then, **_stays(step), **_ENDINGS}


_LABELLING: Flow = {
    Step.CARRY: _moves(Step.CARRY, Step.PRINT),
    Step.PRINT: {Turn.GOOD: Step.RETURN, **_ENDINGS},
}
"""What went wrong with the print itself is not tried again: it would be printed twice."""

BURN_FLOW: Flow = {
    Step.PREPARE: {Turn.GOOD: Step.ALLOCATE, **_stays(Step.PREPARE), **_ENDINGS},
    Step.ALLOCATE: {Turn.GOOD: Step.LOAD, **_ENDINGS},
    Step.LOAD: {
        Turn.GOOD: Step.CHECK,
        Turn.WRITTEN: Step.VERIFY,
        Turn.OTHER_DRIVE: Step.SWAP,
        Turn.OTHER_MEDIUM: Step.SET_ASIDE,
        **_stays(Step.LOAD),
        **_ENDINGS,
    },
    Step.CHECK: {
        Turn.GOOD: Step.BURN,
        Turn.OTHER_DRIVE: Step.SWAP,
        Turn.OTHER_MEDIUM: Step.SET_ASIDE,
        **_stays(Step.CHECK),
        **_ENDINGS,
    },
    Step.BURN: {
        Turn.GOOD: Step.VERIFY,
        Turn.OTHER_DRIVE: Step.SWAP,
        Turn.OTHER_MEDIUM: Step.SET_ASIDE,
        **_stays(Step.LOAD),
        **_ENDINGS,
    },
    Step.VERIFY: {
        Turn.GOOD: Step.RETURN,
        Turn.LABEL: Step.CARRY,
        Turn.OTHER_DRIVE: Step.SWAP,
        Turn.OTHER_MEDIUM: Step.SET_ASIDE,
        **_stays(Step.LOAD),
        **_ENDINGS,
    },
    Step.SWAP: {**_moves(Step.SWAP, Step.LOAD), Turn.OTHER_MEDIUM: Step.SET_ASIDE},
    Step.SET_ASIDE: {
        **_moves(Step.SET_ASIDE, Step.ALLOCATE),
        Turn.OTHER_MEDIUM: Step.ALLOCATE,
    },
    **_LABELLING,
    Step.RETURN: _RETURN,
}

VERIFY_FLOW: Flow = {
    Step.LOAD: {
        Turn.GOOD: Step.VERIFY,
        Turn.OTHER_DRIVE: Step.SWAP,
        **_stays(Step.LOAD),
        **_ENDINGS,
    },
    Step.VERIFY: {
        Turn.GOOD: Step.RETURN,
        Turn.OTHER_DRIVE: Step.SWAP,
        **_stays(Step.LOAD),
        **_ENDINGS,
    },
    Step.SWAP: _moves(Step.SWAP, Step.LOAD),
    Step.RETURN: _RETURN,
}

FETCH_FLOW: Flow = {
    Step.PREPARE: {Turn.GOOD: Step.LOAD, **_stays(Step.PREPARE), **_ENDINGS},
    Step.LOAD: {
        Turn.GOOD: Step.READ,
        Turn.OTHER_DRIVE: Step.SWAP,
        **_stays(Step.LOAD),
        **_ENDINGS,
    },
    Step.READ: {
        Turn.GOOD: Step.RETURN,
        Turn.OTHER_DRIVE: Step.SWAP,
        **_stays(Step.LOAD),
        **_ENDINGS,
    },
    Step.SWAP: _moves(Step.SWAP, Step.LOAD),
    Step.RETURN: _RETURN,
}

LABEL_FLOW: Flow = {**_LABELLING, Step.RETURN: _RETURN}

SURVEY_FLOW: Flow = {
    Step.SURVEY: {
        Turn.GOOD: Step.FINISHED,
        **_stays(Step.SURVEY),
        **_ENDINGS,
    },
    Step.RETURN: _RETURN,
}
"""One that ends before its time brings home the disc that it was showing to the camera."""

_LEAVES = {**dict.fromkeys(_ENDINGS, Step.FINISHED)}
HAND_FLOW: Flow = {
    Step.PREPARE: {Turn.GOOD: Step.HANDLE, **_LEAVES},
    Step.HANDLE: {Turn.GOOD: Step.SURVEY, **_stays(Step.HANDLE), **_LEAVES},
    Step.SURVEY: {Turn.GOOD: Step.FINISHED, **_stays(Step.SURVEY), **_LEAVES},
}
"""What a person does is looked at afterwards, when that was begun also after a restart."""

RELEASE_FLOW: Flow = {
    Step.HANDLE: {Turn.GOOD: Step.FINISHED, **_stays(Step.HANDLE), **_LEAVES},
}

FLOWS = {
    "burn": BURN_FLOW,
    "verify": VERIFY_FLOW,
    "fetch": FETCH_FLOW,
    "print_label": LABEL_FLOW,
    "take_inventory": SURVEY_FLOW,
    "file_in": HAND_FLOW,
    "take_out": HAND_FLOW,
    "release_magazine": RELEASE_FLOW,
}

FIRST_STEPS = {
    "burn": Step.PREPARE,
    "verify": Step.LOAD,
    "fetch": Step.PREPARE,
    "print_label": Step.CARRY,
    "take_inventory": Step.SURVEY,
    "file_in": Step.PREPARE,
    "take_out": Step.PREPARE,
    "release_magazine": Step.HANDLE,
}

STAGES = {
    Step.PREPARE: JobStage.QUEUED,
    Step.ALLOCATE: JobStage.QUEUED,
    Step.LOAD: JobStage.LOAD,
    Step.CHECK: JobStage.LOAD,
    Step.BURN: JobStage.BURN,
    Step.VERIFY: JobStage.VERIFY,
    Step.READ: JobStage.READ,
    Step.CARRY: JobStage.PRINT,
    Step.PRINT: JobStage.PRINT,
    Step.SWAP: JobStage.RETURN,
    Step.SET_ASIDE: JobStage.RETURN,
    Step.RETURN: JobStage.RETURN,
    Step.HANDLE: JobStage.HANDLE,
    Step.SURVEY: JobStage.READ,
    Step.FINISHED: JobStage.FINISHED,
}


def resumed(step: Step) -> Step:
    """Where a job goes on after a restart that found it at `step`.

    Whatever needs the medium in a drive begins at LOAD again: by then the hardware has been asked
    where the medium is, and LOAD looks at the medium's state to see what is left to do. So a burn
    that had begun is never begun again with the same medium (I7).
    """
    if step is Step.PRINT:
        return Step.CARRY  # which does nothing when the disc is in the printer
    return Step.LOAD if step in (Step.CHECK, Step.BURN, Step.VERIFY, Step.READ) else step
