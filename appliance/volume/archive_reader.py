"""The members of an untrusted pax archive, also one that GNU tar made of a bag folder.

Bounded by the archive's size and by fixed limits; nothing recurses, nothing is followed. Links,
devices and whatever else is neither file nor folder are refused.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from appliance.volume.bag_reader import Found
from appliance.volume.errors import (
    DAMAGED_METADATA,
    HOSTILE,
    NOT_A_VOLUME,
    TRUNCATED,
    VolumeError,
)
from appliance.volume.medium import Medium, ReadAt
from appliance.volume.pax import BLOCK, EXTENDED, FILE, FOLDER, blocks
from appliance.volume.plan_rules import FILES_MAX
from appliance.volume.reader import OnDamage

MAGIC = b"ustar"
MAGIC_OFFSET = 257
RECORDS_BYTES_MAX = 2**20
_GLOBAL, _LONG_NAME, _OLD_FILE = b"g", b"L", b"\0"
_NS = 1_000_000_000
_DECIMAL = re.compile(rb"-?[0-9]{1,20}(\.[0-9]{1,40})?\Z")
_NUMBER = re.compile(rb"[0-9]{1,19}\Z")
_OCTAL = re.compile(rb" *[0-7]*[ \0]*\Z")
_NOWHERE = 2**63


class ArchiveSource:
    """The archive of `size_bytes` behind `read_at`, as the members of one bag.

    `BagReader` takes it.
    """

    def __init__(self, read_at: ReadAt, size_bytes: int) -> None:
        self._medium = Medium(read_at, size_bytes)
        self._size_bytes = size_bytes

    def members(self, on_damage: OnDamage | None) -> Iterator[Found]:
        """Every member below the one top folder.

        Raises:
            VolumeError: 3101, the members have no top folder in common; 3104, a member is neither
                file nor folder; without `on_damage` also 3102, 3103, 3106.
        """
        top = ""
        for number, found in enumerate(self._walk(on_damage)):
            first, _, path = found.path.rstrip("/").partition("/")
            top = top or first
            if first != top or first in ("", ".", ".."):
                raise VolumeError(NOT_A_VOLUME, "the archive's members have no one top folder")
            if number > FILES_MAX + BLOCK:
                raise VolumeError(HOSTILE, "the archive has more members than any Stele volume")
            if path:
                yield found._replace(path=path)

    def chunks(self, found: Found) -> Iterator[bytes]:
        """The content of a file."""
        return self._medium.chunks(((found.position, found.size_bytes),))

    def _walk(self, on_damage: OnDamage | None) -> Iterator[Found]:
        at = 0
        while at < self._size_bytes:
            try:
                found, at = self._member(at)
            except VolumeError as error:
                if on_damage is None or error.code == HOSTILE:
                    raise
                on_damage("", error)
                return
            if found is None:
                return
            yield found
        if on_damage is None:
            raise VolumeError(TRUNCATED, "the archive has no end")
        on_damage("", VolumeError(TRUNCATED, "the archive has no end"))

    def _member(self, at: int) -> tuple[Found | None, int]:
        """The member whose headers begin at `at`, and where the next begins; none at the end."""
        records: dict[bytes, bytes] = {}
        while True:
            block = self._medium.read(at, BLOCK)
            if not any(block):
                return None, at
            kind, size_bytes = _checked(block, at), _octal(block[124:136], at)
            at += BLOCK
            if kind not in (EXTENDED, _GLOBAL, _LONG_NAME):
                return self._found(block, kind, size_bytes, records, at)
            if not 0 <= size_bytes <= RECORDS_BYTES_MAX:
                raise VolumeError(HOSTILE, f"the header at byte {at} is larger than any needs")
            content = self._medium.read(at, size_bytes)
            if kind == EXTENDED:
                records |= _records(content, at)
            elif kind == _LONG_NAME:
                records.setdefault(b"path", content.rstrip(b"\0"))
            at += blocks(size_bytes)

    def _found(
        self, block: bytes, kind: bytes, size_bytes: int, records: dict[bytes, bytes], at: int
    ) -> tuple[Found, int]:
        if kind not in (FILE, FOLDER, _OLD_FILE):
            raise VolumeError(HOSTILE, f"the member before byte {at} is neither file nor folder")
        if (stated := records.get(b"size")) is not None:
            if not _NUMBER.match(stated):
                raise VolumeError(DAMAGED_METADATA, f"the member before byte {at} has no size")
            size_bytes = int(stated)
        if kind == FOLDER:
            size_bytes = 0
        if at + size_bytes > self._size_bytes:
            raise VolumeError(TRUNCATED, f"the archive ends before byte {at + size_bytes}")
        if size_bytes < 0:
            raise VolumeError(DAMAGED_METADATA, f"the member before byte {at} has no size")
        mtime_ns = _mtime_ns(records.get(b"mtime"), _octal(block[136:148], at))
        path = records.get(b"path", _ustar_path(block))
        try:
            name = path.decode()
        except UnicodeDecodeError as error:
            message = f"the name before byte {at} is not UTF-8"
            raise VolumeError(HOSTILE, message) from error
        return Found(name, kind == FOLDER, size_bytes, mtime_ns, at), at + blocks(size_bytes)


def _checked(block: bytes, at: int) -> bytes:
    """The kind of member, when the header is whole."""
    total = sum(block) - sum(block[148:156]) + 8 * 0x20
    if block[MAGIC_OFFSET : MAGIC_OFFSET + 5] != MAGIC or _octal(block[148:156], at) != total:
        raise VolumeError(DAMAGED_METADATA, f"the archive's header at byte {at} is damaged")
    return block[156:157]


def _octal(field: bytes, at: int) -> int:
    if field[0] & 0x80:  # GNU tar's own way with numbers that octal digits cannot hold
        number = int.from_bytes(field, "big", signed=True)
        return number + 2 ** (8 * len(field) - 1) if field[0] == 0x80 else number
    if not _OCTAL.match(field):
        raise VolumeError(DAMAGED_METADATA, f"a number in the header at byte {at} is damaged")
    return int(field.strip(b" \0") or b"0", 8)


def _ustar_path(block: bytes) -> bytes:
    name, prefix = block[:100].partition(b"\0")[0], block[345:500].partition(b"\0")[0]
    posix = block[MAGIC_OFFSET + 5 : MAGIC_OFFSET + 6] == b"\0"  # GNU has other things there
    return prefix + b"/" + name if prefix and posix else name


def _records(content: bytes, at: int) -> dict[bytes, bytes]:
    """The records of an extended header."""
    result: dict[bytes, bytes] = {}
    position = 0
    while position < len(content):
        digits, space, _ = content[position : position + 12].partition(b" ")
        length = int(digits) if space and _NUMBER.match(digits) else 0
        record = content[position : position + length]
        key, equals, value = record[len(digits) + 1 :].partition(b"=")
        if len(record) != length or not equals or not value.endswith(b"\n"):
            raise VolumeError(DAMAGED_METADATA, f"the extended header at byte {at} is damaged")
        result[key] = value[:-1]
        position += length
    return result


def _mtime_ns(stated: bytes | None, seconds: int) -> int:
    if stated is None:
        return min(max(seconds * _NS, -_NOWHERE), _NOWHERE - 1)
    try:
        if _DECIMAL.match(stated):
            value = int(Decimal(stated.decode()) * _NS)
            return min(max(value, -_NOWHERE), _NOWHERE - 1)
    except InvalidOperation:
        pass
    raise VolumeError(DAMAGED_METADATA, f"{stated[:40]!r} is no time")
