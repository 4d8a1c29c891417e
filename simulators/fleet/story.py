"""What happens at an appliance, as a pure function of its number and the event's.

Nothing is kept of an event but its time, so that ten thousand outboxes fit into one process and an
event that is asked for again is the same, byte for byte.
"""

from appliance.contract.messages import (
    AlarmCleared,
    AlarmRaised,
    DoorChanged,
    ErrorInfo,
    EventBody,
    JobChanged,
    MediumChanged,
)
from appliance.contract.states import DoorState, JobStage, JobState, MediumState

CHAPTER = 12
"""Events that tell of one disc: inventoried, looked at, filed; a door and an alarm now and then."""


def medium(appliance: str, number: int) -> str:
    """The name of a disc, which no other appliance has."""
    return f"m-{appliance}-{number:04}"


def tell(appliance: str, seq: int, slots: int) -> EventBody:
    """The event with this number; an appliance's chapters go round its slots."""
    chapter, part = divmod(seq - 1, CHAPTER)
    number = chapter % slots + 1
    if part < 8:
        return _disc(appliance, chapter, part, number)
    return _surroundings(appliance, chapter, part - 8)


def _disc(appliance: str, chapter: int, part: int, number: int) -> EventBody:
    job_id = f"look-{appliance}-{chapter}"
    medium_id, slot = medium(appliance, number), f"s{number:03}"
    if part % 2:
        place = ("robot", "drive:d1", "robot", f"slot:{slot}")[part // 2]
        known = MediumState.UNSEEN if part < 3 else MediumState.BLANK
        capacity = None if part < 3 else 25_025_314_816
        return MediumChanged(medium_id, place, known, slot, capacity_bytes=capacity)
    state, stage = (
        (JobState.WAITING, JobStage.QUEUED),
        (JobState.RUNNING, JobStage.LOAD),
        (JobState.RUNNING, JobStage.READ),
        (JobState.DONE, JobStage.FINISHED),
    )[part // 2]
    return JobChanged(job_id, "take_inventory", state, stage, medium_id=medium_id, drive="d1")


def _surroundings(appliance: str, chapter: int, part: int) -> EventBody:
    if part < 2:
        state = DoorState.OPEN if part == 0 else DoorState.LOCKED
        return DoorChanged("front", state, f"person {chapter % 7}")
    alarm_id = f"climate:{chapter}"
    if part == 2:
        text = f"humidity of {appliance} is out of its limits"
        return AlarmRaised(alarm_id, "climate", ErrorInfo(4040, text))
    return AlarmCleared(alarm_id, "climate", 4040)
