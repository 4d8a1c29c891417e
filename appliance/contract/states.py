"""The words for states that cross the wire, and what each of them allows."""

from enum import StrEnum


class MediumState(StrEnum):
    """What is known of a medium. A write-once medium only ever moves down this list (I7)."""

    UNSEEN = "unseen"
    """Present, but no drive has looked at it; presumed blank until one has."""
    BLANK = "blank"
    """A drive reported it blank."""
    BURNING = "burning"
    """A burn has begun: never to be written again, whatever became of it."""
    WRITTEN = "written"
    """Holds a volume; not verified, or no longer."""
    VERIFIED = "verified"
    """Every sector was read back and agreed with the plan."""
    CONDEMNED = "condemned"
    """Not to be relied on: a burn failed, or two drives could not verify it."""
    FOREIGN = "foreign"
    """Holds something that this archive did not write."""

    @property
    def may_be_burned(self) -> bool:
        return self in (MediumState.UNSEEN, MediumState.BLANK)


class SlotState(StrEnum):
    EMPTY = "empty"
    FULL = "full"
    UNKNOWN = "unknown"
    """Nobody has looked, or the last answer cannot be trusted."""


class DriveState(StrEnum):
    EMPTY = "empty"
    LOADING = "loading"
    LOADED = "loaded"
    BURNING = "burning"
    VERIFYING = "verifying"
    READING = "reading"
    UNLOADING = "unloading"
    UNAVAILABLE = "unavailable"
    """It does not answer, or was taken out of service."""


class RobotState(StrEnum):
    UNKNOWN = "unknown"
    HOMING = "homing"
    IDLE = "idle"
    MOVING = "moving"
    HELD = "held"
    ALARM = "alarm"
    UNAVAILABLE = "unavailable"


class JobState(StrEnum):
    WAITING = "waiting"
    """Accepted; waits for a drive, a medium, the changer or a person: `JobView.waiting_for`."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Ended without its result; the error says what to do."""
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobStage(StrEnum):
    """Where in its work a job is; what an operator sees beside the progress bar."""

    QUEUED = "queued"
    LOAD = "load"
    BURN = "burn"
    VERIFY = "verify"
    READ = "read"
    RETURN = "return"
    FINISHED = "finished"
