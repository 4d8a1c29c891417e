"""What to do when a step of a job with a disk or tape fails: a pure policy, `failure -> turn`.

In words, the first rule that fits:

1. No drive is in service: ask a person, try again from time to time.
2. The medium is not in its place, bad, full, write-protected or somebody else's: write on another,
   which spends nothing; a job that needs this very one is abandoned.
3. The changer or a command fails: try again, then ask.
4. The medium cannot be put back: try again; then leave it, for the job does not need it any more.
5. A reading comes to nothing: once more, in another drive if there is one; then another medium.
6. A writing fails: in another drive if there is one, else on another medium.
7. The medium cannot be made ready: in another drive, once more, on another medium; then ask.
8. Anything else (content withdrawn or damaged, no room left, a surprise) is not better for trying
   again: abandon.
"""

from collections.abc import Callable

from msgspec import Struct

from appliance.jobs.recovery import MOTION_TRIES, NO_DRIVE, READINGS_MAX
from appliance.jobs.steps import FLOWS, Step, Turn

UNUSABLE = (2201, 2202, 3240, 3247, 3251, 3253, 3321, 3322, 3324, 3328, 3329, 3330)
_PUTTING_BACK = (Step.SWAP, Step.SET_ASIDE, Step.RETURN)
_READING = (Step.VERIFY, Step.READ)


class CarrierFailure(Struct, frozen=True):
    """All that the policy may know; as `recovery.Failure`."""

    verb: str
    step: Step
    code: int
    tries: int = 0
    readings_failed: int = 0
    other_drive: bool = False
    media_left: int = 0


def decide(failure: CarrierFailure) -> Turn:
    """The policy above; a turn that the step does not know becomes the last one."""
    turn = next((turn(failure) for applies, turn in _RULES if applies(failure)), Turn.ABANDON)
    return turn if turn in FLOWS[failure.verb][failure.step] else Turn.ABANDON


def is_machine(code: int) -> bool:
    """A changer or a command."""
    return 1040 <= code < 1050 or 2140 <= code < 2150


def is_medium(code: int) -> bool:
    """What a drive or bay says, or what was found when writing and reading."""
    return 3200 <= code < 3300 or code == 3308 or 3325 <= code <= 3328


def _replaced(failure: CarrierFailure) -> Turn:
    return Turn.OTHER_MEDIUM if failure.verb == "burn" else Turn.ABANDON


def _spent(failure: CarrierFailure) -> Turn:
    return _replaced(failure) if failure.media_left > 0 else Turn.ABANDON


def _machine(failure: CarrierFailure) -> Turn:
    return Turn.RETRY if failure.tries < MOTION_TRIES else Turn.ASK


def _not_put_back(failure: CarrierFailure) -> Turn:
    if failure.tries < MOTION_TRIES:
        return Turn.RETRY
    if failure.step is Step.SET_ASIDE:
        return Turn.OTHER_MEDIUM
    return Turn.ABANDON if failure.step is Step.RETURN else Turn.ASK


def _unreadable(failure: CarrierFailure) -> Turn:
    if failure.readings_failed < READINGS_MAX:
        return Turn.OTHER_DRIVE if failure.other_drive else Turn.RETRY
    return _spent(failure)


def _unwritable(failure: CarrierFailure) -> Turn:
    return Turn.OTHER_DRIVE if failure.other_drive else _spent(failure)


def _not_ready(failure: CarrierFailure) -> Turn:
    if failure.other_drive:
        return Turn.OTHER_DRIVE
    if failure.tries < MOTION_TRIES:
        return Turn.RETRY
    return Turn.OTHER_MEDIUM if failure.verb == "burn" else Turn.ASK


_Rule = tuple[Callable[[CarrierFailure], bool], Callable[[CarrierFailure], Turn]]

_RULES: tuple[_Rule, ...] = (
    (lambda f: f.code == NO_DRIVE, lambda _: Turn.ASK),
    (
        lambda f: f.step in _PUTTING_BACK and (is_machine(f.code) or is_medium(f.code)),
        _not_put_back,
    ),
    (lambda f: f.code in UNUSABLE, _replaced),
    (lambda f: is_machine(f.code), _machine),
    (lambda f: f.step in _READING and is_medium(f.code), _unreadable),
    (lambda f: f.step is Step.BURN and is_medium(f.code), _unwritable),
    (lambda f: is_medium(f.code), _not_ready),
)
