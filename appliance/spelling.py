"""The nearest valid word, for messages about a word that is not valid."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, valid: Iterable[str]) -> str:
    """A clause to append to a message: the word probably meant, or all that are valid."""
    known = sorted(valid)
    if close := get_close_matches(word, known, n=1, cutoff=0.5):
        return f" (nearest: {close[0]!r})"
    return f" (valid: {', '.join(known)})" if known else ""
