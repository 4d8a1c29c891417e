"""Text as terms: what an index keeps of a name, so that words and parts of Chinese lead to it.

A text in its search form (`console.store.keys.search_key`) is cut into *runs*: of digits, of
letters, and of characters of scripts that write no spaces between words. Of the last kind every
character and every pair of neighbours is a term, so any part of a Chinese name leads to it. A run
of letters or of digits is a term as a whole, and so are its beginnings. Whatever terms cannot tell
(three characters in a row, a sign between words) is compared with the text itself afterwards.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u109f"  # Tibetan, Myanmar
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\u3130-\u318f"  # Hangul: particles follow the word
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u312f\u31a0-\u31ff"  # kana, …
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
    "\ue000-\uf8ff"  # private use; in name text these are bytes that are not UTF-8
)
UNSPACED = f"[{_UNSPACED}]"
DIGIT = rf"[^\D{_UNSPACED}]"
LETTER = rf"[^\W\d_{_UNSPACED}]"
RUN = re.compile(f"{UNSPACED}+|{DIGIT}+|{LETTER}+")

_IS_UNSPACED, _IS_DIGIT, _IS_LETTER = (re.compile(kind) for kind in (UNSPACED, DIGIT, LETTER))
_WHOLE, _BEGINNING, _PART = "=", "<", "+"
_WHOLE_MAX = 32
_BEGINNINGS = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)
_EVERY_PART = 5
_PARTS_MAX = 16
"""How many pairs of one run a query looks up; the comparison with the text sees the rest."""


@lru_cache(maxsize=1 << 14)
def terms_of(run: str) -> tuple[str, ...]:
    """Every term under which a run is kept."""
    if _IS_UNSPACED.match(run):
        pairs = {_PART + run[i : i + 2] for i in range(len(run) - 1)}
        return tuple({_PART + character for character in run} | pairs)
    beginnings = (_BEGINNING + run[:length] for length in _BEGINNINGS if length < len(run))
    return (whole(run), *beginnings)


def whole(run: str) -> str:
    """The term of a run that stands alone; of a very long one, of its beginning."""
    return _WHOLE + run[:_WHOLE_MAX]


class Needle(NamedTuple):
    """What to look up for a text that may stand anywhere in another.

    All of `required`; and when the text ends in letters or digits, which may be the beginning of
    a longer run, one of `whole` (it is not) and `beginning` (it is).
    """

    required: tuple[str, ...]
    whole: str | None
    beginning: str | None


def needle_of(text: str) -> Needle:
    """The terms of a query's word. Every text that holds it has them, and a few others."""
    required: dict[str, None] = {}
    open_end = None
    for found in RUN.finditer(text):
        run = found[0]
        if _IS_UNSPACED.match(run):
            required.update(dict.fromkeys(_parts(run)))
        elif found.end() == len(text):
            open_end = run
        else:
            required[whole(run)] = None
    if open_end is None:
        return Needle(tuple(required), None, None)
    length = max(length for length in _BEGINNINGS if length <= len(open_end))
    return Needle(tuple(required), whole(open_end), _BEGINNING + open_end[:length])


def _parts(run: str) -> list[str]:
    if len(run) == 1:
        return [_PART + run]
    # Of a long run pairs that lie side by side are enough: hardly a text has them in another order.
    step = 1 if len(run) <= _EVERY_PART else max(2, -(-len(run) // _PARTS_MAX))
    starts = dict.fromkeys((*range(0, len(run) - 1, step), len(run) - 2))
    return [_PART + run[start : start + 2] for start in starts]


class Pattern:
    """Finds a query's word in a text's search form.

    It begins with letters or digits only where a run begins; it may end anywhere. A blank in it
    (of a phrase) stands for any signs between words on one line.
    """

    __slots__ = ("_before", "_pattern")

    def __init__(self, text: str) -> None:
        blanks = r"(?:[^\w\n]|_)+"
        self._pattern = re.compile(blanks.join(map(re.escape, text.split(" "))))
        # Compiled once: a class of so many characters takes a millisecond.
        self._before = next((kind for kind in (_IS_LETTER, _IS_DIGIT) if kind.match(text)), None)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it begins and ends, each time."""
        position = 0
        while found := self._pattern.search(text, position):
            position = found.start() + 1
            if not (self._before and self._before.match(text[found.start() - 1 : found.start()])):
                yield found.span()
                position = found.end()

    def is_in(self, text: str) -> bool:
        return next(self.find(text), None) is not None
