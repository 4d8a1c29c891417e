"""Where a built image goes: a new file that appears when it is whole, or standard output."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from appliance.volume.errors import DESTINATION_EXISTS, OUTPUT_FAILED, VolumeError
from appliance.volume.stream import Piece

STANDARD_OUTPUT = Path("-")


def write_image(path: Path, pieces: Iterable[Piece], *, replace: bool) -> int:
    """Write all pieces and make sure that they are on the disk; returns the number of bytes.

    Raises:
        VolumeError: 3107, the file is there already; 3008, the system refuses, with its reason.
    """
    if path == STANDARD_OUTPUT:
        return _write(sys.stdout.fileno(), pieces, path)
    if path.exists() and not path.is_file():
        raise VolumeError(OUTPUT_FAILED, f"cannot write {path}: it is not a file")
    if path.exists() and not replace:
        raise VolumeError(DESTINATION_EXISTS, f"{path} is there already")
    partial = path.with_name(f".{path.name}.part")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _failed(path, error) from error
    try:
        try:
            written = _write(handle, pieces, path)
            os.fsync(handle)
        finally:
            os.close(handle)
        partial.replace(path)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        partial.unlink(missing_ok=True)
    return written


def _write(handle: int, pieces: Iterable[Piece], path: Path) -> int:
    written = 0
    for piece in pieces:
        view = memoryview(piece)
        while view:
            try:
                count = os.write(handle, view)
            except OSError as error:
                raise _failed(path, error) from error
            written += count
            view = view[count:]
    return written


def _failed(path: Path, error: OSError) -> VolumeError:
    return VolumeError(OUTPUT_FAILED, f"cannot write {path}: {error.strerror}")
