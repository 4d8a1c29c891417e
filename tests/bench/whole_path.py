"""From a folder to verified discs and back, with every process of the product running."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILES = 2_000
FILE_BYTES = 100_000


def _make_source(folder: Path) -> None:
    block = bytes(range(256)) * (FILE_BYTES // 256 + 2)
    for number in range(FILES):
        place = folder / f"dossier-{number % 20:02d}"
        place.mkdir(parents=True, exist_ok=True)
        start = number % 256
        (place / f"{number:05d}.bin").write_bytes(
            number.to_bytes(8, "big") + block[start : start + FILE_BYTES - 8]
        )


def benchmarks() -> Iterator[dict[str, Any]]:
    """Seconds of `make smoke` on a made tree, beside `cp -r` and `sha256sum` of the same tree."""
    work = Path(tempfile.mkdtemp(prefix="stele-bench-"))
    try:
        source = work / "source"
        _make_source(source)
        started_s = time.perf_counter()
        demo = [sys.executable, "-m", "simulators.demo", "--smoke", "--times", str(work / "times")]
        subprocess.run(
            [*demo, "--source", str(source), "--out", str(work / "out")],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        total_s = time.perf_counter() - started_s
        started_s = time.perf_counter()
        subprocess.run(["cp", "-r", str(source), str(work / "copy")], check=True)
        subprocess.run(
            f"find {work / 'copy'} -type f -print0 | xargs -0 sha256sum | tail -n1",
            shell=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        peer_s = time.perf_counter() - started_s
        size = FILES * FILE_BYTES
        for line in (work / "times").read_text("utf-8").splitlines():
            match = re.fullmatch(r"(\w+) ([0-9.]+)", line)
            if match:
                seconds = float(match[2])
                yield {
                    "name": f"{match[1]} of {FILES} x {FILE_BYTES // 1000} KB",
                    "value": seconds,
                    "unit": "s",
                    "mb_per_s": size / 1e6 / seconds,
                    "runs": 1,
                }
        yield {
            "name": "folder to two verified discs and back, all",
            "value": total_s,
            "unit": "s",
            "peer": "cp -r + sha256sum",
            "peer_value": peer_s,
            "ratio": total_s / peer_s,
            "runs": 1,
        }
    finally:
        shutil.rmtree(work)
