"""A path that is a file and a folder at once: no disc can hold both, so what came later goes.

Files of one dossier may come in any order and by several ingests, so this is looked at when the
dossier is summed up, over all that it has.
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from console.ingest.refusals import Refusal
from console.store.schema import files, folders

BOTH = 3409


def part_crossings(connection: sa.Connection, package_id: str) -> list[Refusal]:
    """Leave out of a package what stands where another file or folder came first.

    Paths of the answer are below the package's folder.
    """
    query = sa.select(files.c.path, files.c.file_id).where(files.c.package_id == package_id)
    came = {row.path: row.file_id for row in connection.execute(query)}
    losers = set(_losers(came))
    for path in losers:
        connection.execute(files.delete().where(files.c.file_id == came.pop(path)))
    _drop_folders(connection, package_id, came)
    message = "a file and a folder of this name came in; what came first stays"
    return [Refusal(path, BOTH, message) for path in sorted(losers)]


def _losers(came: dict[str, str]) -> Iterator[str]:
    """Ids sort by the order of their making: the greater one came later."""
    below: dict[str, list[str]] = {}
    for path in came:
        for folder in _above(path):
            if folder in came:
                below.setdefault(folder, []).append(path)
    for file, inside in below.items():
        first = min(inside, key=came.__getitem__)
        if came[file] < came[first]:
            yield from inside
        else:
            yield file


def _drop_folders(connection: sa.Connection, package_id: str, came: Iterable[str]) -> None:
    """Folders that are no folders any more: their names, or names above, are files."""
    kept = set(came)
    mine = folders.c.package_id == package_id
    for path in connection.scalars(sa.select(folders.c.path).where(mine)).all():
        if path in kept or any(folder in kept for folder in _above(path)):
            connection.execute(folders.delete().where(mine, folders.c.path == path))


def _above(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
