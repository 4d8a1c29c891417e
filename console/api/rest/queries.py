"""The query of a URL as a struct: every parameter known, once, and within its bounds."""

import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct, inspect
from werkzeug.datastructures import MultiDict

from appliance.contract.errors import SteleError

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_FLAGS = {"true": True, "false": False}
MOST_PARAMETERS = 2000


def decode_query(raw: str, model: type[Struct] | None) -> Any:
    """The query string as a `model`; without one there may be no parameters.

    Raises:
        SteleError: 5420 it cannot be read; 5421 a parameter is unknown, twice there or wrong.
    """
    parameters = _parameters(raw)
    fields = {f.encode_name: f for f in msgspec.structs.fields(model)} if model else {}
    if unknown := set(parameters) - set(fields):
        known = ", ".join(fields) or "none"
        raise SteleError(5421, f"there is no parameter {min(unknown)!r}; known are: {known}")
    values: dict[str, Any] = {}
    for name in parameters:
        kind = inspect.type_info(fields[name].type)
        given = parameters.getlist(name)
        many = _list_of(kind)
        if many is not None:
            values[name] = [scalar(text, many) for text in given]
        elif len(given) > 1:
            raise SteleError(5421, f"the parameter {name!r} stands there {len(given)} times")
        else:
            values[name] = scalar(given[0], kind)
    if model is None:
        return None
    try:
        return msgspec.convert(values, model)
    except msgspec.ValidationError as error:
        raise SteleError(5421, f"in the query: {plain(error)}") from error


def _parameters(raw: str) -> MultiDict[str, str]:
    try:
        pairs = parse_qsl(
            raw, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise SteleError(5420, f"the query cannot be read: {error}") from error
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise SteleError(5420, "the query carries a NUL character")
    return MultiDict(pairs)


def scalar(text: str, kind: inspect.Type) -> Any:
    """A parameter's text as the JSON value that its type wants; if it is none, as it is."""
    for one in _kinds(kind):
        if isinstance(one, inspect.IntType) and _WHOLE.fullmatch(text):
            return int(text)
        if isinstance(one, inspect.FloatType) and _NUMBER.fullmatch(text):
            return float(text)
        if isinstance(one, inspect.BoolType) and text in _FLAGS:
            return _FLAGS[text]
    return text


def _list_of(kind: inspect.Type) -> inspect.Type | None:
    for one in _kinds(kind):
        if isinstance(one, inspect.ListType | inspect.VarTupleType):
            return one.item_type
    return None


def _kinds(kind: inspect.Type) -> list[inspect.Type]:
    """The types that a value may be of, without what else is said of them."""
    if isinstance(kind, inspect.Metadata):
        return _kinds(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [one for part in kind.types for one in _kinds(part)]
    return [kind]


def plain(error: msgspec.ValidationError) -> str:
    """msgspec's words without the marks of its paths."""
    return str(error).replace("`$.", "`").replace(" - at `$`", "")
