"""A declaration says enough: of every endpoint, and of those that are wrongly written."""

import re
from collections import Counter
from typing import Any

import pytest
from msgspec import Struct, inspect

from appliance.contract.errors import table
from console.api.document import FILE, render
from console.api.rest import Call, Key, Line, PageQuery, Resource, Scope
from console.api.rest.declaration import Endpoint
from console.api.rest.failures import STATUS, status_of
from console.api.v1.resources import RESOURCES

ENDPOINTS = [endpoint for resource in RESOURCES for endpoint in resource.endpoints]


def unbounded(kind: Any, where: str) -> list[str]:
    """Where a type takes more than anybody has looked at."""
    return _unbounded(inspect.type_info(kind), where, set())


def _unbounded(kind: inspect.Type, where: str, seen: set[type]) -> list[str]:
    if isinstance(kind, inspect.StructType):
        return _unbounded_struct(kind, where, seen)
    return _own_bounds(kind, where) + [
        found for part in _parts(kind) for found in _unbounded(part, where + "[]", seen)
    ]


def _unbounded_struct(kind: inspect.StructType, where: str, seen: set[type]) -> list[str]:
    if kind.cls in seen:
        return []
    found = [] if kind.forbid_unknown_fields else [f"{where} takes unknown keys"]
    for field in kind.fields:
        found += _unbounded(field.type, f"{where}.{field.name}", seen | {kind.cls})
    return found


def _own_bounds(kind: inspect.Type, where: str) -> list[str]:
    match kind:
        case inspect.IntType() | inspect.FloatType():
            good = (kind.ge, kind.gt) != (None, None) and (kind.le, kind.lt) != (None, None)
        case inspect.DateTimeType():
            good = kind.tz is True
        case inspect.StrType(max_length=None, pattern=str() as pattern):
            good = "$" in pattern and not re.search(r"[*+]|,}", pattern)
        case inspect.StrType() | inspect.ListType() | inspect.VarTupleType() | inspect.DictType():
            good = kind.max_length is not None
        case inspect.AnyType() | inspect.RawType():
            return [f"{where} is anything"]
        case _:
            good = True
    return [] if good else [where]


def _parts(kind: inspect.Type) -> list[inspect.Type]:
    match kind:
        case inspect.Metadata():
            return [kind.type]
        case inspect.UnionType():
            return list(kind.types)
        case inspect.TupleType():
            return list(kind.item_types)
        case inspect.ListType() | inspect.VarTupleType():
            return [kind.item_type]
        case inspect.DictType():
            return [kind.key_type, kind.value_type]
    return []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_everything_that_comes_in_has_bounds(endpoint: Endpoint) -> None:
    taken = {**endpoint.path_types, "query": endpoint.query_type, "body": endpoint.body_type}
    found = [w for name, kind in taken.items() if kind is not None for w in unbounded(kind, name)]
    assert found == []


class _Loose(Struct):
    text: str
    texts: list[Line]
    number: int
    anything: Any


def test_what_has_no_bounds_would_be_found() -> None:
    assert unbounded(_Loose, "body") == [
        "body takes unknown keys",
        "body.text",
        "body.texts",
        "body.number",
        "body.anything is anything",
    ]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_endpoint_says_what_it_is_for(endpoint: Endpoint) -> None:
    assert len(endpoint.documentation.partition("\n")[0]) > 10


def test_endpoints_have_names_of_their_own_and_paths_are_declared_once() -> None:
    assert [n for n, count in Counter(e.name for e in ENDPOINTS).items() if count > 1] == []
    places = Counter((e.method, e.path) for e in ENDPOINTS)
    assert [place for place, count in places.items() if count > 1] == []


def test_only_the_document_is_for_anybody() -> None:
    assert [e.name for e in ENDPOINTS if not e.scopes] == ["show_description"]


def test_every_status_is_of_a_code_that_exists() -> None:
    assert [code for code in STATUS if code not in table()] == []
    declared = {code for endpoint in ENDPOINTS for code in endpoint.errors}
    assert [code for code in sorted(declared) if not 400 <= status_of(code) < 600] == []


def test_a_signature_that_does_not_fit_its_path_is_refused() -> None:
    wrong = Resource("wrong", "Wrong.")
    with pytest.raises(TypeError, match="shelf_id"):

        @wrong.get("/shelves/{shelf_id}", scope=Scope.READ)
        def show_shelf(call: Call, shelf: Key) -> None:
            """Show a shelf."""

    with pytest.raises(TypeError, match="9999"):

        @wrong.get("/shelves", scope=Scope.READ, errors=(9999,))
        def list_shelves(call: Call, query: PageQuery) -> None:
            """List shelves."""


def test_the_document_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == render()
