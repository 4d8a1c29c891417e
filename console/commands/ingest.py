"""`stele-console ingest`: take a folder in."""

from pathlib import Path

import click
from rich.filesize import decimal

from console.commands.frame import Exit, Frame, console_command
from console.commands.progress import meter
from console.commands.refused import show_refusals
from console.ingest.intake import ingest as take_in
from console.ingest.report import IngestOrder, IngestProgress, IngestReport


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--fonds", required=True, help="The fonds that the files belong to.")
@click.option("--series", required=True, help="The series within the fonds.")
@click.option("--dossier", help="Make the whole folder this one dossier.")
@click.option("--policy", help="The policy to keep new dossiers by.")
@click.option("--reread", is_flag=True, help="Read again what seems unchanged, and compare.")
@console_command
def ingest(
    frame: Frame,
    *,
    folder: Path,
    fonds: str,
    series: str,
    dossier: str | None,
    policy: str | None,
    reread: bool,
) -> Exit:
    """Take the folder DIR in. Each first-level folder is a dossier; so are the files beside them.

    Running it again takes in what is missing and nothing twice.
    """
    order = IngestOrder(folder, fonds, series, dossier, policy, reread)
    with meter(frame, "ingest") as show:

        def progress(now: IngestProgress) -> None:
            show(now.bytes_done, now.bytes_total, now.files_done, now.files_total, now.path)

        report = take_in(frame.workspace, order, progress)
    if frame.as_json:
        frame.answer(report)
    else:
        _show(frame, report)
    return Exit.PARTLY if report.files_refused else Exit.GOOD


def _show(frame: Frame, report: IngestReport) -> None:
    taken = f"{report.files_taken:,} files ({decimal(report.bytes_taken)})"
    frame.say(f"took in {taken} of {len(report.packages):,} dossiers")
    if report.files_known:
        frame.say(f"{report.files_known:,} files were there already")
    if report.files_refused:
        frame.say(f"left out {report.files_refused:,}:")
        show_refusals(frame, report.refusals[:10])
        if report.files_refused > 10:
            frame.say(f"  … all of them: stele-console refused {report.ingest_id}")
