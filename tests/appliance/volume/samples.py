"""Plans and images small enough to make by the hundred, and names that trouble programs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import new, sha256
from random import Random

from appliance.volume import (
    DossierRef,
    Identity,
    Image,
    ImageStream,
    PlanFile,
    PlanFolder,
    VolumePlan,
    VolumeReader,
    make_plan,
)

CREATED_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
MTIME_NS = 1_700_000_000_123_456_000

AWKWARD_NAMES = (
    "A.txt",
    "a.txt",
    "\u00e9.txt",
    "e\u0301.txt",
    "\u4ef6" * 85,
    "\U0001f600" * 63,
    "x" * 255,
    "x" * 252 + "\u4ef6",
    "\u00e9" * 127,
    "\U0001f600" * 62 + "%",
    "\u4ef6" * 84 + "%",
    "\uf7d6" * 120,
    "100%.pdf",
    "20%0A.txt",
    "back\\slash",
    "line\nfeed",
    "carriage\rreturn",
    "tab\there",
    "escape\x1b[31m",
    "next\x85line",
    "separator\u2028here",
    "trailing space ",
    "trailing dot.",
    " leading space",
    "...",
    "-rf",
    "*",
    "CON",
    'a:b?c*d|e<f>g"h',
    "#comment",
    "~tilde~12345678.txt",
    "bad\uf7ff\uf7fe",
    "\uf7ef\uf79e\uf780",
    "seven\uef81zip",
    "\ufeffbom",
    "\u202egnp.exe",
)


def identity(**changes: object) -> Identity:
    values: dict[str, object] = {
        "volume_id": "vol-0001",
        "label": "F1-S2 第1卷",
        "fonds": "F1",
        "series": "S2",
        "dossiers": (DossierRef("d-1", "First dossier 第一卷", "d1"),),
        "created_at": CREATED_AT,
        "organisation": "City Archive 市档案馆",
    }
    return Identity(**(values | changes))  # type: ignore[arg-type]


def plan_of(
    contents: Mapping[str, bytes], folders: Mapping[str, int] | None = None, **changes: object
) -> VolumePlan:
    """A plan of these contents; `folders` gives their times; `changes` go to the identity."""
    who = identity(**changes)
    with_sm3 = "sm3" in who.digests
    files = [
        PlanFile(
            path,
            len(content),
            MTIME_NS,
            sha256(content).digest(),
            new("sm3", content).digest() if with_sm3 else b"",
        )
        for path, content in contents.items()
    ]
    return make_plan(who, files, [PlanFolder(*item) for item in (folders or {}).items()])


def image_bytes(plan: VolumePlan, contents: Mapping[str, bytes], step: int = 300_001) -> bytes:
    """The whole image, streamed in pieces of `step` bytes."""
    stream = ImageStream(Image(plan))
    payload = b"".join(contents[file.path] for file in plan.files)
    pieces = [
        bytes(piece)
        for start in range(0, len(payload), step)
        for piece in stream.feed(payload[start : start + step])
    ]
    return b"".join([*pieces, *map(bytes, stream.finish())])


def varied_contents() -> dict[str, bytes]:
    """Files of awkward sizes and names, in several folders, some deep."""
    random = Random(7)
    sizes = (0, 1, 2047, 2048, 2049, 5_000, 70_000)
    contents = {
        f"d1/{name}": random.randbytes(sizes[number % len(sizes)])
        for number, name in enumerate(AWKWARD_NAMES)
    }
    contents["d1/" + "/".join(["level"] * 200) + "/bottom"] = random.randbytes(3_000)
    contents["d1/x%y/inside an alias"] = random.randbytes(10)
    contents["beside"] = random.randbytes(100)
    contents |= {f"d1/many/{number:04}.tif": random.randbytes(50) for number in range(300)}
    return contents


def reader_of(content: bytes) -> VolumeReader:
    return VolumeReader(lambda offset, length: content[offset : offset + length], len(content))
