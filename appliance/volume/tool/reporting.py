"""How the commands speak: progress and messages on standard error, results on standard output."""

import errno
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from appliance.volume.errors import OUTPUT_FAILED, VolumeError


class Advance(Protocol):
    """Told how many more bytes are done."""

    def __call__(self, count: int) -> None: ...


def printable(text: str) -> str:
    """Text from a disc or a folder made harmless for a terminal, on one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def progress(title: str, total_bytes: int) -> Iterator[Advance]:
    """A bar on standard error while the block runs, if that is a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=False),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _count: None
        return
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=total_bytes)
        yield lambda count: bar.advance(task, count)


def tell(message: str) -> None:
    """A line on standard error."""
    click.echo(printable(message), err=True)


def result(document: dict[str, Any], *, as_json: bool, text: str) -> None:
    """What a command found, as one JSON object or as text."""
    click.echo(json.dumps(document) if as_json else text)


def fail(error: VolumeError, *, as_json: bool) -> NoReturn:
    """End with exit code 1 and the error on standard error, with `--json` also on output."""
    tell(f"error {error.code}: {error.message}")
    if as_json:
        click.echo(json.dumps({"error": {"code": error.code, "message": error.message}}))
    sys.exit(1)


@contextmanager
def defined_failures(*, as_json: bool) -> Iterator[None]:
    """The one place where a failure becomes an exit code."""
    try:
        yield
    except VolumeError as error:
        fail(error, as_json=as_json)
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever reads has seen enough; click ends quietly
            raise
        tell(f"error {OUTPUT_FAILED}: cannot write the output: {error.strerror}")
        sys.exit(1)
