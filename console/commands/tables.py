"""Lists for people: columns with headings."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.table import Table

from console.commands.frame import Frame, shown


def show_table(
    frame: Frame, headings: Sequence[str], rows: Iterable[Sequence[object]], none: str
) -> None:
    """One line a row; `none` is said when there is no row."""
    lines = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        lines.add_column(heading)
    for row in rows:
        lines.add_row(*(shown(_text(cell)) for cell in row))
    frame.out.print(lines if lines.row_count else none)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone():%Y-%m-%d %H:%M}"
    if isinstance(cell, list | tuple):
        return ", ".join(map(str, cell))
    return str(cell)
