"""Names for a ZIP that every system can unpack, and nothing outside its folder. Pure.

Archived names are any bytes but '/' and NUL. In a ZIP none of them may climb (`..`), begin at a
root or a drive, be a device of Windows, end in a dot or a space, or differ from a neighbour only in
case or in how accents are written. What has to be changed keeps its place, but for paths longer
than any system takes; the manifest has both names.
"""

import re
import unicodedata
from collections.abc import Iterable

NAME_BYTES_MAX = 240
PATH_BYTES_MAX = 3_000
LONG_FOLDER = "long-paths"
"""What lies too deep lies here, side by side."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"\\|?*\u202a-\u202e\u2066-\u2069\ufeff]')
_NOT_UTF8 = re.compile("[\uf780-\uf7ff]")
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")


def safe_name(name: str) -> str:
    """One name of a path, made safe; two different names may become the same."""
    name = _NOT_UTF8.sub(lambda found: f"%{ord(found[0]) - 0xF700:02X}", name)
    name = _FORBIDDEN.sub("_", name)
    trimmed = name.rstrip(". ")
    if trimmed != name:
        name = trimmed + "_"
    if _DEVICE.match(name):
        name = f"_{name}"
    return shorten(name) or "_"


def shorten(name: str, limit_bytes: int = NAME_BYTES_MAX) -> str:
    """A name of at most so many bytes of UTF-8, with its extension kept."""
    if len(name.encode()) <= limit_bytes:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = dot + extension
    if not stem or len(tail.encode()) > 32:
        stem, tail = name, ""
    room = limit_bytes - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + tail


def _key(name: str) -> str:
    """Equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


class SafePaths:
    """Gives each archived path a safe one of its own; the same for the same, in any order of calls
    as long as that is the same order.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """`taken` are names at the top that are not to be given."""
        self._used: dict[str, set[str]] = {"": {_key(name) for name in (*taken, LONG_FOLDER)}}
        self._folders: dict[str, str] = {"": ""}

    def file(self, path: str) -> str:
        """A file's safe path, with '/' between names. Each call is for another file."""
        above, _, name = path.strip("/").rpartition("/")
        return self._new(self.folder(above), name)

    def folder(self, path: str) -> str:
        """A folder's safe path, without a '/' at its end; '' is the top."""
        known = path
        while known not in self._folders:  # upwards to one that is known; not by recursion
            known = known.rpartition("/")[0]
        at = self._folders[known]
        for name in path[len(known) :].strip("/").split("/") if path != known else ():
            known = f"{known}/{name}" if known else name
            at = self._folders[known] = self._new(at, name)
        return at

    def _new(self, above: str, name: str) -> str:
        safe = safe_name(name)
        if len(f"{above}/{safe}".encode()) > PATH_BYTES_MAX:
            above = LONG_FOLDER
        used = self._used.setdefault(above, set())
        candidate, number = safe, 1
        while _key(candidate) in used:
            number += 1
            stem, dot, extension = safe.rpartition(".")
            if not stem or len(extension) > 16:
                stem, dot, extension = safe, "", ""
            mark = f"~{number}"
            room = NAME_BYTES_MAX - len((mark + dot + extension).encode())
            candidate = shorten(stem, room) + mark + dot + extension
        used.add(_key(candidate))
        return f"{above}/{candidate}".lstrip("/")
