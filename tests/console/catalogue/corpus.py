"""A small archive, written straight into a store: dossiers and files that no index knows yet."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.store import schema as s
from console.store.keys import search_key
from console.store.upsert import insert_into

Description = dict[str, str | list[str]] | None


class Item(Struct, frozen=True):
    path: str
    title: str = ""
    description: Description = None


class Dossier(Struct, frozen=True):
    title: str
    items: tuple[Item, ...] = ()
    fonds: str = "J001"
    series: str = "1"
    namespace: str = "default"
    year: int | None = None
    retention: str = ""
    state: str = "archived"
    description: Description = None


def package_id(n: int) -> str:
    return f"pk-{n:06}"


def file_id(n: int, i: int) -> str:
    return f"f-{n:06}-{i:06}"


def put(store: sa.Engine, dossiers: Iterable[Dossier], first: int = 0) -> None:
    """Store dossiers under ids that sort as they come; `first` is the first one's number."""
    now = datetime.now(UTC)
    with store.begin() as connection:
        row = {"policy_id": "corpus", "name": "corpus", "version": 1, "document": {}}
        connection.execute(
            insert_into(connection, s.policies).on_conflict_do_nothing(), row | {"created_at": now}
        )
        for n, dossier in enumerate(dossiers, first):
            connection.execute(s.packages.insert(), _package(n, dossier, now))
            rows = [_file(n, i, item) for i, item in enumerate(dossier.items)]
            if rows:
                connection.execute(s.files.insert(), rows)


def _package(n: int, dossier: Dossier, now: datetime) -> dict[str, Any]:
    names = (dossier.fonds, dossier.series, dossier.title)
    return {
        "package_id": package_id(n),
        "fonds": dossier.fonds,
        "series": dossier.series,
        # Two dossiers of a series have different titles; what tells them apart is not searched.
        "dossier": dossier.title + "\u200b" * n,
        "folder": f"{n}",
        "restore_prefix": f"{n}",
        "policy_id": "corpus",
        "state": dossier.state,
        "files": len(dossier.items),
        "search_key": search_key("\n".join(names)),
        "created_at": now,
        "namespace": dossier.namespace,
        "year": dossier.year,
        "retention": dossier.retention,
        "description": dossier.description,
    }


def _file(n: int, i: int, item: Item) -> dict[str, Any]:
    return {
        "file_id": file_id(n, i),
        "package_id": package_id(n),
        "path": item.path,
        "size_bytes": 1,
        "mtime_ns": 0,
        "sha256": f"{n:032x}{i:032x}",
        "state": "archived",
        "search_key": search_key(item.path),
        "title": item.title,
        "description": item.description,
    }
