"""An archive of any size for `search`: dossiers and files with names such as archives have.

Half of it are scanned pages and photographs with numbers, the rest has Chinese and English names.
Digests are numbers and no bytes exist: nothing of them is searched.
"""

import random
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from console.catalogue.segments import allot
from console.store import schema as s
from console.store.keys import search_key

FILES_A_DOSSIER = 50
_DOSSIERS_TOGETHER = 400

_WORDS = tomllib.loads((Path(__file__).parent / "search_words.toml").read_text("utf-8"))
_SURNAMES, _GIVEN = ("".join(_WORDS[name].split()) for name in ("surnames", "given"))
_OFFICES, _THEMES, _PAPERS, _ENGLISH = (
    _WORDS[name].split() for name in ("offices", "themes", "papers", "english")
)
_ENDINGS = ("pdf", "pdf", "docx", "doc", "xls", "wps", "ofd")
_RETENTIONS = ("永久", "30年", "10年")


def fill(store: sa.Engine, files: int, seed: int = 4) -> None:
    """Store that many files, numbered and not yet in the index."""
    chance = random.Random(seed)
    with store.begin() as connection:
        policy = {"policy_id": "p", "name": "p", "version": 1, "document": {}}
        connection.execute(s.policies.insert(), {**policy, "created_at": datetime.now(UTC)})
    dossiers = -(-files // FILES_A_DOSSIER)
    for first in range(0, dossiers, _DOSSIERS_TOGETHER):
        wanted = range(first, min(first + _DOSSIERS_TOGETHER, dossiers))
        with store.begin() as connection:
            _add(connection, chance, wanted, files)


def _add(connection: sa.Connection, chance: random.Random, wanted: range, files: int) -> None:
    numbers = allot(connection, len(wanted))
    packages = [_dossier(chance, n, number) for n, number in zip(wanted, numbers, strict=True)]
    connection.execute(s.packages.insert(), packages)
    counts = [min(FILES_A_DOSSIER, files - n * FILES_A_DOSSIER) for n in wanted]
    rows = [
        row for n, count in zip(wanted, counts, strict=True) for row in _files(chance, n, count)
    ]
    given = allot(connection, len(rows))
    columns = "file_id, package_id, path, search_key, sha256, number"
    constant = "size_bytes, mtime_ns, sm3, state, title"
    connection.exec_driver_sql(
        f"INSERT INTO files ({columns}, {constant}) VALUES (?,?,?,?,?,?,1000,0,'','archived','')",
        [(*row, number) for row, number in zip(rows, given, strict=True)],
    )


def _dossier(chance: random.Random, n: int, number: int) -> dict[str, Any]:
    fonds, series = f"J{n % 40:03}", f"{n % 7}"
    title = dossier_title(chance)
    year = int(title[:4]) if title[:4].isdigit() else chance.randrange(1950, 2025)
    return {
        "package_id": f"pk-{n:09}",
        "fonds": fonds,
        "series": series,
        "dossier": f"{title} {n}",
        "folder": f"{n}",
        "restore_prefix": f"{n}",
        "policy_id": "p",
        "state": "archived" if n % 1000 else "landed",
        "files": FILES_A_DOSSIER,
        "size_bytes": 1000 * FILES_A_DOSSIER,
        "search_key": "",
        "created_at": datetime.now(UTC),
        "namespace": "court" if n % 5 == 0 else "default",
        "year": year,
        "retention": _RETENTIONS[n % 3],
        "description": {"责任者": person(chance)} if n % 3 == 0 else None,
        "number": number,
    }


def dossier_title(chance: random.Random) -> str:
    """What a dossier is called."""
    year = chance.randrange(1950, 2025)
    if chance.random() < 0.15:
        first, second = chance.sample(_ENGLISH, 2)
        return f"{first.capitalize()} {second} of {year}"
    office, theme, paper = map(chance.choice, (_OFFICES, _THEMES, _PAPERS))
    return f"{year}年{office}关于{theme}的{paper}"


def person(chance: random.Random) -> str:
    """A Chinese name."""
    return chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.randrange(1, 3)))


def _files(chance: random.Random, n: int, count: int) -> Iterator[tuple[str, str, str, str, str]]:
    package = f"pk-{n:09}"
    kind = chance.random()
    for i in range(count):
        if kind < 0.35:
            path = f"{i + 1:04}.tif"
        elif kind < 0.5:
            moment = f"{chance.randrange(2000, 2025)}{chance.randrange(1, 13):02}{i % 28 + 1:02}"
            path = f"照片/IMG_{moment}_{chance.randrange(10**6):06}.jpg"
        elif kind < 0.6:
            words = chance.sample(_ENGLISH, 3)
            words[0] = words[0].capitalize()
            path = f"{' '.join(words)} {i + 1}.{chance.choice(_ENDINGS)}"
        else:
            path = _chinese(chance, i)
        file = n * FILES_A_DOSSIER + i
        yield f"f-{file:012}", package, path, search_key(path), f"{file:064x}"


def _chinese(chance: random.Random, i: int) -> str:
    theme, paper = chance.choice(_THEMES), chance.choice(_PAPERS)
    ending = chance.choice(_ENDINGS)
    if i % 3 == 0:
        return f"附件{i}/{person(chance)}{theme}{paper}.{ending}"
    if i % 3 == 1:
        year = chance.randrange(1950, 2025)
        return f"关于{theme}的{paper}（{year}〕{chance.randrange(200)}号 {i}.{ending}"
    return f"{chance.choice(_OFFICES)}{theme}{chance.choice(_THEMES)}{paper}{i:03}.{ending}"


def themes() -> list[str]:
    """Words of two characters and more that many names have."""
    return [*_THEMES, *_PAPERS, *_OFFICES]


def english() -> list[str]:
    return list(_ENGLISH)
