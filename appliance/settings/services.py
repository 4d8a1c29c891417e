"""What watches over air, doors and power."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct


class EnvironmentSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of the air."""

    policy: Annotated[
        Path | None, Meta(description="File with limits, hold times and rates; unset for none.")
    ] = None


class AccessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may open which door."""

    people: Annotated[
        Path | None,
        Meta(description="File with people and the digests of their PINs; unset: nobody may open."),
    ] = None


class PowerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What happens when the mains fail."""

    mains_grace_s: Annotated[
        float, Meta(ge=0, le=3600, description="Mains lost for so long begin an orderly stop.")
    ] = 5.0


class LocalSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The door to the firmware for the touchscreen and the command line."""

    socket: Annotated[
        Path | None, Meta(description="Unix socket on which the firmware can be asked; unset: no.")
    ] = None
