"""Bag folders and archives of a plan, made for tests."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from appliance.volume import VolumePlan
from appliance.volume.archive import Archive
from appliance.volume.archive_reader import ArchiveSource
from appliance.volume.bag_reader import BagReader


def archive_bytes(plan: VolumePlan, contents: Mapping[str, bytes]) -> bytes:
    """The whole archive."""
    archive = Archive(plan)
    payload = [contents[file.path] for file in plan.files]
    return archive.read(
        0, archive.size_bytes, lambda index, offset, n: payload[index][offset : offset + n]
    )


def unpacked(plan: VolumePlan, contents: Mapping[str, bytes], folder: Path) -> Path:
    """The bag as `tar` unpacks it."""
    subprocess.run(["tar", "-x"], input=archive_bytes(plan, contents), cwd=folder, check=True)
    return folder / plan.identity.volume_id


def reader_of_archive(content: bytes) -> BagReader:
    def read_at(offset: int, length: int) -> bytes:
        return content[offset : offset + length]

    return BagReader(ArchiveSource(read_at, len(content)))
