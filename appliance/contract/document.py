"""Writes the documents that are made from the contract, or checks that they are up to date.

python -m appliance.contract.document [--check]
"""

import sys
from collections.abc import Callable
from pathlib import Path

from appliance.contract import asyncapi, error_pages

DOCS = Path(__file__).parents[2] / "docs"

DOCUMENTS: dict[str, Callable[[], str]] = {
    "errors.md": error_pages.render,
    "asyncapi.json": asyncapi.render,
}


def out_of_date(docs: Path = DOCS) -> list[Path]:
    """The documents that differ from what the contract says now."""
    return [
        docs / name
        for name, render in DOCUMENTS.items()
        if not (docs / name).is_file() or (docs / name).read_text("utf-8") != render()
    ]


def write(docs: Path = DOCS) -> None:
    """Write every document."""
    for name, render in DOCUMENTS.items():
        (docs / name).write_text(render(), "utf-8")


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` only compare; 1 when something is out of date."""
    if arguments != ["--check"]:
        write()
        return 0
    stale = out_of_date()
    for path in stale:
        print(f"{path} is out of date: run python -m appliance.contract.document", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
