"""The landing zone: file contents under their SHA-256, from ingest until every copy is verified.

In a folder (`folder.py`) or in a bucket of an S3 store (`s3.py`); the same promises in both. A
content appears under its name only complete and durable; nothing else ever stands under that name.
"""

from console.store.landing.base import (
    CHUNK_BYTES,
    Batch,
    Landed,
    Landing,
    LandingError,
    MissingContentError,
    Piece,
)
from console.store.landing.opening import open_landing

__all__ = [
    "CHUNK_BYTES",
    "Batch",
    "Landed",
    "Landing",
    "LandingError",
    "MissingContentError",
    "Piece",
    "open_landing",
]
