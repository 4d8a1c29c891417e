"""The disc image: its stream against bare SHA-256 and against genisoimage, its memory a file."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from appliance.volume import Identity, Image, ImageStream, PlanFile, VolumePlan, make_plan
from appliance.volume.tool.folder import FoundFile, SourceFolder
from appliance.volume.tool.payload import read_payload
from appliance.volume.tool.survey import digest_files, plan_of, survey

RUNS, LARGE_RUNS = 3, 9
LARGE_FILES, LARGE_BYTES = 4, 64 * 2**20
SMALL_FILES, SMALL_BYTES = 100_000, 10_000
IDENTITY = Identity("bench", "bench", "F", "S", (), datetime(2026, 1, 1, tzinfo=UTC))


def benchmarks() -> Iterator[dict[str, Any]]:
    """All figures about the image."""
    yield _large_files()
    yield from _small_files()
    for count in (100_000, 1_000_000):
        yield _memory(count)


def _seconds(act: Callable[[], None]) -> tuple[float, float]:
    """Time on the wall, and on the cores by this process and those that it started and awaited."""
    wall_s, core_s = time.perf_counter(), sum(os.times()[:4])
    act()
    return time.perf_counter() - wall_s, sum(os.times()[:4]) - core_s


def _figure(
    name: str, work: float, ours: Sequence[float], peer: str, theirs: Sequence[float]
) -> dict[str, Any]:
    """Both as `work` in MB over the median time; the ratio is the median of the rounds' ratios,
    so that a load that drifts from round to round does not count; the spread is that of our times.
    """
    return {
        "name": name,
        "value": work / median(ours),
        "unit": "MB/s",
        "peer": peer,
        "peer_value": work / median(theirs),
        "ratio": median(their / our for our, their in zip(ours, theirs, strict=True)),
        "spread": (max(ours) - min(ours)) / 2 / median(ours),
        "runs": len(ours),
    }


def _large_files() -> dict[str, Any]:
    block = os.urandom(2**20)
    blocks = LARGE_BYTES // len(block)
    digest = hashlib.sha256()
    for _ in range(blocks):
        digest.update(block)
    files = [PlanFile(f"{n}.mov", LARGE_BYTES, 0, digest.digest()) for n in range(LARGE_FILES)]
    plan = make_plan(IDENTITY, files)

    def hash_all() -> None:
        bare = hashlib.sha256()
        for _ in range(blocks * LARGE_FILES):
            bare.update(block)

    def stream_all() -> None:
        stream = ImageStream(Image(plan))
        for _ in range(blocks * LARGE_FILES):
            for _ in stream.feed(block):
                pass
        for _ in stream.finish():
            pass

    pairs = [(_seconds(hash_all)[1], _seconds(stream_all)[1]) for _ in range(LARGE_RUNS)]
    theirs, ours = zip(*pairs, strict=True)
    work = LARGE_FILES * LARGE_BYTES / 1e6
    name = "image stream, large files, core time"
    figure = _figure(name, work, ours, "hashlib SHA-256", theirs)
    return figure | {"aim": "ratio >= 0.8"}


def _small_files() -> Iterator[dict[str, Any]]:
    """On the wall, where the pipe's other end runs beside us, and by time on the cores."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        _make_tree(root)
        with SourceFolder(root) as source:
            found = survey(source)
            files = digest_files(source, found, ("sha256",), lambda _: None, None)
            plan = plan_of(IDENTITY, files, found)
            by_path = {file.path: file for file in found.files}
            acts = (
                lambda: _peer(root),
                lambda: _stream(source, plan, by_path),
                lambda: _build(root),
            )
            rounds = [[_seconds(act) for act in acts] for _ in range(RUNS)]
    work = SMALL_FILES * SMALL_BYTES / 1e6
    peer = "genisoimage -udf | sha256sum"
    for clock, kind in enumerate(("wall", "core time")):
        theirs, streamed, built = zip(*([s[clock] for s in times] for times in rounds), strict=True)
        name = f"image stream, 100,000 files of 10 KB, {kind}"
        aim = {"aim": "ratio > 1, 150 MB/s"}
        yield _figure(name, work, streamed, peer, theirs) | aim
        name = f"stele-volume build, the same files, {kind}"
        yield _figure(name, work, built, peer, theirs) | {"aim": "ratio > 1"}


def _make_tree(root: Path) -> None:
    noise = os.urandom(SMALL_BYTES + SMALL_FILES)
    for number in range(SMALL_FILES):
        folder = root / f"dossier-{number // 1_000:03}"
        if number % 1_000 == 0:
            folder.mkdir()
        (folder / f"page-{number:06}.tif").write_bytes(noise[number : number + SMALL_BYTES])


def _peer(root: Path) -> None:
    command = f"genisoimage -quiet -udf -J -R '{root}' 2>/dev/null | sha256sum"
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, capture_output=True)


def _stream(source: SourceFolder, plan: VolumePlan, by_path: dict[str, FoundFile]) -> None:
    """Read the files, check their digests, make the image and push it through a pipe."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
        assert reader.stdin is not None
        stream = ImageStream(Image(plan))
        for chunk in read_payload(source, (by_path[file.path] for file in plan.files)):
            for piece in stream.feed(chunk):
                reader.stdin.write(piece)
        for piece in stream.finish():
            reader.stdin.write(piece)
        reader.stdin.close()


def _build(root: Path) -> None:
    """The whole command in a process of its own: scan, digests, plan, image."""
    program = "from appliance.volume.tool.cli import main; main()"
    argv = [
        sys.executable,
        "-c",
        program,
        "build",
        str(root),
        "-o",
        "-",
        "--fonds",
        "F",
        "--series",
        "S",
    ]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


_MEMORY_PROGRAM = """
import sys
from tests.bench.volume import IDENTITY
from appliance.volume import Image, PlanFile, make_plan
def peak_kib():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0])
count = int(sys.argv[1])
before = peak_kib()
files = (
    PlanFile(f"dossier-{n // 500:05}/page-{n:07}.tif", 10**6 + n, n * 1000, n.to_bytes(32, "big"))
    for n in range(count)
)
image = Image(make_plan(IDENTITY, files))
for offset in range(0, image.payload_offset, 2**19):
    image.read_metadata(offset, min(2**19, image.payload_offset - offset))
print((peak_kib() - before) * 1024 / count)
"""


def _memory(count: int) -> dict[str, Any]:
    """Growth of the resident set in a fresh process that plans and generates all metadata."""
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY_PROGRAM, str(count)],
        check=True,
        capture_output=True,
        text=True,
    )
    return {
        "name": f"memory a file, plan and image, {count:,} files",
        "value": float(done.stdout),
        "unit": "bytes",
        "runs": 1,
        "aim": "< 1024",
    }
