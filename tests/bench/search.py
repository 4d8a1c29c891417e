"""Searching 10 million files: every kind of query, beside a scan with LIKE; and what ingest pays.

The store is built in a temporary folder (some 6 GB, some minutes). `STELE_BENCH_FILES` changes how
many files there are. Times are those of `search`, first hit to last, with fragments and copies.
"""

import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from console.catalogue.indexing import rebuild
from console.catalogue.search import search
from console.ingest import intake_batch, session
from console.ingest.intake import ingest
from console.ingest.report import IngestOrder
from console.store.engine import open_store, reading
from console.store.keys import search_key
from console.store.workspace import open_workspace
from tests.bench import _search_archive as archive

FILES = int(os.environ.get("STELE_BENCH_FILES", "10000000"))
QUERIES_A_KIND = 60
BYTES_A_FILE = 1_000
INGESTED = 100_000
AIM_MS = 50


def benchmarks() -> Iterator[dict[str, Any]]:
    """All figures about searching."""
    with tempfile.TemporaryDirectory() as scratch:
        free = shutil.disk_usage(scratch).free
        if free < FILES * BYTES_A_FILE:
            raise SystemExit(f"{scratch} has {free >> 30} GiB free; this benchmark needs more")
        store = open_store(f"sqlite:///{scratch}/console.db")
        yield from _build(store, Path(scratch))
        yield from _searches(store)
        store.dispose()
    yield from _ingest()


def _build(store: sa.Engine, folder: Path) -> Iterator[dict[str, Any]]:
    begun = time.perf_counter()
    archive.fill(store, FILES)
    yield _plain(f"rows of {FILES:,} files, made and stored", time.perf_counter() - begun, "s")
    before = _size(folder)
    begun = time.perf_counter()
    rebuild(store)
    taken = time.perf_counter() - begun
    yield _plain("index made of them", FILES / taken, "files/s")
    yield _plain("index on disk", (_size(folder) - before) / FILES, "bytes/file")


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _plain(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "runs": 1}


def _kinds(chance: random.Random) -> dict[str, Callable[[], str]]:
    """Kinds of queries, each a source of queries that differ."""

    def word() -> str:
        return chance.choice(archive.themes())

    def english() -> str:
        return chance.choice(archive.english())

    return {
        "a common Chinese word": word,
        "one Chinese character": lambda: chance.choice("".join(archive.themes())),
        "a person's name": lambda: archive.person(chance),
        "two common words": lambda: f"{word()} {word()}",
        "two common words that no name has both": lambda: (
            chance.choice(
                ("pdf tif", "tif docx", "jpg tif", "img docx", "xls ofd", "wps jpg", "doc ofd")
            )
            + f" {chance.choice(archive.english())[:2]}" * chance.randrange(2)
        ),
        "four words": lambda: f"{word()} {word()} {chance.randrange(1950, 2025)} pdf",
        "an English word": english,
        "the beginning of a word": lambda: english()[: chance.randrange(1, 5)],
        "a number of many digits": lambda: f"{chance.randrange(10**6):06}",
        "a phrase": lambda: f'"{english()} {english()}"',
        "part of a title": lambda: archive.dossier_title(chance)[2 : chance.randrange(6, 14)],
        "fields": lambda: (
            f"{word()} fonds:J{chance.randrange(45):03} "
            f"year:{chance.randrange(1950, 1990)}..{chance.randrange(1990, 2025)} state:archived"
        ),
        "a rare state": lambda: f"{word()} state:landed kind:file",
        "nothing that there is": lambda: f"{word()}鑫{chance.randrange(10**9)}",
    }


def _searches(store: sa.Engine) -> Iterator[dict[str, Any]]:
    chance = random.Random(2)
    every: list[float] = []
    with reading(store).connect() as connection:
        for query in ("会议", "pdf", "a b"):
            search(connection, query)
        for name, query in _kinds(chance).items():
            times = [_timed(connection, query()) for _ in range(QUERIES_A_KIND)]
            every += times
            yield _share(f"search: {name}", times)
        times = list(_pages(connection, QUERIES_A_KIND))
        every += times
        yield _share("search: the next page", times)
        yield from _beside_like(connection, every, chance)


def _timed(connection: sa.Connection, query: str, after: str | None = None) -> float:
    begun = time.perf_counter()
    search(connection, query, after=after)
    return (time.perf_counter() - begun) * 1000


def _pages(connection: sa.Connection, count: int) -> Iterator[float]:
    """Each page of the answer to a query that very many files match."""
    after = None
    for _ in range(count):
        begun = time.perf_counter()
        page = search(connection, "报告 pdf kind:file", after=after)
        yield (time.perf_counter() - begun) * 1000
        after = page.next


def _beside_like(
    connection: sa.Connection, every: list[float], chance: random.Random
) -> Iterator[dict[str, Any]]:
    """All queries together, beside a scan of the same files for words that few of them have."""
    scans = []
    for _ in range(3):
        begun = time.perf_counter()
        pattern = f"%{search_key(archive.person(chance))}%{chance.randrange(1000)}%"
        sql = "SELECT file_id FROM files WHERE search_key LIKE ? LIMIT 50"
        connection.exec_driver_sql(sql, (pattern,)).all()
        scans.append((time.perf_counter() - begun) * 1000)
    figure = _share("search: all of these", every)
    figure |= {"peer": "LIKE", "peer_value": median(scans), "aim": f"p95 < {AIM_MS} ms"}
    yield figure | {"ratio": median(scans) / figure["value"]}
    ordered = sorted(every)
    for share in (50, 99):
        yield _plain(f"search: all of these, p{share}", _at(ordered, share), "ms")


def _share(name: str, times: list[float]) -> dict[str, Any]:
    return {
        "name": f"{name}, p95",
        "value": _at(sorted(times), 95),
        "unit": "ms",
        "runs": len(times),
    }


def _at(ordered: list[float], share: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def _ingest() -> Iterator[dict[str, Any]]:
    """Taking in small files, with the index and without."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        chance = random.Random(3)
        for n in range(INGESTED // 500):
            folder = source / f"{archive.dossier_title(chance)} {n}"
            folder.mkdir(parents=True)
            for i in range(500):
                name = f"{archive.person(chance)}{chance.choice(archive.themes())}{i:03}.txt"
                (folder / name).write_text(f"{n} {i}")
        bare, ours = [], []
        for turn in range(2):
            with _without_index():
                bare.append(_ingested(source, Path(scratch) / f"bare{turn}"))
            ours.append(_ingested(source, Path(scratch) / f"ours{turn}"))
    yield {
        "name": f"ingest of {INGESTED:,} files of 8 bytes, with the index",
        "value": INGESTED / median(ours),
        "unit": "files/s",
        "peer": "the same without",
        "peer_value": INGESTED / median(bare),
        "ratio": median(b / o for b, o in zip(bare, ours, strict=True)),
        "spread": (max(ours) - min(ours)) / 2 / median(ours),
        "runs": len(ours),
    }


def _ingested(source: Path, data: Path) -> float:
    workspace = open_workspace(data)
    begun = time.perf_counter()
    ingest(workspace, IngestOrder(source, "J001", "1"))
    taken = time.perf_counter() - begun
    workspace.close()
    return taken


@contextlib.contextmanager
def _without_index() -> Iterator[None]:
    """As if nothing were ever to be found."""
    kept = intake_batch.index_files, intake_batch.index_new, session.tidy
    intake_batch.index_files = lambda *_: None
    intake_batch.index_new = lambda *_: 0
    session.tidy = lambda *_: 0
    try:
        yield
    finally:
        intake_batch.index_files, intake_batch.index_new, session.tidy = kept
