"""The text files of an untrusted disc, line by line: manifests and true names."""

from collections.abc import Iterable, Iterator

import msgspec

from appliance.volume.errors import DAMAGED_METADATA, HOSTILE, VolumeError
from appliance.volume.lines import split_lines


class _TrueName(msgspec.Struct, frozen=True):
    disc: str
    name: str


def parse_manifest(chunks: Iterable[bytes], name: str) -> Iterator[tuple[str, bytes]]:
    """Disc path and digest of each line.

    Raises:
        VolumeError: 3102, a line is none of a manifest.
    """
    for number, line in enumerate(split_lines(chunks, HOSTILE, name), 1):
        try:
            digest, path = bytes.fromhex(line[:64].decode("ascii")), line[66:].decode()
        except ValueError as error:
            raise VolumeError(DAMAGED_METADATA, f"{name}, line {number}: {error}") from error
        if line[64:66] != b"  " or len(digest) != 32:
            raise VolumeError(DAMAGED_METADATA, f"{name}, line {number} is no manifest line")
        yield path, digest


def parse_names(chunks: Iterable[bytes], name: str) -> dict[str, str]:
    """The true name of each disc path that has an alias.

    Raises:
        VolumeError: 3102, a line is damaged; 3104, a name is impossible.
    """
    decoder = msgspec.json.Decoder(_TrueName)
    result: dict[str, str] = {}
    for number, line in enumerate(split_lines(chunks, HOSTILE, name), 1):
        if line in (b"[", b"]"):
            continue
        try:
            entry = decoder.decode(line.removesuffix(b","))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise VolumeError(DAMAGED_METADATA, f"{name}, line {number}: {error}") from error
        if "/" in entry.name or entry.disc in result:
            raise VolumeError(HOSTILE, f"{name}, line {number}: {entry.name[:200]!r} is impossible")
        result[entry.disc] = entry.name
    return result
