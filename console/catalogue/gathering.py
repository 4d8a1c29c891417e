"""The terms of a segment's documents, gathered in memory: some 400 bytes a file.

Names repeat: page numbers, endings, words. So each different run is looked at once, with the list
of the documents that it occurs in, and not each occurrence.
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from pyroaring import BitMap

from console.catalogue.documents import (
    DESCRIPTION,
    DOSSIER,
    OWN,
    TITLE,
    DossierText,
    FileText,
)
from console.catalogue.terms import RUN, terms_of

_ONE = struct.Struct("<IIHHIH")

Span = tuple[int, int, str]
"""First and last number of files that follow each other, and the id of their package."""


class Gathering:
    """Runs and values of documents, by the place in which they stand."""

    def __init__(self) -> None:
        self._runs: dict[str, defaultdict[str, list[int]]] = {
            place: defaultdict(list) for place in (OWN, DOSSIER, TITLE, DESCRIPTION)
        }
        self._values: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, place: str, text: str, numbers: Iterable[int]) -> None:
        """A text that documents have in one place."""
        runs = self._runs[place]
        for run in set(RUN.findall(text)):
            runs[run].extend(numbers)

    def add_values(self, dossier: DossierText, numbers: Iterable[int]) -> None:
        for term in dossier.values:
            self._values[term].extend(numbers)

    def add_paths(self, paths: Iterable[tuple[int, str]]) -> None:
        """As `add`, for the paths of very many files: (number, path)."""
        runs, cut = self._runs[OWN], RUN.findall
        for number, path in paths:
            for run in cut(path):
                runs[run].append(number)

    def postings(self) -> Iterator[tuple[str, bytes]]:
        """Each term with its documents; in the order of the terms' bytes, as they are stored."""
        terms = self._values
        for place, runs in self._runs.items():
            while runs:  # What is done with is let go of at once: this is where memory peaks.
                run, numbers = runs.popitem()
                for term in terms_of(run):
                    terms[place + term].extend(numbers)
        for term in sorted(terms):
            yield term, _serialized(terms.pop(term))


def _serialized(numbers: list[int]) -> bytes:
    if len(numbers) > 1:
        return BitMap(numbers).serialize()
    # Most terms are of one document. The same bytes without making a bitmap: a cookie, one
    # container with its key, of one value, at offset 16.
    (number,) = numbers
    return _ONE.pack(12346, 1, number >> 16, 0, 16, number & 0xFFFF)


def gather_dossiers(dossiers: Iterable[DossierText]) -> tuple[Gathering, int]:
    """The terms of dossiers, and how many these are."""
    gathering, count = Gathering(), 0
    for count, dossier in enumerate(dossiers, 1):  # noqa: B007  (it is what is returned)
        number = (dossier.number or 0,)
        gathering.add(OWN, dossier.text, number)
        gathering.add(TITLE, dossier.names[2], number)
        gathering.add(DESCRIPTION, dossier.description, number)
        gathering.add_values(dossier, number)
    return gathering, count


def gather_files(found: Iterable[FileText]) -> tuple[Gathering, list[Span], int]:
    """The terms of files' own texts, the spans of their dossiers, and how many files these are."""
    gathering, spans, count = Gathering(), [], 0
    for package_id, files in groupby(found, attrgetter("package_id")):
        together = list(files)
        spans.append((together[0].number, together[-1].number, package_id))
        count += len(together)
        gathering.add_paths((file.number, file.path) for file in together)
        for file in together:
            number = (file.number,)
            if file.title:
                gathering.add(OWN, file.title, number)
                gathering.add(TITLE, file.title, number)
            if file.description:
                gathering.add(OWN, file.description, number)
                gathering.add(DESCRIPTION, file.description, number)
    return gathering, spans, count


def add_dossiers(
    gathering: Gathering, spans: Iterable[Span], dossiers: dict[str, DossierText]
) -> None:
    """What the dossiers of files say holds for each of the files."""
    for first, last, package_id in spans:
        numbers = range(first, last + 1)
        gathering.add(DOSSIER, dossiers[package_id].text, numbers)
        gathering.add_values(dossiers[package_id], numbers)
