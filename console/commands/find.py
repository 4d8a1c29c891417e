"""`stele-console find`: files and dossiers by name, and where every copy lies."""

from itertools import islice
from typing import TypeVar

import click
from rich.filesize import decimal
from rich.text import Text

from console.catalogue.search import CopyPlace, DossierHit, FileHit, Found
from console.commands.frame import Exit, Frame, console_command, shown

T = TypeVar("T")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="TEXT...")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--kind", type=click.Choice(["dossier", "file"]), help="Only these.")
@console_command
def find(frame: Frame, words: tuple[str, ...], limit: int, kind: str | None) -> Exit:
    """Find files and dossiers whose names hold every word of TEXT, in any script and case.

    Exit code 1 when nothing is found.
    """
    found = _search(frame, " ".join(words), limit, kind)
    if frame.as_json:
        frame.answer(found)
    else:
        _show(frame, found)
    return Exit.GOOD if found.dossiers or found.files else Exit.FAILED


def _search(frame: Frame, text: str, limit: int, kind: str | None) -> Found:
    dossiers: list[DossierHit] = []
    files: list[FileHit] = []
    more = more_files = False
    if kind != "file":
        dossiers, more = _first(frame, text, "dossier", DossierHit, limit)
    if kind != "dossier":
        files, more_files = _first(frame, text, "file", FileHit, limit)
    return Found(dossiers, files, more or more_files)


def _first(frame: Frame, text: str, kind: str, hit: type[T], limit: int) -> tuple[list[T], bool]:
    """As many hits as are wanted, and whether there are more."""
    pages = frame.client.pages("/search", hit, {"q": text, "kind": kind})
    found = list(islice(pages, limit + 1))
    return found[:limit], len(found) > limit


def _show(frame: Frame, found: Found) -> None:
    for hit in found.dossiers:
        _show_dossier(frame, hit)
    above = None
    for file in found.files:
        if above != file.package_id:
            above = file.package_id
            frame.say(Text(shown(f"{file.fonds} / {file.series} / {file.dossier}"), "bold"))
        _show_file(frame, file)
    if found.more:
        frame.say("… there is more; narrow the words or raise --limit")
    if not found.dossiers and not found.files:
        frame.err.print("nothing in the archive has these words in its name")


def _show_dossier(frame: Frame, hit: DossierHit) -> None:
    title = Text(shown(f"{hit.fonds} / {hit.series} / {hit.dossier}"), "bold")
    frame.say(title, f"dossier of {hit.files:,} files, {decimal(hit.size_bytes)}, {hit.state}")
    _show_copies(frame, hit.copies)


def _show_file(frame: Frame, hit: FileHit) -> None:
    at_hand = ", in the landing zone" if hit.in_landing_zone else ""
    frame.say(
        f"  {shown(hit.path)}", Text(f"{decimal(hit.size_bytes)}{at_hand}  {hit.file_id}", "dim")
    )
    _show_copies(frame, hit.copies)


def _show_copies(frame: Frame, copies: list[CopyPlace]) -> None:
    for copy in copies:
        where = f"{copy.appliance} slot {copy.slot}" if copy.slot else "not on a disc yet"
        frame.say(Text(shown(f"    {copy.role:8} {copy.state:10} {where}  on {copy.label}"), "dim"))
