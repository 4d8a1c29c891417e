"""Comparing a document that the index named with the query itself, and showing what matched."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from console.catalogue.documents import DossierText, FileText
from console.catalogue.query import Query, Word
from console.store.keys import search_key

FRAGMENT_CHARACTERS = 80
_BEFORE = 20


class Fragment(Struct, frozen=True):
    """A part of a document's text in one field, and where in it words stand (begin, end)."""

    field: str
    text: str
    marks: list[tuple[int, int]]


def dossier_agrees(query: Query, dossier: DossierText) -> bool:
    """Whether a dossier has every word where it must stand. Values and years are not looked at."""
    places = {
        None: dossier.text,
        "title": dossier.names[2],
        "dossier": dossier.names[2],
        "description": dossier.description,
    }
    return all(
        word.field in places and word.pattern.is_in(places[word.field]) for word in query.words
    )


def file_agrees(query: Query, file: FileText, dossier: DossierText) -> bool:
    """Whether a file has every word in its own texts or its dossier's, and one in its own."""
    own = "\n".join((file.path, file.title, file.description))
    places = {
        "title": file.title,
        "name": file.path.rpartition("/")[2],
        "path": file.path,
        "description": file.description,
        "dossier": dossier.names[2],
    }
    general = [word for word in query.words if word.field is None]
    if not all(
        word.pattern.is_in(places[word.field]) for word in query.words if word.field is not None
    ):
        return False
    in_own = [word.pattern.is_in(own) for word in general]
    rest = (word for word, found in zip(general, in_own, strict=True) if not found)
    if not all(word.pattern.is_in(dossier.text) for word in rest):
        return False
    has_own_field = any(word.field not in (None, "dossier") for word in query.words)
    return not general or has_own_field or any(in_own)


def fragments(query: Query, texts: Iterable[tuple[str, str]]) -> list[Fragment]:
    """Where the words stand, in the texts as they were given: (field, text). The first for each."""
    missing = list(query.words)
    found: list[Fragment] = []
    for field, text in texts:
        if not missing:
            break
        here = [word for word in missing if _may_stand(word, field)]
        shown, marks = _marked(text, here)
        if marks:
            found.append(
                _window(field, shown, sorted({mark for each in marks.values() for mark in each}))
            )
            missing = [word for word in missing if word not in marks]
    return found


def _may_stand(word: Word, field: str) -> bool:
    return word.field in (None, field) or (field == "path" and word.field == "name")


def _marked(text: str, words: list[Word]) -> tuple[str, dict[Word, list[tuple[int, int]]]]:
    """The text, and where each word stands in it.

    The search form may be longer or shorter than the text; where the two do not go together
    character by character, the search form itself is shown.
    """
    key = search_key(text)
    place = _places(text, key)
    if len(place) != len(key) + 1:
        text, place = key, range(len(key) + 1)
    marks: dict[Word, list[tuple[int, int]]] = {}
    for word in words:
        spans = list(_spans(word, key, place))
        if spans:
            marks[word] = spans
    return text, marks


def _spans(word: Word, key: str, place: Sequence[int]) -> Iterator[tuple[int, int]]:
    for begin, end in word.pattern.find(key):
        yield place[begin], place[end - 1] + 1


def _places(text: str, key: str) -> Sequence[int]:
    """For each character of the search form, and for its end, the one that it comes from."""
    if key == text.lower() and len(key) == len(text):
        return range(len(key) + 1)
    place = [index for index, character in enumerate(text) for _ in search_key(character)]
    return [*place, len(text)]


def _window(field: str, text: str, marks: list[tuple[int, int]]) -> Fragment:
    """The part around the first mark, with the others that lie in it."""
    first = marks[0]
    begin = max(0, min(first[0] - _BEFORE, len(text) - FRAGMENT_CHARACTERS))
    end = max(begin + FRAGMENT_CHARACTERS, first[1])
    head, tail = "…" if begin else "", "…" if end < len(text) else ""
    shift = len(head) - begin
    inside = [(a + shift, b + shift) for a, b in marks if a >= begin and b <= end]
    return Fragment(field, head + text[begin:end] + tail, inside)
