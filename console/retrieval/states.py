"""The words for requests' priorities and for fetches."""

from enum import StrEnum


class Priority(StrEnum):
    """How soon somebody needs what they asked for."""

    URGENT = "urgent"
    NORMAL = "normal"
    LOW = "low"


class FetchState(StrEnum):
    """One reading of one volume for everything that waits for it."""

    WAITING = "waiting"
    """Its command is on the way, or the appliance has not begun."""
    RUNNING = "running"
    DONE = "done"
    """Every byte was delivered."""
    FAILED = "failed"
    """What it did not deliver is read from another copy."""
    RECALLED = "recalled"
    """Taken back before it began, because something more urgent came; its files wait again."""

    @property
    def is_under_way(self) -> bool:
        return self in (FetchState.WAITING, FetchState.RUNNING)
