"""The words for a fetch: one reading of one disc for everything that waits for it."""

from enum import StrEnum


class FetchState(StrEnum):
    WAITING = "waiting"
    """Its command is on the way, or the appliance has not begun."""
    RUNNING = "running"
    DONE = "done"
    """Every byte was delivered."""
    FAILED = "failed"
    """What it did not deliver is read from another copy."""
