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


class Label(Struct, frozen=True, omit_defaults=True):
    """What is printed on a medium: a template's name, and the fields that it may show."""

    template: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "standard"
    title: Annotated[str, Meta(max_length=200)] = ""
    series: Annotated[str, Meta(max_length=200)] = ""
    date: Annotated[str, Meta(max_length=32)] = ""
    text: Annotated[str, Meta(max_length=1000)] = ""
    qr: Annotated[str, Meta(max_length=300)] = ""


class Batch(Struct, frozen=True):
    """Jobs that were ordered together, such as a hundred discs to burn and print."""

    batch_id: Id
    size: Annotated[int, Meta(ge=1, le=1000)]
