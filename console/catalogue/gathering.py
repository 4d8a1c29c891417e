"""The terms of a segment's documents, gathered in memory: some 400 bytes a file.

Names repeat: page numbers, endings, words. So each different run is looked at once, with the list
of the documents that it occurs in, and not each occurrence.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

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

    def add_own(self, number: int, text: str) -> None:
        """As `add`, for the many texts of one document each."""
        runs = self._runs[OWN]
        for run in RUN.findall(text):
            runs[run].append(number)

    def postings(self) -> Iterator[tuple[str, bytes]]:
        """Each term with its documents; in the order of the terms' bytes, as they are stored."""
        terms: dict[str, list[int]] = self._values
        for place, runs in self._runs.items():
            for run, numbers in runs.items():
                for term in terms_of(run):
                    _extend(terms, place + term, numbers)
            runs.clear()
        for term in sorted(terms):
            yield term, _bitmap(terms[term])


def _extend(terms: dict[str, list[int]], term: str, numbers: list[int]) -> None:
    found = terms.get(term)
    if found is None:
        terms[term] = numbers.copy()
    else:
        found.extend(numbers)


def _bitmap(numbers: list[int]) -> bytes:
    bitmap = BitMap(numbers)
    bitmap.run_optimize()
    return bitmap.serialize()


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
    package_id, first, last = "", 0, 0
    for count, file in enumerate(found, 1):  # noqa: B007  (it is what is returned)
        number = file.number
        gathering.add_own(number, file.path)
        if file.title:
            gathering.add(OWN, file.title, (number,))
            gathering.add(TITLE, file.title, (number,))
        if file.description:
            gathering.add(OWN, file.description, (number,))
            gathering.add(DESCRIPTION, file.description, (number,))
        if file.package_id != package_id:
            if package_id:
                spans.append((first, last, package_id))
            package_id, first = file.package_id, number
        last = number
    if package_id:
        spans.append((first, last, package_id))
    return gathering, spans, count


def add_dossiers(
    gathering: Gathering, spans: Iterable[Span], dossiers: dict[str, DossierText]
) -> None:
    """What the dossiers of files say holds for each of the files."""
    for first, last, package_id in spans:
        numbers = range(first, last + 1)
        gathering.add(DOSSIER, dossiers[package_id].text, numbers)
        gathering.add_values(dossiers[package_id], numbers)
