"""`stele-console restore`: bring files back into a folder."""

import os
from pathlib import Path

import click
from rich.filesize import decimal

from appliance.contract.states import MediumKind
from appliance.volume.names import text_from_bytes
from console.catalogue.selection import Selection
from console.client.restoring import restore as bring_back
from console.commands.frame import Exit, Frame, console_command, shown
from console.commands.progress import meter
from console.restore.report import RestoreOrder, RestoreProgress, RestoreReport


@click.command()
@click.argument("names", nargs=-1, metavar="[PATH-OR-FILE-ID]...")
@click.option("--all", "everything", is_flag=True, help="Everything that is archived.")
@click.option("--fonds", help="Only this fonds.")
@click.option("--series", help="Only this series.")
@click.option("--dossier", help="Only this dossier.")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="The folder to write into.",
)
@click.option("--from-media", is_flag=True, help="Read the discs even for what is still at hand.")
@click.option(
    "--medium",
    "kind",
    type=click.Choice([kind.value for kind in MediumKind]),
    help="Read copies on this kind of medium alone.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that differ.")
@click.option(
    "--wait",
    "wait_s",
    type=float,
    metavar="SECONDS",
    help="Give up when nothing comes for so long.",
)
@console_command
def restore(
    frame: Frame,
    *,
    names: tuple[str, ...],
    everything: bool,
    fonds: str | None,
    series: str | None,
    dossier: str | None,
    to: Path,
    from_media: bool,
    kind: str | None,
    overwrite: bool,
    wait_s: float | None,
) -> Exit:
    """Bring files back into DIR, checked against their digests, with their times.

    Paths are those of the ingested folder. Running it again goes on where it stopped.
    """
    chosen = bool(names or fonds or series or dossier)
    if everything == chosen:
        raise click.UsageError("name either --all, or a fonds, series, dossier, path or file id")
    paths = tuple(text_from_bytes(os.fsencode(name)) for name in names)
    selection = Selection(fonds, series, dossier, paths)
    medium_kind = MediumKind(kind) if kind else None
    order = RestoreOrder(selection, to, from_media, medium_kind, overwrite, wait_s)
    with meter(frame, "restore") as show:

        def progress(now: RestoreProgress) -> None:
            show(now.bytes_done, now.bytes_total, now.files_done, now.files_total, now.stage)

        report = bring_back(frame.client, order, progress)
    if frame.as_json:
        frame.answer(report)
    else:
        _show(frame, report, to)
    if not report.files_failed:
        return Exit.GOOD
    return Exit.PARTLY if report.files_written or report.files_there else Exit.FAILED


def _show(frame: Frame, report: RestoreReport, to: Path) -> None:
    written = f"{report.files_written:,} files ({decimal(report.bytes_written)})"
    frame.say(f"restored {written} to {shown(str(to))}, every digest checked")
    if report.files_there:
        frame.say(f"{report.files_there:,} files were there already")
    if report.files_failed:
        frame.say(f"{report.files_failed:,} files did not come back:")
        for failure in report.failures[:20]:
            frame.say(f"  {failure.code}  {failure.path}  {failure.message}")
