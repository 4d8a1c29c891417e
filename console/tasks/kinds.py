"""The words for tasks, and what is told of each."""

from enum import StrEnum

from msgspec import Struct


class TaskKind(StrEnum):
    """What a person is to do."""

    BRING_MAGAZINE = "bring_magazine"
    """Put a magazine that was taken out into an appliance again."""
    BRING_MEDIUM = "bring_medium"
    """Put a single medium that is outside into an appliance again."""
    CARRY_MEDIUM = "carry_medium"
    """Carry a medium between slot and drive, where no robot does, as the lights say."""
    TAKE_MAGAZINE = "take_magazine"
    """Take a magazine out, for the shelf: nobody has used what is in it for long."""
    TAKE_MEDIA = "take_media"
    """Take single media out, likewise."""


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    """What was to be brought is there."""
    NEEDLESS = "needless"
    """Nobody waits for it any more."""


class TaskBody(Struct, frozen=True, omit_defaults=True):
    """Where to look for the thing, where it goes, and what will be lit there."""

    labels: list[str] = []
    """Of the volumes that are wanted from it: what stands on the discs. The first few."""
    media: list[str] = []
    """The media that are wanted; of a magazine, those in it."""
    requests: list[str] = []
    """Who waits."""
    last_appliance: str = ""
    last_place: str = ""
    """Where it was before it was taken out: a magazine's place, or a slot."""
    away_since: str = ""
    """ISO 8601, UTC; empty when nobody saw it go."""
    to_appliance: str = ""
    to_place: str = ""
    """A magazine's place or a slot that is free; empty when none is."""
    lights: list[str] = []
    """The slots of `to_appliance` that are lit when the task is started."""
    lit: list[str] = []
    """Those that are lit now because of it."""
