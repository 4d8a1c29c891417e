"""`stele-console ingest`: take a folder in."""

import os
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import replace
from rich.filesize import decimal

from appliance.contract.errors import SteleError
from appliance.volume.names import text_from_bytes
from console.client.client import Client, key
from console.client.sending import Sender
from console.commands.bag import find_bag
from console.commands.frame import Exit, Frame, console_command
from console.commands.metadata import read_metadata
from console.commands.progress import Meter, meter
from console.commands.refused import show_refusals
from console.ingest.dossiers import find_dossiers
from console.ingest.orders import NewIngest
from console.ingest.refusals import Refusal
from console.ingest.report import REFUSALS_SHOWN_MAX, IngestProgress, IngestReport
from console.store.states import IngestState

_TOGETHER = 5_000


class Begun(Struct):
    ingest_id: str


class Noted(Struct):
    count: int


class Problem(Struct):
    code: int
    message: str


class News(Struct):
    progress: IngestProgress | None = None
    done: bool = False
    error: Problem | None = None


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--fonds", required=True, help="The fonds that the files belong to.")
@click.option("--series", required=True, help="The series within the fonds.")
@click.option("--dossier", help="Make the whole folder this one dossier.")
@click.option("--policy", help="The policy to keep new dossiers by.")
@click.option("--namespace", default="default", show_default=True, help="Where to file it.")
@click.option(
    "--metadata",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Titles, descriptions, years, retention: .csv or .json.",
)
@click.option("--no-bag", is_flag=True, help="Take a BagIt bag as any other folder.")
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
    namespace: str,
    metadata: Path | None,
    no_bag: bool,
    reread: bool,
) -> Exit:
    """Take the folder DIR in. Each first-level folder is a dossier; so are the files beside them.

    A BagIt bag is taken in as what is in its data folder, and compared with its digests. Running
    it again takes in what is missing and nothing twice.
    """
    bag = None if no_bag else find_bag(folder)
    source = (bag[0] if bag else folder).absolute()
    find_dossiers(source, dossier)
    told = read_metadata(metadata) if metadata else []
    order = NewIngest(
        fonds,
        series,
        namespace,
        dossier,
        text_from_bytes(os.fsencode(folder.absolute())),
        policy,
    )
    client = frame.client
    begun = client.ask("POST", "/ingests", Begun, body=order)
    path = f"/ingests/{key(begun.ingest_id)}"
    if bag:
        _send_manifest(client, path, bag[1])
    for start in range(0, len(told), _TOGETHER):
        some = told[start : start + _TOGETHER]
        client.send_lines(f"{path}/descriptions", Noted, some)
    with meter(frame, "ingest") as show:
        left_out = _bring(client, begun.ingest_id, source, show, reread=reread)
    report = client.ask("POST", f"{path}/complete", IngestReport, repeatable=True)
    report = _with_left_out(report, left_out)
    if frame.as_json:
        frame.answer(report)
    else:
        _show(frame, report)
    return Exit.PARTLY if report.files_refused else Exit.GOOD


def _send_manifest(client: Client, path: str, manifest: Path) -> None:
    with manifest.open("rb") as file:
        pieces = iter(lambda: file.read(1 << 20), b"")
        query = {"strip": "data/"}
        client.send("POST", f"{path}/manifest", Noted, pieces, "text/plain", query=query)


def _bring(
    client: Client, ingest_id: str, source: Path, show: Meter, *, reread: bool
) -> list[Refusal]:
    """Have a console on this machine read the folder, send it to any other."""
    if not client.is_local:
        sender = Sender(client, ingest_id, source, show, reread=reread)
        sender.send()
        return sender.left_out
    order = {"folder": text_from_bytes(os.fsencode(source)), "reread": reread}
    path = f"/ingests/{key(ingest_id)}/folder"
    done = False
    for news in client.lines("POST", path, News, order):
        if news.error is not None:
            raise SteleError(news.error.code, news.error.message)
        if (now := news.progress) is not None:
            show(now.bytes_done, now.bytes_total, now.files_done, now.files_total, now.path)
        done = news.done
    if not done:
        raise SteleError(5415, "the console stopped before everything was in")
    return []


def _with_left_out(report: IngestReport, left_out: list[Refusal]) -> IngestReport:
    if not left_out:
        return report
    more = report.files_refused + len(left_out)
    shown = [*report.refusals, *left_out][:REFUSALS_SHOWN_MAX]
    return replace(report, state=IngestState.PARTLY, files_refused=more, refusals=shown)


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
