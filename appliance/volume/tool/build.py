"""`stele-volume build`: a folder becomes an image."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from appliance.volume.image import Image
from appliance.volume.plan import Identity, plan_sha256
from appliance.volume.stream import ImageStream, Piece
from appliance.volume.tool.folder import SourceFolder
from appliance.volume.tool.output import STANDARD_OUTPUT, write_image
from appliance.volume.tool.payload import read_payload
from appliance.volume.tool.reporting import Advance, defined_failures, progress, result, tell
from appliance.volume.tool.survey import Survey, digest_files, plan_of, refuse_faults, survey

_DIGESTS = {"sha256": ("sha256",), "sm3": ("sha256", "sm3")}


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="- is stdout")
@click.option("--fonds", required=True, help="Fonds (全宗) of the volume.")
@click.option("--series", required=True, help="Series (目录) of the volume; there is only one.")
@click.option("--label", help="Name of the disc.  [default: FONDS-SERIES]")
@click.option("--organisation", default="", help="Who keeps the archive.")
@click.option("--volume-id", help="Identifier of the volume.  [default: a new one]")
@click.option("--digest", type=click.Choice(list(_DIGESTS)), default="sha256", show_default=True)
@click.option("--created-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="[default: now]")
@click.option("--skip-unreadable", is_flag=True, help="Report unreadable files and go on.")
@click.option("--force", is_flag=True, help="Replace the image if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def build(*, source: Path, output: Path, force: bool, as_json: bool, **options: Any) -> None:
    """Make a disc image of the folder SOURCE.

    Symbolic links, sockets, pipes and devices are reported and left out. Each folder in SOURCE is
    a dossier; the files beside them form one more.
    """
    with defined_failures(as_json=as_json), SourceFolder(source) as folder:
        found = survey(folder)
        skip = options["skip_unreadable"]
        if not skip:
            refuse_faults(source, found)
        with progress("reading", found.size_bytes) as advance:
            identity = _identity(options, found)
            files = digest_files(
                folder, found, identity.digests, advance, found.left_out.append if skip else None
            )
        plan = plan_of(identity, files, found)
        image = Image(plan)
        with progress("writing", image.size_bytes) as advance:
            write_image(output, _image_bytes(folder, found, image, advance), replace=force)
        for left in found.left_out:
            tell(f"left out: {left.path} ({left.detail or left.reason})")
        _report(output, image, found, as_json=as_json)


def _identity(options: dict[str, Any], found: Survey) -> Identity:
    now = datetime.now(UTC).replace(microsecond=0)
    when = options["created_at"].replace(tzinfo=UTC) if options["created_at"] else now
    return Identity(
        volume_id=options["volume_id"] or f"{when:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        label=options["label"] or f"{options['fonds']}-{options['series']}",
        fonds=options["fonds"],
        series=options["series"],
        dossiers=found.dossiers(),
        created_at=when,
        organisation=options["organisation"],
        digests=_DIGESTS[options["digest"]],
    )


def _image_bytes(
    folder: SourceFolder, found: Survey, image: Image, advance: Advance
) -> Iterator[Piece]:
    files = {file.path: file for file in found.files}
    stream = ImageStream(image)
    for chunk in read_payload(folder, (files[file.path] for file in image.plan.files)):
        for piece in stream.feed(chunk):
            advance(len(piece))
            yield piece
    for piece in stream.finish():
        advance(len(piece))
        yield piece


def _report(output: Path, image: Image, found: Survey, *, as_json: bool) -> None:
    volume_id, files = image.plan.identity.volume_id, len(image.plan.files)
    text = f"{output}: volume {volume_id}, {files} files, {image.size_bytes} bytes"
    if output == STANDARD_OUTPUT:
        tell(text)
        return
    document = {
        "volume_id": volume_id,
        "plan_sha256": plan_sha256(image.plan),
        "files": files,
        "payload_bytes": image.payload_bytes,
        "image_bytes": image.size_bytes,
        "left_out": [{"path": left.path, "reason": left.reason} for left in found.left_out],
    }
    result(document, as_json=as_json, text=text)
