"""Names on the disc: the true ones wherever every common tool can read and check them.

A name gets an *alias* when it does not fit a UDF file identifier, or holds characters that BagIt
manifests, `sha256sum -c`, 7-Zip or Windows cannot carry. `names.json` on the disc has the true one.
"""

import re
from collections.abc import Iterable
from hashlib import sha256

from appliance.volume.names import bytes_from_text
from appliance.volume.udf import cs0

# Line ends and controls (C0, C1, Unicode) break manifests; '%' is their escape character; '\' is
# a folder separator for 7-Zip and Windows; U+EF80..EFFF is 7-Zip's own escape for raw bytes; a
# space at the end is stripped by manifest readers, a dot there by Windows.
_UNFIT_CHARACTER = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029%\\\\\uef80-\uefff]")
_UNFIT = re.compile(_UNFIT_CHARACTER.pattern + r"|[\s.]\Z")
_STEM_CHARACTERS, _STEM_BYTES = 96, 200
_UTF8_BYTES_MAX = 254  # Linux shortens longer names of a UDF disc; other file systems refuse them
_ALWAYS_FIT_CHARACTERS = 63
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,12}$")


def needs_alias(name: str) -> bool:
    """Whether the name cannot stand on the disc as it is."""
    if _UNFIT.search(name):
        return True
    if len(name) <= _ALWAYS_FIT_CHARACTERS:
        return False
    return len(name.encode()) > _UTF8_BYTES_MAX or len(cs0.encode(name)) - 1 > cs0.NAME_BYTES_MAX


def aliases(names: Iterable[str]) -> dict[str, str]:
    """For each name of one folder that needs one: its alias, unlike every other name there.

    The alias begins and ends like the name, so that a person and a program still know the kind of
    file, and is the same whenever the folder holds the same names.
    """
    all_names = set(names)
    unfit = sorted(name for name in all_names if needs_alias(name))
    taken = {name.casefold() for name in all_names}
    result: dict[str, str] = {}
    for name in unfit:
        attempt = 0
        while (alias := _alias(name, attempt)).casefold() in taken:
            attempt += 1
        taken.add(alias.casefold())
        result[name] = alias
    return result


def _alias(name: str, attempt: int) -> str:
    mark = sha256(b"%d/%b" % (attempt, bytes_from_text(name))).hexdigest()[:8]
    readable = _UNFIT_CHARACTER.sub("_", name).strip().rstrip(". ")
    ending = _SUFFIX.search(readable)
    suffix = ending.group() if ending and ending.start() > 0 else ""
    stem = readable[: len(readable) - len(suffix)][:_STEM_CHARACTERS]
    stem = stem.encode()[:_STEM_BYTES].decode(errors="ignore").strip()
    return f"{stem}~{mark}{suffix}"
