"""Writes docs/openapi.json from the declarations, or checks that it is up to date.

python -m console.api.document [--check]
"""

import json
import sys
from pathlib import Path

from console.api.v1.description import document

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


def render() -> str:
    """The document as it is written: sorted by nothing, so that changes are small."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` only compare; 1 when it is out of date."""
    if arguments != ["--check"]:
        FILE.write_text(render(), "utf-8")
        return 0
    if FILE.is_file() and FILE.read_text("utf-8") == render():
        return 0
    print(f"{FILE} is out of date: run python -m console.api.document", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
