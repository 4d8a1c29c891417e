"""What a person typed, understood: words, phrases, and fields by name. Pure.

`会议 "annual report" series:3 title:预算 year:1998..2003 namespace:court state:archived kind:file`
"""

import difflib
import re
from typing import Literal, NamedTuple

from msgspec import Struct

from appliance.contract.errors import SteleError
from console.catalogue.terms import Needle, Pattern, needle_of
from console.store.keys import search_key
from console.store.states import PackageState

Kind = Literal["dossier", "file"]

CHARACTERS_MAX = 1_000
WORDS_MAX = 24
TERMS_MAX = 60
"""How many terms a query looks up at most; the longest of its words are then looked up in part."""

WORD_FIELDS = ("title", "name", "path", "dossier", "description")
"""Fields whose text a word is looked for in."""
VALUE_FIELDS = ("fonds", "series", "namespace", "retention")
"""Fields that have a value as a whole or have it not."""
FIELDS = (*WORD_FIELDS, *VALUE_FIELDS, "year", "state", "kind")
_CHINESE = {
    "题名": "title",
    "文件名": "name",
    "路径": "path",
    "案卷": "dossier",
    "描述": "description",
    "全宗": "fonds",
    "目录": "series",
    "命名空间": "namespace",
    "保管期限": "retention",
    "年度": "year",
    "状态": "state",
    "类型": "kind",
}
_KINDS: dict[str, Kind] = {"dossier": "dossier", "案卷": "dossier", "file": "file", "文件": "file"}
_PIECE = re.compile(r'(?:(\w{1,32}):\s*)?(?:"([^"]*)(?:"|$)|([^\s"]+))')
_QUOTES = str.maketrans(dict.fromkeys("“”„«»「」『』", '"'))
_YEARS = re.compile(r"(\d{4})?(?:(\.\.|-|~)(\d{4})?)?")


class Word(NamedTuple):
    """A word or phrase in its search form; `field` is where it must stand, None anywhere."""

    text: str
    field: str | None
    needle: Needle
    pattern: Pattern


class Query(Struct, frozen=True):
    """Every word must be found; of the values of one field, one."""

    words: tuple[Word, ...] = ()
    values: dict[str, tuple[str, ...]] = {}
    years: tuple[int, int] | None = None
    states: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ("dossier", "file")

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.values or self.years or self.states)


def parse(text: str) -> Query:
    """Understand a query. Words that are signs alone are passed over.

    Raises:
        SteleError: 5310 it is too long; 5311 a field is unknown or its value makes no sense.
    """
    if len(text) > CHARACTERS_MAX:
        message = f"the query has {len(text):,} characters; at most {CHARACTERS_MAX:,} are possible"
        raise SteleError(5310, message)
    parser = _Parser()
    for found in _PIECE.finditer(_clean(text)):
        parser.take(found[1], found[2], found[3])
    return parser.query()


def _clean(text: str) -> str:
    """The search form; control characters and all that cannot be seen are blanks."""
    shown = "".join(c if c.isprintable() or "\ue000" <= c <= "\uf8ff" else " " for c in text)
    return search_key(shown).translate(_QUOTES)


class _Parser:
    """Collects the pieces of a query."""

    def __init__(self) -> None:
        self._words: list[Word] = []
        self._values: dict[str, tuple[str, ...]] = {}
        self._years: tuple[int, int] | None = None
        self._states: tuple[str, ...] = ()
        self._kinds: tuple[Kind, ...] | None = None

    def take(self, name: str | None, phrase: str | None, plain: str | None) -> None:
        """One piece: `name:` if there is one, and a phrase in quotes or a plain word."""
        value = " ".join(phrase.split()) if phrase is not None else (plain or "").rstrip("*")
        field = _field(name) if name else None
        if name and field is None:
            value = f"{name}:{value}"  # A colon in a word, as in 10:30.
        if not value:
            return
        if field is None or field in WORD_FIELDS:
            self._take_word(value, field)
        elif field in VALUE_FIELDS:
            self._values[field] = (*self._values.get(field, ()), value)
        elif field == "year":
            self._years = _years(value)
        elif field == "state":
            self._states = (*self._states, _choice(field, value, list(PackageState)))
        else:
            kind = _KINDS[_choice(field, value, list(_KINDS))]
            self._kinds = (*(self._kinds or ()), kind)

    def _take_word(self, text: str, field: str | None) -> None:
        needle = needle_of(text)
        if not needle.required and needle.whole is None:
            return
        if len(self._words) == WORDS_MAX:
            raise SteleError(5310, f"the query has more than {WORDS_MAX} words")
        self._words.append(Word(text, field, needle, Pattern(text)))

    def query(self) -> Query:
        kinds: tuple[Kind, ...] = self._kinds or ("dossier", "file")
        words = _within_limit(self._words)
        return Query(words, self._values, self._years, self._states, kinds)


def _field(name: str) -> str | None:
    """The field of that name, in English or Chinese; None where it is just a word.

    Raises SteleError 5311 for what looks like a field's name misspelt.
    """
    if name in FIELDS:
        return name
    if name in _CHINESE:
        return _CHINESE[name]
    near = difflib.get_close_matches(name, FIELDS, 1, 0.75)
    if near:
        message = f"there is no field '{name}'; did you mean '{near[0]}:'?"
        raise SteleError(5311, f"{message} Put the word in quotes if it is none")
    return None


def _years(value: str) -> tuple[int, int]:
    found = _YEARS.fullmatch(value)
    if not found or not (found[1] or found[3]):
        raise SteleError(5311, f"'{value[:40]}' is no year; write year:1998 or year:1998..2003")
    first = int(found[1] or 0)
    last = int(found[3] or 9999) if found[2] else first
    if last < first:
        raise SteleError(5311, f"the years {value} end before they begin")
    return first, last


def _choice(field: str, value: str, choices: list[str]) -> str:
    if value not in choices:
        known = ", ".join(choices)
        raise SteleError(5311, f"there is no {field} '{value[:40]}'; there are: {known}")
    return value


def _within_limit(words: list[Word]) -> tuple[Word, ...]:
    """Spare terms of long words where there are too many; the comparison with the text remains."""
    share = max(1, TERMS_MAX // max(1, len(words)))
    return tuple(
        word._replace(needle=word.needle._replace(required=word.needle.required[:share]))
        for word in words
    )
