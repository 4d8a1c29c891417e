"""Which dossier a path below an ingest's root belongs to. Pure."""

import re
from typing import NamedTuple

from appliance.contract.errors import SteleError
from console.ingest.titles import check_title, folder_for, title_for


class Place(NamedTuple):
    """A dossier as a source names it.

    `folder` is what its folder on a disc would be called; `restore_prefix` is the folder in which
    its files stand in a restored tree, '' for files that lie beside the dossiers' folders.
    """

    title: str
    folder: str
    restore_prefix: str

    def is_in(self, folder: str) -> bool:
        """Whether a dossier of this title that has `folder` is this one."""
        return re.fullmatch(rf"{re.escape(self.folder)}(~\d+)?", folder) is not None


class Arrangement:
    """Each first-level folder is a dossier; what lies beside them is one of its own.

    That one is called after `source_name`, with ``/*`` behind it, so that it can never be taken
    for a folder's. With a `dossier`, all of it is this one.
    """

    def __init__(self, source_name: str, dossier: str | None = None) -> None:
        self._source_name = source_name
        self._whole = dossier
        self._known: dict[str, Place] = {}

    def place(self, path: str) -> tuple[Place, str]:
        """The dossier of a file, and its path in there.

        Raises:
            SteleError: 3411 its folder cannot be a dossier's name.
        """
        if self._whole is not None:
            return self.of_folder(""), path
        first, slash, rest = path.partition("/")
        return (self.of_folder(first), rest) if slash else (self._loose(), path)

    def of_folder(self, first: str) -> Place:
        """The dossier of a first-level folder; for SteleError see `place`."""
        if self._whole is not None:
            folder = folder_for(self._whole)
            return Place(self._whole, folder, folder)
        found = self._known.get(first)
        if found is None:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            title = check_title("dossier", title_for(first))
            found = self._known[first] = Place(title, first, first)
        return found

    def folder(self, path: str) -> tuple[Place, str] | None:
        """The dossier of a folder, and its path in there; None for what is above the dossiers."""
        if self._whole is not None:
            return self.of_folder(""), path
        first, _, rest = path.partition("/")
        return (self.of_folder(first), rest) if first else None

    def _loose(self) -> Place:
        return loose_place(self._source_name)


_REMEMBERED = 10_000


def loose_place(source_name: str) -> Place:
    """The dossier of what lies beside the dossiers' folders.

    Raises:
        SteleError: 3411 no dossier can be called so.
    """
    name = source_name or "root"
    return Place(check_title("dossier", f"{title_for(name)}/*"), folder_for(name), "")


def source_name_of(source: str) -> str:
    """The last part of a path, in name text."""
    return source.rstrip("/").rpartition("/")[2]


def require_place(place: Place, folder: str) -> None:
    """Pass if the dossier that has this title is the one that the source means.

    Raises:
        SteleError: 3411.
    """
    if not place.is_in(folder):
        raise SteleError(3411, f"another folder's dossier is called {place.title!r} already")
