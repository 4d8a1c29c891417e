"""Folders to take in, and what the store and the landing zone hold of them afterwards."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from console.ingest.intake import ingest
from console.ingest.report import IngestOrder, IngestReport
from console.store.schema import files
from console.store.workspace import Workspace

Tree = dict[str, str | None]


def plant(root: Path, tree: Tree) -> None:
    """None is an empty folder."""
    for name, content in tree.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)


def take(workspace: Workspace, source: Path, **order: Any) -> IngestReport:
    return ingest(workspace, IngestOrder(source, "F1", "S1", **order))


def rows(workspace: Workspace, *columns: Any) -> list[tuple[Any, ...]]:
    with workspace.store.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(*columns)))


def codes(report: IngestReport) -> dict[str, int]:
    return {refusal.path: refusal.code for refusal in report.refusals}


def landing_is_sound(workspace: Workspace) -> bool:
    """Every content that the store names is in the landing zone and right."""
    names = rows(workspace, files.c.sha256)
    return all(workspace.landing.check(name) >= 0 for (name,) in names)
