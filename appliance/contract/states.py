"""The words for states that cross the wire, and what each of them allows."""

from enum import StrEnum


class MediumKind(StrEnum):
    """What a medium physically is."""

    DISC = "disc"
    DISK = "disk"
    """A hard disk in a bay: volumes are bag folders on its file system."""
    TAPE = "tape"
    """A cartridge: each volume is one tape file, a pax archive of the bag."""


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
    AWAY = "away"
    """Its magazine has been taken out."""


class DriveState(StrEnum):
    EMPTY = "empty"
    LOADING = "loading"
    LOADED = "loaded"
    BURNING = "burning"
    VERIFYING = "verifying"
    READING = "reading"
    UNLOADING = "unloading"
    PRINTING = "printing"
    UNAVAILABLE = "unavailable"
    """It does not answer, or was taken out of service."""


class BayState(StrEnum):
    """A hard disk's bay."""

    EMPTY = "empty"
    OFF = "off"
    """A disk is there, without power: how it rests."""
    STARTING = "starting"
    ON = "on"
    RELEASED = "released"
    """The tray may be pulled."""
    UNAVAILABLE = "unavailable"


class ReadingState(StrEnum):
    """What a sensor's value means against the policy's limits."""

    GOOD = "good"
    LOW = "low"
    HIGH = "high"
    UNAVAILABLE = "unavailable"
    """The sensor cannot be asked: there is no value, and no earlier one is shown."""
    UNKNOWN = "unknown"
    """Not asked yet, or no limit is set."""


class DoorState(StrEnum):
    LOCKED = "locked"
    """Closed, and the bolt is out."""
    UNLOCKED = "unlocked"
    """Closed, and may be opened."""
    OPEN = "open"
    FORCED = "forced"
    """Opened although it was locked."""
    UNAVAILABLE = "unavailable"
    """A contact cannot be read: treated as open."""


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
    PRINT = "print"
    HANDLE = "handle"
    """A person puts media in or takes them out."""
    RETURN = "return"
    FINISHED = "finished"
