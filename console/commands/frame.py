"""What every command has around it: `--json`, numbered errors on stderr, exit codes.

0 good · 1 a defined failure · 2 wrong usage · 3 partly done · 4 console or worker not reachable in
time · 130 interrupted
"""

import functools
import os
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
from rich.console import Console
from rich.text import Text

from appliance.contract.errors import Numbered, SteleError, table
from console.client.client import Client
from console.client.finding import console_at, console_on, read_token
from console.store.workspace import Workspace, open_workspace

_PIPE_WIDTH = 400
"""Columns when nobody looks: wide enough that nothing is cut off."""


class Exit(IntEnum):
    GOOD = 0
    FAILED = 1
    USAGE = 2
    PARTLY = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


_UNREACHABLE_CODES = (5410, 5411, 5415)
_DECIDING = ("approve", "reject")
"""Commands that may say who decides."""


@dataclass(frozen=True)
class Frame:
    """What a command works with: the data folder, and where to show its answer."""

    data: Path
    as_json: bool
    out: Console
    err: Console
    url: str | None = None
    token_file: Path | None = None
    person: str = ""

    @functools.cached_property
    def client(self) -> Client:
        """The console that the command speaks to; raises SteleError 5415, 5417 and others."""
        if not self.url:
            return console_on(self.data, lambda: self.workspace, self.person)
        if self.token_file is not None:
            return console_at(self.url, read_token(self.token_file))
        return console_at(self.url, os.environ.get("STELE_TOKEN", "").strip())

    @functools.cached_property
    def workspace(self) -> Workspace:
        return open_workspace(self.data)

    def answer(self, struct: object) -> None:
        """The answer for scripts: one JSON object on stdout."""
        sys.stdout.buffer.write(msgspec.json.encode(struct) + b"\n")
        sys.stdout.buffer.flush()

    def say(self, *parts: str | Text) -> None:
        self.out.print(*(shown(part) if isinstance(part, str) else part for part in parts))


def console_command(run: Callable[..., Exit | None]) -> Callable[..., None]:
    """Turn a function `run(frame, …)` that returns an exit code into a click callback."""

    def framed(context: click.Context, /, as_json: bool, **arguments: Any) -> NoReturn:
        root = context.find_root().params
        frame = Frame(
            root["data"],
            as_json,
            _console(sys.stdout),
            _console(sys.stderr),
            root["url"],
            root["token_file"],
            arguments.get("by") or "" if run.__name__ in _DECIDING else "",
        )
        try:
            code = run(frame, **arguments) or Exit.GOOD
        except Exception as error:  # noqa: BLE001  (the boundary of the process)
            code = _report(frame, error)
        except KeyboardInterrupt:
            frame.err.print("interrupted; running the same command again goes on from here")
            code = Exit.INTERRUPTED
        finally:
            if "client" in frame.__dict__:
                frame.client.close()
            if "workspace" in frame.__dict__:
                frame.workspace.close()
        context.exit(code)

    functools.update_wrapper(framed, run)
    json_option = click.option(
        "--json", "as_json", is_flag=True, help="Answer with JSON, errors too."
    )
    return json_option(click.pass_context(framed))


def _report(frame: Frame, error: Exception) -> Exit:
    if isinstance(error, click.exceptions.ClickException | click.exceptions.Exit):
        raise error
    if isinstance(error, BrokenPipeError):
        # The reader has seen enough; Python must not complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.GOOD
    numbered = error if isinstance(error, Numbered) else _numbered(error)
    _show_error(frame, numbered)
    if numbered.code == 5000:
        raise error
    return Exit.UNREACHABLE if numbered.code in _UNREACHABLE_CODES else Exit.FAILED


def _numbered(error: Exception) -> Numbered:
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415  (slow to import)

    if isinstance(error, OperationalError):
        return SteleError(5404, f"the store did not take a change: {error.orig}")
    return SteleError(5000, f"unexpected {type(error).__name__}", str(error)[:500])


def _show_error(frame: Frame, error: Numbered) -> None:
    row = table().get(error.code)
    chinese = os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("zh")
    title = (row.title_zh if chinese else row.title) if row else ""
    action = (row.action_zh if chinese else row.action) if row else ""
    if frame.as_json:
        body = {"code": error.code, "message": error.message, "detail": error.detail}
        frame.answer({"error": {**body, "title": title, "action": action}})
        return
    frame.err.print(Text.assemble((f"error {error.code}: ", "bold red"), shown(error.message)))
    if action:
        frame.err.print(Text(f"  {action}", "dim"))


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def shown(text: str) -> str:
    """Text that does nothing to a terminal; bytes that are no Unicode appear as \\xNN."""
    return "".join(map(_shown_character, text)) if not text.isprintable() else text


def _shown_character(character: str) -> str:
    code = ord(character)
    if 0xF780 <= code <= 0xF7FF:
        return f"\\x{code - 0xF700:02x}"
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
