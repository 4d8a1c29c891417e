"""Programs that we did not write, asked about our images."""

import io
import subprocess
from pathlib import Path

import pycdlib


def run(*argv: str | Path, cwd: Path | None = None) -> str:
    """Standard output of a program that must succeed."""
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, capture_output=True, check=False, timeout=120
    )
    output = done.stdout.decode("utf-8", "surrogateescape")
    assert done.returncode == 0, output + done.stderr.decode("utf-8", "replace")
    return output


def unpack_with_7z(image: Path, dest: Path) -> Path:
    """Extract with 7-Zip, which must have nothing to warn of."""
    output = run("7z", "x", "-y", f"-o{dest}", image)
    assert "Everything is Ok" in output
    assert "Warning" not in output
    return dest


def udf_facts(image: Path) -> dict[str, str]:
    """What udfinfo says, which must say nothing on standard error."""
    done = subprocess.run(
        ["udfinfo", "--utf8", str(image)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def tree_by_pycdlib(image: Path) -> tuple[dict[str, bytes], set[str]]:
    """Every file with its content, and every folder, as pycdlib reads the UDF side."""
    disc = pycdlib.PyCdlib()
    disc.open(str(image))
    files: dict[str, bytes] = {}
    folders: set[str] = set()
    for folder, _, names in disc.walk(udf_path="/"):
        folders.add(folder.strip("/"))
        for name in names:
            content = io.BytesIO()
            disc.get_file_from_iso_fp(content, udf_path=f"{folder.rstrip('/')}/{name}")
            files[f"{folder.strip('/')}/{name}".lstrip("/")] = content.getvalue()
    disc.close()
    return files, folders - {""}


def tree_in(folder: Path) -> tuple[dict[str, bytes], set[str]]:
    """The same of a folder on disk."""
    files: dict[str, bytes] = {}
    folders: set[str] = set()
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_dir():
            folders.add(name)
        else:
            files[name] = path.read_bytes()
    return files, folders
