"""What resources share whose every change is a version."""

from typing import Annotated

from msgspec import Meta, Struct

Version = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Expected = Annotated[int, Meta(ge=0, le=1_000_000_000)]
"""The version that a change was made on, 0 for something new."""


class TwoVersions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two versions to compare."""

    before: Version
    after: Version
