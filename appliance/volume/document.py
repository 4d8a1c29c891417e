"""`volume.json`: what the disc says of itself to programs."""

from typing import Any

import msgspec
from msgspec import Struct

from appliance.volume.errors import DAMAGED_METADATA, NOT_A_VOLUME, VolumeError
from appliance.volume.plan import Identity

VOLUME_FORMAT = "stele-volume/1"
VOLUME_JSON = "volume.json"


class DigestRef(Struct, frozen=True):
    """Where the digests by one algorithm stand, and of what they are."""

    algorithm: str
    manifest: str
    of: str = "whole files"


class VolumeDocument(Struct, frozen=True):
    """The document. `names` is the file with true names, if any; `set` is for later versions."""

    format: str
    identity: Identity
    plan_sha256: str
    files: int
    payload_bytes: int
    digests: tuple[DigestRef, ...]
    names: str | None = None
    set: Any = None


def encode_document(document: VolumeDocument) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def decode_document(content: bytes) -> VolumeDocument:
    """Read `volume.json` from an untrusted disc.

    Raises:
        VolumeError: 3102, it is damaged; 3101, it is of another kind or a later format.
    """
    try:
        document = msgspec.json.decode(content, type=VolumeDocument)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise VolumeError(DAMAGED_METADATA, f"{VOLUME_JSON}: {error}") from error
    if document.format != VOLUME_FORMAT:
        raise VolumeError(NOT_A_VOLUME, f"volume format {document.format[:40]!r} is not known")
    return document
