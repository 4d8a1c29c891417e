"""Reading the configuration of one appliance: strict TOML, and messages that say what was meant."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
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
        SteleError: 5001 to 5005; the message names file, section, key and the nearest valid key.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SteleError(UNREADABLE_CONFIG, f"{file} cannot be read", str(error)) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SteleError(NOT_TOML, f"{file} is not TOML: {error}") from error
    if unknown := list(_unknown(raw, msgspec.inspect.type_info(Config), "")):
        raise SteleError(UNKNOWN_SETTING, f"{file}: {'; '.join(unknown)}")
    try:
        config = msgspec.convert(raw, Config, dec_hook=_path_from(file.parent))
    except msgspec.ValidationError as error:
        raise SteleError(INVALID_SETTING, f"{file}: {_located(str(error))}") from error
    if faults := [*_faults(config), *contradictions(config)]:
        raise SteleError(CONTRADICTION, f"{file}: {'; '.join(faults)}")
    return config


def _unknown(raw: Any, kind: Type, where: str) -> Iterator[str]:
    """A clause for every key of `raw` that `kind` does not have, at any depth."""
    if isinstance(kind, Metadata):
        kind = kind.type
    if isinstance(kind, UnionType):
        kind = next((one for one in kind.types if isinstance(one, StructType)), kind)
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
