"""What watches over air, doors and power."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Word = Annotated[str, Meta(min_length=1, max_length=1024)]


class EnvironmentSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The air: how often it is measured, and within which limits it must be."""

    policy: Annotated[
        Path | None,
        Meta(description="File with limits, hold times and rates; the firmware's own if unset."),
    ] = None
    interval_s: Annotated[
        float, Meta(ge=0.1, le=3600, description="Time between two readings of a sensor.")
    ] = 2.0


class AccessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may open doors, and for how long."""

    people: Annotated[
        Path | None,
        Meta(description="File of people and digests of their PINs; in `state_dir` if unset."),
    ] = None
    open_within_s: Annotated[
        Seconds, Meta(description="An unlocked door that is not opened is locked after this.")
    ] = 30.0
    left_open_s: Annotated[Seconds, Meta(description="A door open for longer raises an alarm.")] = (
        300.0
    )
    service_open_s: Annotated[
        Seconds, Meta(description="The same for a door that a service code opened.")
    ] = 14_400.0
    rest_within_s: Annotated[
        Seconds, Meta(description="How long an unlocking waits for motion to end.")
    ] = 180.0


class PowerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What happens when the mains fail."""

    mains_grace_s: Annotated[
        Seconds, Meta(description="Mains lost for so long begin an orderly stop.")
    ] = 30.0
    shutdown: Annotated[
        tuple[Word, ...],
        Meta(description="Command run when all has stopped for want of mains; empty for none."),
    ] = ()


class LocalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The door to the firmware for the touchscreen and the command line."""

    socket: Annotated[
        Path | None,
        Meta(
            description="Unix socket for the cabinet itself; `local.sock` in `state_dir` if unset."
        ),
    ] = None
