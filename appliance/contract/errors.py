"""The numbered errors: one table gives panel text, MQTT payload, web page and `docs/errors.md`.

The rows are data, in `error_table/<range>.toml` beside this module:

    1xxx communication   2xxx motion   3xxx media and integrity
    4xxx access and safety   5xxx software
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Protocol, runtime_checkable

import msgspec

from appliance.contract.messages import ErrorInfo


class ErrorRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a code means, and what a person should do about it, in both languages."""

    code: int
    name: str
    title: str
    title_zh: str
    action: str
    action_zh: str


class SteleError(Exception):
    """A defined failure: `message` says what happened to which thing, `detail` is for engineers."""

    def __init__(self, code: int, message: str, detail: str = "") -> None:
        super().__init__(f"[{code}] {message}")
        self.code = code
        self.message = message
        self.detail = detail

    @property
    def info(self) -> ErrorInfo:
        return ErrorInfo(self.code, self.message, self.detail)


@runtime_checkable
class Numbered(Protocol):
    """Any exception with a code: those of `hal` and `appliance.volume` are not ours."""

    code: int
    message: str
    detail: str


def info_of(error: BaseException) -> ErrorInfo:
    """The error as it goes over the wire; an exception without a code is 5000, a surprise."""
    if isinstance(error, Numbered):
        return ErrorInfo(error.code, error.message, error.detail)
    return ErrorInfo(5000, f"unexpected {type(error).__name__}", str(error)[:500])


@cache
def table() -> dict[int, ErrorRow]:
    """All rows by code, in order.

    Raises:
        ValueError: a code stands twice or in the wrong file.
    """
    rows: dict[int, ErrorRow] = {}
    for file in sorted(files("appliance.contract").joinpath("error_table").iterdir(), key=str):
        if not file.name.endswith(".toml"):
            continue
        for raw in tomllib.loads(file.read_text("utf-8")).get("error", []):
            row = msgspec.convert(raw, ErrorRow)
            if row.code in rows or str(row.code)[0] != file.name[0]:
                raise ValueError(f"error {row.code} stands twice or in the wrong file {file.name}")
            rows[row.code] = row
    return dict(sorted(rows.items()))
