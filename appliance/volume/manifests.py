"""The text files of an untrusted disc, line by line: manifests and true names."""

from collections.abc import Iterable, Iterator

import msgspec

from appliance.volume.errors import DAMAGED_METADATA, HOSTILE, VolumeError
from appliance.volume.lines import split_lines
from appliance.volume.medium import OnFault
from appliance.volume.plan_rules import FILES_MAX

PATH_TEXT_MAX = 2**31


class _TrueName(msgspec.Struct, frozen=True):
    disc: str
    name: str


def parse_manifest(
    chunks: Iterable[bytes], name: str, on_damage: OnFault | None = None
) -> Iterator[tuple[str, bytes]]:
    """Disc path and digest of each line. With `on_damage`, bad lines are told and passed over.

    Raises:
        VolumeError: 3102, a line is none of a manifest; 3104, there are more than a volume has.
    """
    text_left = PATH_TEXT_MAX
    for number, line in enumerate(split_lines(chunks, HOSTILE, name), 1):
        text_left -= len(line)
        if number > FILES_MAX or text_left < 0:
            raise VolumeError(HOSTILE, f"{name} has more lines than any Stele volume")
        try:
            parsed = _manifest_line(line)
        except ValueError as error:
            fault = VolumeError(DAMAGED_METADATA, f"{name}, line {number}: {error}")
            if on_damage is None:
                raise fault from error
            on_damage(fault)
        else:
            yield parsed


def _manifest_line(line: bytes) -> tuple[str, bytes]:
    path = line[66:].decode()
    digest = bytes.fromhex(line[:64].decode("ascii"))
    if line[64:66] != b"  " or len(digest) != 32:
        raise ValueError("this is no line of a manifest")
    return path, digest


def parse_names(
    chunks: Iterable[bytes], name: str, on_damage: OnFault | None = None
) -> dict[str, str]:
    """The true name of each disc path that has an alias; `on_damage` as above.

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
            fault = VolumeError(DAMAGED_METADATA, f"{name}, line {number}: {error}")
            if on_damage is None:
                raise fault from error
            on_damage(fault)
            continue
        if "/" in entry.name or entry.disc in result:
            raise VolumeError(HOSTILE, f"{name}, line {number}: {entry.name[:200]!r} is impossible")
        result[entry.disc] = entry.name
    return result
