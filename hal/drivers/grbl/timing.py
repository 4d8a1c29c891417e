"""How long a controller may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrblTiming:
    """Limits in seconds of the event loop's clock."""

    answer_s: float = 3.0
    """For a status report or a line that moves nothing."""
    welcome_s: float = 5.0
    """For the welcome line after a reset or after the port was opened."""
    heartbeat_busy_s: float = 1.0
    heartbeat_idle_s: float = 10.0
    move_s: float = 60.0
    """For one motion, time in hold not counted."""
    homing_s: float = 120.0
