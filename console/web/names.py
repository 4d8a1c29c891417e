"""Showing names that come from outside: what cannot be seen is made visible, nothing acts.

Archived names are *name text*: a raw byte that is not UTF-8 stands as U+F700 + byte. Such bytes,
control characters and the characters that change the direction or the join of other text are
shown as marked escapes, so that a name always looks like what it is.
"""

import unicodedata

from markupsafe import Markup, escape

RAW_BYTES = range(0xF780, 0xF800)
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def is_hidden(character: str) -> bool:
    """Whether a character would not show itself, or would change how others show."""
    return unicodedata.category(character) in _HIDDEN_CATEGORIES


def spell(character: str) -> str:
    """A hidden character in words: a raw byte as ``\\xE9``, anything else as ``U+202E``."""
    number = ord(character)
    return f"\\x{number - 0xF700:02X}" if number in RAW_BYTES else f"U+{number:04X}"


def show_name(name: str) -> Markup:
    """A name as HTML, isolated from the direction of the text around it."""
    shown = Markup("").join(
        Markup('<span class="hidden-char">{}</span>').format(spell(character))
        if is_hidden(character)
        else escape(character)
        for character in name
    )
    return Markup("<bdi>{}</bdi>").format(shown)


def plain_name(name: str) -> str:
    """A name as plain text for titles, labels and headers: hidden characters spelled out."""
    return "".join(spell(c) if is_hidden(c) else c for c in name)
