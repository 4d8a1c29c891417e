"""`stele-volume verify`: is every byte of a volume as it should be, in whichever form it lies."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from appliance.volume.archive import Archive
from appliance.volume.archive_stream import ArchiveVerifier
from appliance.volume.errors import VolumeError
from appliance.volume.form import Form
from appliance.volume.image import Image
from appliance.volume.plan import VolumePlan
from appliance.volume.tool.disc import Disc
from appliance.volume.tool.reporting import Advance, defined_failures, progress, result, tell
from appliance.volume.tool.salvage import checked_chunks, damaged_tag_files, salvage
from appliance.volume.tool.volume import Reader, open_volume
from appliance.volume.udf.tags import SECTOR
from appliance.volume.verifier import ImageVerifier, VerifyReport

STEP_BYTES = 2**20
STEPS = (32 * SECTOR, SECTOR)


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(image: Path, as_json: bool) -> None:
    """Read all of IMAGE (disc, image, bag folder or archive), compare it with what it must be.

    The plan is rebuilt from the volume alone. Of a disc or archive, every byte is computed from the
    plan and compared; of a folder, every file, with its digest. If the volume's own description is
    damaged, the files are checked by its manifest.
    """
    with defined_failures(as_json=as_json), open_volume(image) as volume:
        reader = volume.reader
        try:
            plan = reader.plan()
        except VolumeError as error:
            tell(f"error {error.code}: {error.message}; checking the files by the manifest")
            whole, document = _verify_files(reader)
            document["error"] = {"code": error.code, "message": error.message}
            good = whole and volume.form is Form.FOLDER  # copying changes times, which harms nobody
        else:
            if volume.disc is None:
                good, document = _verify_files(reader)
            else:
                good, document = _verify_bytes(volume.disc, plan, volume.form)
            document = {"volume": plan.identity.volume_id, **document}
        document["result"] = "good" if good else "damaged"
        text = "\n".join(f"{key}: {value}" for key, value in document.items())
        result(document, as_json=as_json, text=text)
    sys.exit(0 if good else 1)


def _verify_bytes(disc: Disc, plan: VolumePlan, form: Form) -> tuple[bool, dict[str, Any]]:
    layout = Archive(plan) if form is Form.ARCHIVE else Image(plan)
    verifier = ArchiveVerifier(layout) if isinstance(layout, Archive) else ImageVerifier(layout)
    with progress("verifying", layout.size_bytes) as advance:
        end = min(layout.size_bytes, disc.size_bytes)
        while verifier.offset < end:
            _feed(disc, verifier, min(STEP_BYTES, end - verifier.offset), advance)
    report = verifier.finish()
    for index in report.bad_files:
        tell(f"damaged: {plan.files[index].path}")
    if report.bad_sectors:
        tell("damaged sectors: " + " ".join(map(str, report.bad_sectors[:20])))
    return report.ok, _document(plan, report)


def _feed(
    disc: Disc,
    verifier: ImageVerifier | ArchiveVerifier,
    length: int,
    advance: Advance,
    steps: Sequence[int] = STEPS,
) -> None:
    """Read on; where the disc is unreadable, by clusters, and there by sectors."""
    try:
        verifier.feed(disc.read_at(verifier.offset, length))
        advance(length)
    except OSError:
        if not steps:
            verifier.skip(length)
            advance(length)
            return
        for start in range(0, length, steps[0]):
            _feed(disc, verifier, min(steps[0], length - start), advance, steps[1:])


def _document(plan: VolumePlan, report: VerifyReport) -> dict[str, Any]:
    return {
        "result": "",
        "bytes_read": report.bytes_seen,
        "bytes_expected": report.bytes_expected,
        "files": len(plan.files),
        "damaged_files": report.bad_file_count,
        "damaged_sectors": report.bad_sector_count,
    }


def _verify_files(reader: Reader) -> tuple[bool, dict[str, Any]]:
    found = salvage(reader)
    found.tell()
    damaged = unchecked = 0
    damaged_tags = damaged_tag_files(reader)
    for name in damaged_tags:
        tell(f"damaged: {name} in the root")
    with progress("checking files", found.size_bytes) as advance:
        for file in found.files:
            digest = found.digests.get(file.disc_path)
            if digest is None:
                unchecked += 1
                tell(f"unchecked: {file.path}: no digest of it can be read")
            try:
                for _ in checked_chunks(reader, file, digest, advance):
                    pass
            except VolumeError as error:
                damaged += 1
                tell(f"damaged: {file.path}: {error.message}")
    missing = len(found.missing)
    harmed = damaged or unchecked or missing or damaged_tags or found.fault_count
    return not harmed, {
        "result": "",
        "files": len(found.files),
        "good_files": len(found.files) - damaged - unchecked,
        "damaged_files": damaged,
        "unchecked_files": unchecked,
        "missing_files": missing,
        "damaged_in_root": damaged_tags,
        "unreadable": found.fault_count,
    }
