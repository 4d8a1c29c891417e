"""What a search has to find, said once more: every text looked at, character by character."""

import re
from collections.abc import Iterator, Sequence

from console.catalogue.query import Query, Word
from console.catalogue.terms import UNSPACED
from console.store.keys import search_key
from tests.console.catalogue.corpus import Description, Dossier, Item, file_id, package_id

_UNSPACED = re.compile(UNSPACED)


def answer(query: Query, dossiers: Sequence[Dossier]) -> list[str]:
    """Ids in the order of the answer."""
    if query.is_empty:
        return []
    found: list[tuple[int, int, int, str]] = []
    for n, dossier in enumerate(dossiers):
        if not _allowed(query, dossier):
            continue
        if "dossier" in query.kinds and _dossier_matches(query, dossier):
            found.append((0, not _whole_dossier(query, dossier), n, package_id(n)))
        for i, item in enumerate(dossier.items):
            if "file" in query.kinds and _item_matches(query, dossier, item):
                rank = not _whole_item(query, dossier, item)
                found.append((1, rank, n * 1000 + i, file_id(n, i)))
    return [key for *_, key in sorted(found)]


def _allowed(query: Query, dossier: Dossier) -> bool:
    if query.states and dossier.state not in query.states:
        return False
    if query.years and not (
        dossier.year is not None and query.years[0] <= dossier.year <= query.years[1]
    ):
        return False
    return all(search_key(getattr(dossier, f)) in wanted for f, wanted in query.values.items())


def _described(description: Description) -> str:
    parts: list[str] = []
    for value in (description or {}).values():
        parts += [value] if isinstance(value, str) else value
    return search_key("\n".join(parts))


def _dossier_text(dossier: Dossier) -> str:
    names = "\n".join(map(search_key, (dossier.fonds, dossier.series, dossier.title)))
    return names + "\n" + _described(dossier.description)


def _own(item: Item) -> str:
    texts = (search_key(item.path), search_key(item.title), _described(item.description))
    return "\n".join(texts)


def _dossier_matches(query: Query, dossier: Dossier) -> bool:
    texts = {
        None: _dossier_text(dossier),
        "title": search_key(dossier.title),
        "dossier": search_key(dossier.title),
        "description": _described(dossier.description),
    }
    return all(w.field in texts and holds(texts[w.field], w.text) for w in query.words)


def _item_matches(query: Query, dossier: Dossier, item: Item) -> bool:
    path = search_key(item.path)
    texts = {
        "path": path,
        "name": path.split("/")[-1],
        "title": search_key(item.title),
        "description": _described(item.description),
        "dossier": search_key(dossier.title),
    }
    general = [w for w in query.words if w.field is None]
    fielded = [w for w in query.words if w.field is not None]
    if not all(holds(texts[w.field or ""], w.text) for w in fielded):
        return False
    both = (_own(item), _dossier_text(dossier))
    if not all(any(holds(text, w.text) for text in both) for w in general):
        return False
    if not general or any(w.field != "dossier" for w in fielded):
        return True
    return any(holds(both[0], w.text) for w in general)


def holds(text: str, word: str) -> bool:
    """Whether a word stands in a text, beginning where a run of letters or digits begins."""
    kind = _kind(word[0])
    for start in range(len(text)):
        inside = kind in "ld" and start > 0 and _kind(text[start - 1]) == kind
        if not inside and any(True for _ in _ends(text, start, word.split(" "))):
            return True
    return False


def _ends(text: str, start: int, parts: list[str]) -> Iterator[int]:
    """Where the parts of a phrase may end, signs alone between them."""
    if not text.startswith(parts[0], start):
        return
    end = start + len(parts[0])
    if len(parts) == 1:
        yield end
        return
    while end < len(text) and _kind(text[end]) == " " and text[end] != "\n":
        end += 1
        yield from _ends(text, end, parts[1:])


def _kind(character: str) -> str:
    if _UNSPACED.match(character):
        return "u"
    if character.isdecimal():
        return "d"
    return "l" if character.isalnum() else " "


def _runs(text: str) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for character in text:
        kind = _kind(character)
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1] + character)
        else:
            runs.append((kind, character))
    return runs


def _has_whole(text: str, word: str) -> bool:
    """Whether every run of the word stands somewhere in the text, letters and digits as a whole."""
    there = _runs(text)
    return all(
        any(run in found for kind, found in there if kind == "u")
        if kind == "u" and len(run) <= 2
        else all(_has_whole(text, run[i : i + 2]) for i in range(len(run) - 1))
        if kind == "u"
        else (kind, run) in there
        for kind, run in _runs(word)
        if kind != " "
    )


def _whole_dossier(query: Query, dossier: Dossier) -> bool:
    title, every = search_key(dossier.title), _dossier_text(dossier)
    texts = {None: every, "title": title, "dossier": title}
    texts["description"] = _described(dossier.description)
    return all(_has_whole(texts[w.field], w.text) for w in query.words)


def _whole_item(query: Query, dossier: Dossier, item: Item) -> bool:
    own, above = _own(item), _dossier_text(dossier)

    def places(word: Word) -> tuple[str, ...]:
        if word.field is None:
            return own, above
        texts = {"title": search_key(item.title), "description": _described(item.description)}
        return (texts.get(word.field, above if word.field == "dossier" else own),)

    return all(any(_has_whole(text, w.text) for text in places(w)) for w in query.words)
