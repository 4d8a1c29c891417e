"""Bringing a text into a box: smaller letters, several lines, or an end cut off. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ELLIPSIS = "…"
_WIDE = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uffee\U00020000-\U0003ffff"
"""Scripts that are broken beside any character: Chinese, Japanese, Korean, full-width forms."""
_WORD = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]+")
_STICKS_TO_THE_ONE_BEFORE = frozenset("，。、；：？！）》」』】”’％…,.;:?!)]}%")
LINE_SPACING = 1.2

Measure = Callable[[str, int], float]
"""Width of a text at a letter size, both in the same unit as the box."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A text as it is set: its lines, and the size of the letters."""

    lines: tuple[str, ...]
    size: int


def fit(
    text: str,
    measure: Measure,
    width: int,
    height: int,
    sizes: Sequence[int],
    *,
    wrap: bool,
    ellipsis: bool,
) -> Setting | None:
    """The text in the first of `sizes` in which it fits, or cut at the last; `None` if neither."""
    for size in sizes:
        lines = _broken(text, measure, width, size) if wrap else (text,)
        room = _line_count(height, size) if wrap else 1
        if len(lines) <= room and all(measure(line, size) <= width for line in lines):
            return Setting(lines, size)
    if not ellipsis:
        return None
    size = sizes[-1]
    lines = _broken(text, measure, width, size) if wrap else (text,)
    kept = list(lines[: _line_count(height, size) if wrap else 1])
    kept[-1] = _cut(kept[-1], measure, width, size)
    return Setting(tuple(kept), size)


def _line_count(height: int, size: int) -> int:
    return max(1, int((height - size) / (size * LINE_SPACING)) + 1)


def _broken(text: str, measure: Measure, width: int, size: int) -> tuple[str, ...]:
    """Lines no wider than `width`: broken at spaces and beside Chinese characters, and within a
    word that is wider than the box."""
    lines = [""]
    for piece in _pieces(text):
        joined = lines[-1] + piece
        if not lines[-1] or measure(joined.rstrip(), size) <= width:
            lines[-1] = joined
        else:
            lines.append(piece.lstrip())
        while measure(lines[-1].rstrip(), size) > width and len(lines[-1]) > 1:
            cut = _longest(lines[-1], measure, width, size)
            lines[-1:] = [lines[-1][:cut], lines[-1][cut:]]
    return tuple(line.strip() for line in lines if line.strip()) or ("",)


def _pieces(text: str) -> list[str]:
    """Words with the space before them, and Chinese characters, each with what sticks to it."""
    pieces: list[str] = []
    end = 0
    for found in _WORD.finditer(text):
        word = found[0]
        gap = text[end : found.start()]
        end = found.end()
        if pieces and not gap and word[0] in _STICKS_TO_THE_ONE_BEFORE:
            pieces[-1] += word
        else:
            pieces.append(gap + word)
    return pieces


def _longest(text: str, measure: Measure, width: int, size: int) -> int:
    """How many characters fit; at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle], size) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(text: str, measure: Measure, width: int, size: int) -> str:
    room = width - measure(ELLIPSIS, size)
    return text[: _longest(text, measure, max(0, int(room)), size)].rstrip() + ELLIPSIS
