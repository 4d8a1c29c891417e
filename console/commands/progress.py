"""Progress of long work: a bar on a terminal, lines elsewhere, nothing for scripts."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Protocol

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from console.commands.frame import Frame, shown

_REDRAW_S = 0.1
_LINE_S = 5.0


class Meter(Protocol):
    """Takes how far the work is, as often as one likes."""

    def __call__(
        self, bytes_done: int, bytes_total: int, files_done: int, files_total: int, note: str
    ) -> None: ...


@contextmanager
def meter(frame: Frame, what: str, unit: str = "files") -> Iterator[Meter]:
    """Show the progress of `what` on stderr, so that stdout holds the answer alone.

    `unit` is what is counted; work that has no bytes shows its count alone.
    """
    if frame.as_json:
        yield lambda *_: None
    elif frame.err.is_terminal:
        with _bars(frame.err, with_bytes=unit == "files") as bars:
            yield _bar_meter(bars, what, unit)
    else:
        yield _line_meter(frame.err, what, unit)


def _bars(console: Console, *, with_bytes: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        *([DownloadColumn()] if with_bytes else []),
        TextColumn("{task.fields[count]}"),
        *([TransferSpeedColumn()] if with_bytes else []),
        TimeRemainingColumn(compact=True),
        TextColumn("[dim]{task.fields[note]}", markup=True),
        console=console,
    )


def _bar_meter(bars: Progress, what: str, unit: str) -> Meter:
    # Not before there is something to show: what fails at once needs no bar.
    task = bars.add_task(what, total=None, visible=False, count="", note="")
    last_s = 0.0

    def show(
        bytes_done: int, bytes_total: int, files_done: int, files_total: int, note: str
    ) -> None:
        nonlocal last_s
        if monotonic() - last_s < _REDRAW_S and files_done < files_total:
            return
        last_s = monotonic()
        count = f"{files_done:,}/{files_total:,} {unit}"
        # An empty total would look like work without an end.
        done, total = (bytes_done, bytes_total) if bytes_total else (files_done, files_total)
        bars.update(task, completed=done, total=total, visible=True, count=count, note=_short(note))

    return show


def _line_meter(console: Console, what: str, unit: str) -> Meter:
    began_s = last_s = monotonic()

    def show(
        bytes_done: int, bytes_total: int, files_done: int, files_total: int, note: str
    ) -> None:
        nonlocal last_s
        if monotonic() - last_s < _LINE_S:
            return
        last_s = monotonic()
        share = bytes_done / bytes_total if bytes_total else files_done / max(1, files_total)
        parts = [f"{what}: {share:4.0%}  {files_done:,} of {files_total:,} {unit}"]
        if bytes_total:
            speed = decimal(int(bytes_done / (last_s - began_s)))
            parts.append(f"{decimal(bytes_done)} of {decimal(bytes_total)}, {speed}/s")
        console.print(f"{', '.join(parts)}  {shown(note)}")

    return show


def _short(note: str) -> str:
    text = shown(note).replace("[", "\\[")
    return text if len(text) <= 30 else "…" + text[-29:]
