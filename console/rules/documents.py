"""Rules as TOML text from people and programs: bounded, strict, every error in words. Pure."""

import tomllib
from typing import TypeVar

import msgspec
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.config import explain

TEXT_CHARACTERS_MAX = 65_536
"""Of a policy or pool, as a file or over REST."""

S = TypeVar("S", bound=Struct)


def parse_document(text: str, where: str, model: type[S], code: int) -> S:
    """A struct from TOML text that anybody may have written; `where` names it in errors.

    Raises:
        SteleError: `code`, says what is wrong where.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        raise SteleError(code, f"{where}: it is longer than {TEXT_CHARACTERS_MAX} characters")
    try:
        document = msgspec.convert(tomllib.loads(text), model)
    except RecursionError as error:
        raise SteleError(code, f"{where}: it is nested too deeply") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise SteleError(code, f"{where}: {explain(error, model)}") from error
    if b"\\u0000" in msgspec.json.encode(document):
        raise SteleError(code, f"{where}: a text in it holds the character U+0000")
    return document
