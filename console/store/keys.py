"""The form in which names are searched: a search finds a name whatever its case or width."""

import unicodedata


def search_key(text: str) -> str:
    """Compatibility-normalised and case-folded; equal for names that look alike to a reader."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
