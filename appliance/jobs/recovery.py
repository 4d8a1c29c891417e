"""What to do when a step fails: a pure policy, `failure -> turn`, and nothing else.

In words, the first rule that fits:

1. A burn that has not begun, in a unit that does not work: another medium, in a unit that does.
   Otherwise, when no drive is in service: ask a person, try again from time to time.
2. The medium is not in the cabinet, or offline in a magazine: burn on another; a job that needs
   this very one is abandoned.
3. The robot or its link fails: nothing can move, ask. A single failed motion is tried again first.
4. A drive does not give its medium back: leave it there when the job does not need it any more;
   otherwise ask.
5. A reading comes to nothing: another drive, once; then another medium, or the end. A disc that is
   too short for its volume, or whose burn the drive itself calls incomplete, needs no second drive.
6. A burn fails after its first byte: the medium is spent, another medium.
7. A disc that turns out not to be blank, or too small: another medium.
8. A drive fails before anything was written: another drive, then ask.
9. The camera, or the printer's tray, fails during an inventory: ask.
10. Anything else (content withdrawn or damaged, no blank left, a surprise) is not better for trying
   again: abandon.
"""

from collections.abc import Callable

from msgspec import Struct

from appliance.jobs.steps import FLOWS, Step, Turn
from appliance.services.mover import is_robot_fault

MEDIUM_LOST = 2202
MEDIUM_OFFLINE = 2210
NO_DRIVE = 2203
DISC_SHORT = 3306
UNSUITABLE = (3204, 3205, 3304, 3305)
"""Not blank, too small: said by the driver, said by a job."""
MOTION_TRIES = 2
READINGS_MAX = 2


class Failure(Struct, frozen=True):
    """All that the policy may know.

    `tries` counts how often this step failed in a row before; `readers_failed` the drives, this one
    included, that could not read the present medium; `other_drive` says that there is one in
    service that has not failed; `other_unit` that the medium is blank and its unit does not work,
    while another unit works and has a blank; `media_left` how many blanks the job may still spend,
    without the present one.
    """

    verb: str
    step: Step
    code: int
    tries: int = 0
    readings_failed: int = 0
    other_drive: bool = False
    other_unit: bool = False
    begun: bool = False
    media_left: int = 0


def decide(failure: Failure) -> Turn:
    """The policy above; a turn that the step does not know becomes the last one."""
    turn = next((turn(failure) for applies, turn in _RULES if applies(failure)), Turn.ABANDON)
    return turn if turn in FLOWS[failure.verb][failure.step] else Turn.ABANDON


def is_motion(code: int) -> bool:
    return 2100 <= code < 2200


def is_drive(code: int) -> bool:
    return 3200 <= code < 3300


def is_disc(code: int) -> bool:
    """What this package itself says of a disc that a drive could read."""
    return 3304 <= code <= 3309


def is_unreadable(failure: Failure) -> bool:
    """Whether a reading of the disc came to nothing."""
    return failure.step in (Step.VERIFY, Step.READ) and (
        is_drive(failure.code) or is_disc(failure.code)
    )


def is_unseen(code: int) -> bool:
    """Whether it is the camera, the light or the tray that fails, and not a disc's label."""
    return 1040 <= code < 1060 or code in (3275, 3276, 3278, 3279)


def _robot(failure: Failure) -> Turn:
    retry = is_motion(failure.code) and failure.tries < MOTION_TRIES
    return Turn.RETRY if retry else Turn.ASK


def _not_begun(failure: Failure) -> Turn:
    if failure.other_drive:
        return Turn.OTHER_DRIVE
    return Turn.RETRY if failure.tries < MOTION_TRIES else Turn.ASK


def _unreadable(failure: Failure) -> Turn:
    if failure.code == DISC_SHORT:
        return _other_medium(failure)
    if failure.readings_failed < READINGS_MAX:
        return Turn.OTHER_DRIVE if failure.other_drive else Turn.RETRY
    return _other_medium(failure)


def _other_medium(failure: Failure, *, spends: bool = True) -> Turn:
    if failure.verb != "burn" or (spends and failure.media_left <= 0):
        return Turn.ABANDON
    return Turn.OTHER_MEDIUM


def _replaced(failure: Failure) -> Turn:
    return _other_medium(failure, spends=False)


def _not_given_back(failure: Failure) -> Turn:
    if failure.tries < MOTION_TRIES:
        return Turn.RETRY
    if failure.step is Step.SET_ASIDE:
        return Turn.OTHER_MEDIUM
    return Turn.ABANDON if failure.step is Step.RETURN else Turn.ASK


_Rule = tuple[Callable[[Failure], bool], Callable[[Failure], Turn]]
_PUTTING_BACK = (Step.SWAP, Step.SET_ASIDE, Step.RETURN)

_RULES: tuple[_Rule, ...] = (
    (
        lambda f: f.other_unit and (f.code == NO_DRIVE or is_robot_fault(f.code)),
        lambda _: Turn.OTHER_MEDIUM,
    ),
    (lambda f: f.code == NO_DRIVE, lambda _: Turn.ASK),
    (lambda f: f.code in (MEDIUM_LOST, MEDIUM_OFFLINE), _replaced),
    (lambda f: is_robot_fault(f.code), _robot),
    (lambda f: f.step in _PUTTING_BACK and is_drive(f.code), _not_given_back),
    (is_unreadable, _unreadable),
    (lambda f: f.begun and f.step is Step.BURN and is_drive(f.code), _other_medium),
    (lambda f: f.code in UNSUITABLE, _replaced),
    (lambda f: f.step is Step.SURVEY and is_unseen(f.code), lambda _: Turn.ASK),
    (lambda f: is_drive(f.code), _not_begun),
)
