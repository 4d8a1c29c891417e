"""Name text: any file name as valid Unicode, reversibly, and which paths a volume may hold.

A name's raw bytes are decoded as UTF-8; each byte that is not part of valid UTF-8, and each byte
of a literal character U+F780..U+F7FF, becomes the private character U+F700 + byte. So every byte
string has one text, and that text gives the bytes back.
"""

import re

from appliance.volume.errors import INVALID_PLAN, VolumeError

NAME_BYTES_MAX = 255
PATH_BYTES_MAX = 65_535
DEPTH_MAX = 1_000

_ESCAPE_BASE = 0xF700
_LITERAL = re.compile("[\uf780-\uf7ff]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_TO_ESCAPE = {0xDC00 + byte: _ESCAPE_BASE + byte for byte in range(0x80, 0x100)}
_FROM_ESCAPE = {_ESCAPE_BASE + byte: 0xDC00 + byte for byte in range(0x80, 0x100)}
_LITERAL_TO_ESCAPE = {
    code: "".join(chr(_ESCAPE_BASE + byte) for byte in chr(code).encode())
    for code in range(0xF780, 0xF800)
}
_SUSPECT = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\0\ud800-\udfff\uf780-\uf7ff]")


def text_from_bytes(raw: bytes) -> str:
    """The name text of a file name, or of a path with '/' between names."""
    text = raw.decode("utf-8", "surrogateescape")
    if text.isascii():
        return text
    if _LITERAL.search(text):
        text = text.translate(_LITERAL_TO_ESCAPE)
    return text.translate(_TO_ESCAPE) if _ESCAPED.search(text) else text


def bytes_from_text(text: str) -> bytes:
    """The raw bytes that name text stands for.

    Raises:
        VolumeError: 3001, the text holds surrogates and so is no valid Unicode.
    """
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise VolumeError(INVALID_PLAN, f"name {text!r} is not valid Unicode") from error
    if _LITERAL.search(text):
        return text.translate(_FROM_ESCAPE).encode("utf-8", "surrogateescape")
    return raw


def is_canonical(text: str) -> bool:
    """Whether the text is the one name text of its bytes: no two texts stand for one name."""
    try:
        return text_from_bytes(bytes_from_text(text)) == text
    except VolumeError:
        return False


def check_path(path: str) -> None:
    """Make sure that a path in name text can exist on Linux and on a volume.

    Raises:
        VolumeError: 3001 with the reason.
    """
    if len(path) < NAME_BYTES_MAX // 3 and not _SUSPECT.search(path):
        return
    reason = _objection(path)
    if reason:
        raise VolumeError(INVALID_PLAN, f"path {path[:200]!r}: {reason}")


def _objection(path: str) -> str:
    if not is_canonical(path):
        return "is not canonical name text"
    names = path.split("/")
    raw_names = bytes_from_text(path).split(b"/")
    objections = {
        "holds a NUL character": "\0" in path,
        "has an empty name, '.' or '..'": any(name in ("", ".", "..") for name in names),
        f"is deeper than {DEPTH_MAX} levels": len(names) > DEPTH_MAX,
        f"is longer than {PATH_BYTES_MAX} bytes": sum(map(len, raw_names)) > PATH_BYTES_MAX,
        f"has a name longer than {NAME_BYTES_MAX} bytes": max(map(len, raw_names)) > NAME_BYTES_MAX,
    }
    return next((reason for reason, holds in objections.items() if holds), "")


def order_of_file(path: str) -> str:
    """The key by which files are sorted: a folder's own files before those of its folders."""
    folder, _, name = path.rpartition("/")
    return f"{folder.replace('/', chr(0))}\0\0{name}"


def order_of_folder(path: str) -> str:
    """The key by which folders are sorted: each folder directly before what lies in it."""
    return path.replace("/", "\0")
