"""``make bench``: every figure as a ratio to a peer measured in the same run.

Each module beside this one offers ``benchmarks()``, an iterator of `Figure` dictionaries: `name`,
`value`, `unit`, and where there is a peer `peer`, `peer_value`, `ratio`; `runs` and `spread` (half
the range over the median) say how much to believe it. ``BENCH=word`` runs only modules so named.
"""

import importlib
import json
import os
import pkgutil
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tests.bench

_OUTPUT = Path("bench.json")


def _modules(words: list[str]) -> list[str]:
    names = sorted(module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    names = [name for name in names if not name.startswith("_")]
    return [name for name in names if not words or any(word in name for word in words)]


def _line(figure: dict[str, Any]) -> str:
    text = f"  {figure['name']:<46} {figure['value']:>12,.4g} {figure['unit']:<10}"
    if "ratio" in figure:
        text += f" {figure['ratio']:>7.2f} x {figure['peer']} ({figure['peer_value']:,.4g})"
    if "spread" in figure:
        text += f"  ±{100 * figure['spread']:.0f} % of {figure.get('runs', 1)}"
    if "aim" in figure:
        text += f"  aim {figure['aim']}"
    return text


def main() -> None:
    """Run the benchmarks, print a line each, write them all to bench.json."""
    figures: list[dict[str, Any]] = []
    for name in _modules(sys.argv[1:]):
        print(name, flush=True)
        for figure in importlib.import_module(f"tests.bench.{name}").benchmarks():
            figures.append({"group": name, **figure})
            print(_line(figure), flush=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    document = {"at": datetime.now(UTC).isoformat(), "machine": machine, "figures": figures}
    _OUTPUT.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
