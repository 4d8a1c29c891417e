"""The names of fonds, series and dossiers, and the folder that a dossier gets on a disc."""

import unicodedata
from collections.abc import Collection

from appliance.contract.errors import SteleError

TITLE_CHARACTERS_MAX = 255
_FOLDER_BYTES_MAX = 200


def check_title(what: str, title: str) -> str:
    """Return a title that screens, labels and discs can bear.

    Raises:
        SteleError: 3411, says what is wrong with it.
    """
    if not title.strip():
        raise SteleError(3411, f"the name of the {what} is empty")
    if len(title) > TITLE_CHARACTERS_MAX:
        message = f"the name of the {what} has {len(title)} characters"
        raise SteleError(3411, f"{message}; at most {TITLE_CHARACTERS_MAX} are possible")
    bad = next((c for c in title if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")), None)
    if bad is not None:
        raise SteleError(3411, f"the name of the {what} holds the character U+{ord(bad):04X}")
    return title


def title_for(folder: str) -> str:
    """A folder's name as a title: what cannot be seen in it becomes a sign for it.

    Control characters become their pictures (U+2400 …); so do blanks where there is nothing else.
    """
    shown = "".join(_sign(c) for c in folder)
    return shown if shown.strip() else "".join("\u2420" for _ in folder)


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return "\u2421" if code == 0x7F else f"<U+{code:04X}>"
    return character


def folder_for(title: str) -> str:
    """A folder name for a dossier that was given its title by hand: one level, not too long."""
    name = title.replace("/", "_").strip()
    if name in (".", ".."):
        name = name.replace(".", "_")
    return name.encode()[:_FOLDER_BYTES_MAX].decode("utf-8", "ignore")


def free_folder(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or the first of `wanted~2`, `wanted~3` … that nothing else has."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}~{number}"
    return name
