"""A sender's BagIt bag (RFC 8493): its data folder, and the digests in its manifest."""

from pathlib import Path

from appliance.contract.errors import SteleError

MANIFEST = "manifest-sha256.txt"


def find_bag(folder: Path) -> tuple[Path, Path] | None:
    """The data folder and the manifest of a bag; None where the folder is no bag.

    Raises:
        SteleError: 5441 it is a bag without a SHA-256 manifest or without data.
    """
    if not (folder / "bagit.txt").is_file():
        return None
    data, manifest = folder / "data", folder / MANIFEST
    if data.is_symlink() or not data.is_dir():
        raise SteleError(5441, f"the bag {folder} has no data folder")
    if not manifest.is_file():
        raise SteleError(5441, f"the bag {folder} has no {MANIFEST}")
    return data, manifest
