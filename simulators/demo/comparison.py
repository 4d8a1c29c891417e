"""Whether a restored tree equals its source: names, bytes and modification times."""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK_BYTES = 1 << 20


@dataclass(slots=True)
class Comparison:
    """What two trees have in common, and every difference by its path."""

    files: int = 0
    folders: int = 0
    size_bytes: int = 0
    left_out: list[str] = field(default_factory=list)
    """Links, sockets and devices of the source: an archive reports them and keeps none."""
    differences: list[str] = field(default_factory=list)


def _kinds(root: Path) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for place, names, files in os.walk(root):
        for name in names + files:
            path = Path(place, name)
            mode = path.lstat().st_mode
            kind = "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"
            kinds[os.fspath(path.relative_to(root))] = kind
    return kinds


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compare(source: Path, restored: Path, progress: Callable[[int], None]) -> Comparison:
    """Compare every file by its digest; `progress` is told the bytes of each file done."""
    result = Comparison()
    wanted, found = _kinds(source), _kinds(restored)
    for path in sorted(wanted.keys() | found.keys()):
        if wanted.get(path) == "other":
            result.left_out.append(path)
        elif path not in found:
            result.differences.append(f"missing: {path}")
        elif path not in wanted:
            result.differences.append(f"not in the source: {path}")
        elif wanted[path] != found[path]:
            result.differences.append(f"{wanted[path]} became {found[path]}: {path}")
        elif wanted[path] == "folder":
            result.folders += 1
        else:
            _compare_file(source / path, restored / path, path, result)
            progress((source / path).stat().st_size)
    return result


def _compare_file(source: Path, restored: Path, path: str, result: Comparison) -> None:
    result.files += 1
    result.size_bytes += source.stat().st_size
    if digest(source) != digest(restored):
        result.differences.append(f"content differs: {path}")
    elif abs(source.stat().st_mtime_ns - restored.stat().st_mtime_ns) >= 1_000:
        result.differences.append(f"modification time differs: {path}")
