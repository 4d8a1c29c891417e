"""Reading the configuration of one appliance: strict TOML, and messages that say what was meant."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec.inspect import Metadata, StructType, Type, UnionType, VarTupleType

from appliance.contract.errors import SteleError
from appliance.contradictions import contradictions
from appliance.settings import SCHEMES, Config
from appliance.spelling import nearest

UNREADABLE_CONFIG = 5001
NOT_TOML = 5002
UNKNOWN_SETTING = 5003
INVALID_SETTING = 5004
CONTRADICTION = 5005


def load_config(file: Path) -> Config:
    """Read and check a configuration. Relative paths count from the file's folder.

    Raises:
        SteleError: 5001 to 5005; the message has all that is wrong at once, with file, section,
            key and the nearest valid key.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SteleError(UNREADABLE_CONFIG, f"{file} cannot be read", str(error)) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SteleError(NOT_TOML, f"{file} is not TOML: {error}") from error
    kind = msgspec.inspect.type_info(Config)
    unknown, known = list(_unknown(raw, kind, "")), _pruned(raw, kind)
    decode = _path_from(file.parent)
    invalid = list(_invalid(known, decode))
    contradicting: list[str] = []
    if not invalid:
        config = msgspec.convert(known, Config, dec_hook=decode)
        contradicting = [*_faults(config), *contradictions(config)]
    for code, clauses in (
        (UNKNOWN_SETTING, unknown),
        (INVALID_SETTING, invalid),
        (CONTRADICTION, contradicting),
    ):
        if clauses:  # the first kind gives the number; all are told
            everything = [*unknown, *invalid, *contradicting]
            raise SteleError(code, f"{file}: {'; '.join(everything)}")
    return config


def _pruned(raw: Any, kind: Type) -> Any:
    """The same without the keys that `kind` does not have, so that the rest can be checked."""
    kind = _bare(kind)
    if isinstance(kind, VarTupleType) and isinstance(raw, list):
        return [_pruned(item, kind.item_type) for item in raw]
    if isinstance(kind, StructType) and isinstance(raw, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        return {key: _pruned(value, fields[key]) for key, value in raw.items() if key in fields}
    return raw


def _bare(kind: Type) -> Type:
    """Without its description; of a section that may be left out, the section."""
    if isinstance(kind, Metadata):
        kind = kind.type
    if isinstance(kind, UnionType):
        kind = next((one for one in kind.types if isinstance(one, StructType)), kind)
    return kind


def _invalid(raw: dict[str, Any], decode: Callable[[type, Any], Any]) -> Iterator[str]:
    """A clause for every table with a wrong or missing value, the first of each."""
    hints = get_type_hints(Config, include_extras=True)
    for section, value in raw.items():
        tables: list[tuple[str, Any, Any]] = [(section, value, hints[section])]
        if get_origin(hints[section]) is tuple and isinstance(value, list):
            (item, _) = get_args(hints[section])
            tables = [(f"{section}[{number}]", one, item) for number, one in enumerate(value)]
        for where, table, kind in tables:
            try:
                msgspec.convert(table, kind, dec_hook=decode)
            except msgspec.ValidationError as error:
                fault, _, path = str(error).partition(" - at `$")
                yield _located(f"{fault} - at `$.{where}{path}")
    for field in msgspec.structs.fields(Config):
        if field.required and field.name not in raw:
            yield f"section [{field.name}] is missing"


def _unknown(raw: Any, kind: Type, where: str) -> Iterator[str]:
    """A clause for every key of `raw` that `kind` does not have, at any depth."""
    kind = _bare(kind)
    if isinstance(kind, VarTupleType) and isinstance(raw, list):
        for number, item in enumerate(raw, 1):
            yield from _unknown(item, kind.item_type, f"{where} {number}")
    if not isinstance(kind, StructType) or not isinstance(raw, dict):
        return
    fields = {field.encode_name: field.type for field in kind.fields}
    for key, value in raw.items():
        if key in fields:
            yield from _unknown(value, fields[key], key)
        elif where:
            yield f"unknown key {key!r} in [{where}]{nearest(key, fields)}"
        else:
            yield f"unknown section [{key}]{nearest(key, fields)}"


def _located(message: str) -> str:
    """The message of a `ValidationError` with its JSON path put as section and key."""
    fault, _, path = message.partition(" - at `$")
    section, _, key = path.rstrip("`").lstrip(".").partition(".")
    section = re.sub(r"\[(\d+)\]", lambda found: f" {int(found[1]) + 1}", section)
    return (
        " ".join(word for word in (f"[{section}]" if section else "", key) if word) + f": {fault}"
    )


def _path_from(folder: Path) -> Callable[[type, Any], Any]:
    def decode(kind: type, value: Any) -> Any:
        if kind is Path and isinstance(value, str) and value and "\0" not in value:
            return (folder / value).absolute()
        raise ValueError("Expected the path of a file or folder")

    return decode


def _faults(config: Config) -> list[str]:
    """What is wrong between settings that are each valid alone."""
    faults = []
    if fault := _url_fault(config.broker.url):
        faults.append(f"[broker] url {fault}")
    if config.telemetry.shortest_s > config.telemetry.longest_s:
        faults.append("[telemetry] shortest_s is longer than longest_s")
    return faults


def _url_fault(url: str) -> str:
    """Why `url` is not a broker's; empty when it is. It may hold a secret: never repeat it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in SCHEMES or not parts.hostname or port == 0:
        return "must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"
    if "@" in parts.netloc:
        return "must not hold user and password: use username and password_file"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return "must end after the port"
    return ""
