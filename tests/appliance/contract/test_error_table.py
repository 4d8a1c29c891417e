"""The error table and the code agree: every number raised has a row, every row is raised."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from appliance.contract.errors import ErrorRow, SteleError, info_of, table
from hal.drivers.grbl.session import alarm_error

ROOT = Path(__file__).parents[3]
PACKAGES = ("appliance", "console", "hal", "simulators")
LOGGED = re.compile(r'"\[([1-5]\d{3})\] ')
RANGES = {
    "hal": {10, 20, 21, 32},
    "appliance": {11, 12, 22, 30, 31, 33, 40, 50, 51},
    "console": {34, 40, 52, 53, 54},
}


@cache
def sources() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text("utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


@cache
def named(tree: ast.Module) -> dict[str, set[int]]:
    """Numbers that the file gives names to: ``NAME = 1234``, ``A, B = 1234, 1235``."""
    found: dict[str, set[int]] = defaultdict(set)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = (
                zip(target.elts, node.value.elts, strict=False)
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                else [(target, node.value)]
            )
            for name, value in pairs:
                if not isinstance(name, ast.Name) or not isinstance(value, ast.Constant):
                    continue
                if type(value.value) is int:
                    found[name.id].add(value.value)
    return found


@cache
def visible(tree: ast.Module) -> dict[str, set[int]]:
    """Named numbers of a file, and those that it imports by name."""
    found = {name: set(values) for name, values in named(tree).items()}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        place = ROOT.joinpath(*node.module.split("."))
        origin = sources().get(place.with_suffix(".py")) or sources().get(place / "__init__.py")
        for alias in node.names if origin is not None else ():
            if values := named(origin).get(alias.name):
                found.setdefault(alias.asname or alias.name, set()).update(values)
    return found


@cache
def constants() -> dict[str, set[int]]:
    """The named numbers of all files, for names of which nothing more is known."""
    found: dict[str, set[int]] = defaultdict(set)
    for tree in sources().values():
        for name, values in named(tree).items():
            found[name] |= values
    return found


def first_arguments(tree: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    """First arguments of whatever makes a numbered error, with their lines."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = ast.unparse(node.func)
        if called.endswith(("Error", "ErrorInfo")) or called == "super().__init__":
            yield node.lineno, node.args[0]


def raised() -> Iterator[tuple[str, int]]:
    """Each place that makes a numbered error, and the number."""
    for path, tree in sources().items():
        own = visible(tree)
        for line, argument in first_arguments(tree):
            place = f"{path.relative_to(ROOT)}:{line}"
            if isinstance(argument, ast.Constant) and type(argument.value) is int:
                yield place, argument.value
            elif isinstance(argument, ast.Name | ast.Attribute):
                name = argument.id if isinstance(argument, ast.Name) else argument.attr
                here = own if name in own else constants()
                for value in here.get(name, ()) if name.isupper() else ():
                    if 1000 <= value <= 5999:
                        yield place, value


def test_every_number_that_is_raised_has_a_row() -> None:
    places = list(raised())
    assert len(places) > 50, "the scan finds too little to mean anything"
    missing = [f"{place}: {code}" for place, code in places if code not in table()]
    assert missing == []


def test_every_row_is_used_somewhere() -> None:
    used = {
        node.value
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int
    }
    used |= {int(code) for path in sources() for code in LOGGED.findall(path.read_text("utf-8"))}
    used |= {alarm_error("robot", number).code for number in range(12)}  # computed, not written
    assert sorted(table().keys() - used) == []


def test_every_number_stands_in_the_range_of_its_package() -> None:
    strangers = []
    for place, code in raised():
        package = place.partition("/")[0]
        allowed = set().union(*RANGES.values()) if package == "appliance" else RANGES.get(package)
        if allowed is not None and code // 100 not in allowed and code != 5000:
            strangers.append(f"{place}: {code}")
    assert strangers == []


@pytest.mark.parametrize("row", table().values(), ids=lambda row: str(row.code))
def test_every_row_speaks_both_languages_and_says_what_to_do(row: ErrorRow) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", row.name)
    for english in (row.title, row.action):
        assert english.isascii() or not re.search(r"[\u4e00-\u9fff]", english)
    for chinese in (row.title_zh, row.action_zh):
        assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert row.action.endswith(".")
    assert row.action_zh.endswith("。")
    assert len(row.action) > 20, "an action is concrete"


def test_no_two_rows_share_a_name() -> None:
    seen: dict[str, int] = {}
    for row in table().values():
        assert row.name not in seen, f"{row.code} and {seen[row.name]} share {row.name!r}"
        seen[row.name] = row.code


def test_an_exception_without_number_is_a_surprise_with_a_row() -> None:
    info = info_of(ZeroDivisionError("x" * 10_000))
    assert info.code == 5000
    assert info.code in table()
    assert len(info.detail) <= 500
    assert info_of(SteleError(1101, "gone", "why")).detail == "why"
