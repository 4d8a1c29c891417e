"""`stele-volume list`: what is on a disc."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec

from appliance.volume.document import VOLUME_JSON, VolumeDocument
from appliance.volume.entry import Entry
from appliance.volume.errors import DAMAGE, VolumeError
from appliance.volume.tool.reporting import defined_failures, printable, tell
from appliance.volume.tool.volume import open_volume

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@click.command(name="list")
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, first the volume.")
def list_volume(image: Path, as_json: bool) -> None:
    """List the files and folders of IMAGE (disc, image, bag folder or archive) by true names.

    On a damaged disc, all that can be found; what cannot is told, with exit code 1.
    """
    with defined_failures(as_json=as_json), open_volume(image) as volume:
        reader = volume.reader
        faults = list(reader.root_faults)
        try:
            _head(reader.document(), as_json=as_json)
        except VolumeError as error:
            if error.code not in DAMAGE:
                raise
            faults.append((VOLUME_JSON, error))
        for entry in reader.entries(lambda *fault: faults.append(fault)):
            click.echo(_json_line(entry) if as_json else _line(entry))
        for path, fault in faults:
            tell(f"unreadable: {path or 'the root'}: {fault.message}")
    sys.exit(1 if faults else 0)


def _head(document: VolumeDocument, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(document).decode())
        return
    identity = document.identity
    click.echo(printable(f"{identity.label}  (volume {identity.volume_id})"))
    click.echo(printable(f"fonds {identity.fonds}, series {identity.series}"))


def _json_line(entry: Entry) -> str:
    return json.dumps(
        {
            "path": entry.path,
            "disc_path": entry.disc_path,
            "folder": entry.folder,
            "size_bytes": entry.size_bytes,
            "mtime_ns": entry.mtime_ns,
        }
    )


def _line(entry: Entry) -> str:
    when = _EPOCH + timedelta(microseconds=entry.mtime_ns // 1000)
    size = "" if entry.folder else str(entry.size_bytes)
    return f"{size:>15}  {when:%Y-%m-%d %H:%M:%S}  {printable(entry.path)}{'/' * entry.folder}"
