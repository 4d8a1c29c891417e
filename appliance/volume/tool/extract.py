"""`stele-volume extract`: the archived files, under their true names, each checked on the way."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from appliance.volume.entry import Entry
from appliance.volume.errors import DESTINATION_FULL, VolumeError
from appliance.volume.tool.destination import Destination
from appliance.volume.tool.reporting import Advance, defined_failures, progress, result, tell
from appliance.volume.tool.salvage import Salvage, checked_chunks, salvage
from appliance.volume.tool.volume import Reader, open_volume


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.argument("dest", type=click.Path(file_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def extract(image: Path, dest: Path, overwrite: bool, as_json: bool) -> None:
    """Restore everything from IMAGE (disc, image, bag folder or archive) into the folder DEST.

    A file whose digest is wrong is not written; one whose digest is lost is written and told.
    Nothing is written outside DEST, and symbolic links in it are not followed.
    """
    with defined_failures(as_json=as_json), open_volume(image) as volume:
        reader = volume.reader
        found = salvage(reader)
        found.tell()
        with (
            Destination(dest, overwrite=overwrite) as destination,
            progress("restoring", found.size_bytes) as advance,
        ):
            restored, failed = _restore(reader, found, destination, advance)
        unchecked = [file for file in found.files if file.disc_path not in found.digests]
        for file in unchecked:
            tell(f"unchecked: {file.path}: no digest of it can be read")
        document = {
            "files": restored,
            "failed": failed,
            "unchecked": len(unchecked),
            "missing": len(found.missing),
            "unreadable": found.fault_count,
        }
        text = ", ".join(f"{key} {value}" for key, value in document.items())
        result(document, as_json=as_json, text=text)
    sys.exit(1 if failed or unchecked or found.missing or found.fault_count else 0)


def _restore(
    reader: Reader, found: Salvage, destination: Destination, advance: Advance
) -> tuple[int, int]:
    """Write everything; returns how many files were, and how many files or folders were not."""
    restored = failed = 0
    for folder in found.folders:
        failed += not _attempt(folder, partial(destination.make_folder, folder.path))
    for file in found.files:
        digest = found.digests.get(file.disc_path)
        chunks = checked_chunks(reader, file, digest, advance)
        write = partial(destination.write_file, file.path, chunks, file.mtime_ns)
        written = _attempt(file, write)
        restored += written
        failed += not written
    for folder in found.folders:
        _attempt(folder, partial(destination.set_folder_mtime, folder.path, folder.mtime_ns))
    return restored, failed


def _attempt(entry: Entry, act: Callable[[], None]) -> bool:
    """Do it, or tell why not; a full disk ends everything."""
    try:
        act()
    except VolumeError as error:
        if error.code == DESTINATION_FULL:
            raise
        tell(f"not restored: {entry.path}: {error.message}")
        return False
    return True
