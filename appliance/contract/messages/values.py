"""What several messages have in common: bounded values, and a failure."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Bytes = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[float, Meta(ge=0.0)]
Url = Annotated[str, Meta(min_length=1, max_length=2048)]
Token = Annotated[str, Meta(min_length=1, max_length=4096)]
Seq = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Instant = Annotated[datetime, Meta(tz=True)]
"""A moment with its zone: two of them can always be compared."""
Sha256Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class ErrorInfo(Struct, frozen=True, omit_defaults=True):
    """A defined failure: `code` is a row of the error table."""

    code: int
    message: str
    detail: str = ""
