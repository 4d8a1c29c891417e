"""What goes on one disc: identity, folders and files, in the one order that the image follows.

A plan is written as NDJSON: a header line, one line a folder, one line a file. The same plan gives
the same bytes, so its SHA-256 names it.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from appliance.volume.errors import UNREADABLE_PLAN, VolumeError
from appliance.volume.lines import split_lines
from appliance.volume.names import order_of_file, order_of_folder
from appliance.volume.plan_rules import (
    FILES_MAX,
    MTIME_STEP_NS,
    SIZE_BYTES_MAX,
    check_plan,
    created_at_ns,
    parents_of,
)

PLAN_FORMAT = "stele-plan/1"

DOSSIER_ID_CHARACTERS = 256
TITLE_CHARACTERS = 512
Text = Annotated[str, Meta(max_length=512)]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]
FileSize = Annotated[int, Meta(ge=0, le=SIZE_BYTES_MAX)]
MtimeNs = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]


class PlanFile(Struct, frozen=True, gc=False, omit_defaults=True):
    """One file. `path` is below the bag's `data/`, in name text; `mtime_ns` a multiple of 1,000.

    UDF keeps microseconds, so a plan holds no more: `make_plan` rounds down.
    """

    path: str
    size_bytes: FileSize
    mtime_ns: MtimeNs
    sha256: Digest
    sm3: Annotated[bytes, Meta(max_length=32)] = b""


class PlanFolder(Struct, frozen=True, gc=False):
    """A folder that is empty or whose modification time is to be kept; parents are implied."""

    path: str
    mtime_ns: MtimeNs


class DossierRef(Struct, frozen=True):
    """A dossier on the volume; `folder` is its folder below `data/`, "" for `data/` itself."""

    dossier_id: Annotated[str, Meta(max_length=DOSSIER_ID_CHARACTERS)]
    title: Annotated[str, Meta(max_length=TITLE_CHARACTERS)]
    folder: str


class Identity(Struct, frozen=True):
    """What the volume is. `created_at` is UTC in whole seconds; `digests` begins with "sha256"."""

    volume_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z")]
    label: Annotated[str, Meta(min_length=1, max_length=256)]
    fonds: Text
    series: Text
    dossiers: tuple[DossierRef, ...]
    created_at: Annotated[datetime, Meta(tz=True)]
    organisation: Text = ""
    digests: tuple[str, ...] = ("sha256",)


class VolumePlan(Struct, frozen=True):
    """The whole content of a volume, in canonical order; see `make_plan`."""

    identity: Identity
    files: list[PlanFile]
    folders: list[PlanFolder]


T = TypeVar("T")
E = TypeVar("E", PlanFile, PlanFolder)


class _Header(Struct, frozen=True):
    format: str
    identity: Identity
    folders: int
    files: int


def make_plan(
    identity: Identity, files: Iterable[PlanFile], folders: Iterable[PlanFolder] = ()
) -> VolumePlan:
    """The canonical plan: sorted, modification times in whole microseconds, nothing said twice.

    A folder that has content and the volume's own time as its modification time is left out, since
    an implied folder gets that time.

    Raises:
        VolumeError: 3001, names the path and what is wrong with it.
    """
    kept_files = [_whole_microseconds(file) for file in files]
    kept_files.sort(key=lambda file: order_of_file(file.path))
    kept_folders = [_whole_microseconds(folder) for folder in folders]
    kept_folders.sort(key=lambda folder: order_of_folder(folder.path))
    created_ns = created_at_ns(identity)
    parents = parents_of(kept_files, kept_folders)
    kept_folders = [f for f in kept_folders if f.mtime_ns != created_ns or f.path not in parents]
    plan = VolumePlan(identity, kept_files, kept_folders)
    check_plan(plan)
    return plan


def encode_plan(plan: VolumePlan) -> Iterator[bytes]:
    """The plan as canonical NDJSON, in pieces of some hundred lines."""
    encode = msgspec.json.Encoder().encode_lines
    yield encode([_Header(PLAN_FORMAT, plan.identity, len(plan.folders), len(plan.files))])
    for start in range(0, len(plan.folders), 500):
        yield encode(plan.folders[start : start + 500])
    for start in range(0, len(plan.files), 500):
        yield encode(plan.files[start : start + 500])


def decode_plan(chunks: Iterable[bytes]) -> VolumePlan:
    """Read what `encode_plan` wrote, from an untrusted source, in any pieces.

    Raises:
        VolumeError: 3005, not a plan; 3001, a plan that is not canonical.
    """
    lines = split_lines(chunks, UNREADABLE_PLAN, "plan")
    header = _decode(msgspec.json.Decoder(_Header), next(lines, b""), 1)
    if header.format != PLAN_FORMAT:
        raise VolumeError(UNREADABLE_PLAN, f"plan format {header.format[:40]!r} is not known")
    if not 0 <= header.folders + header.files <= FILES_MAX or min(header.folders, header.files) < 0:
        raise VolumeError(UNREADABLE_PLAN, "plan announces an absurd number of entries")
    folders: list[PlanFolder] = []
    files: list[PlanFile] = []
    folder_decoder, file_decoder = msgspec.json.Decoder(PlanFolder), msgspec.json.Decoder(PlanFile)
    for number, line in enumerate(lines, 2):
        if len(folders) < header.folders:
            folders.append(_decode(folder_decoder, line, number))
        elif len(files) < header.files:
            files.append(_decode(file_decoder, line, number))
        else:
            raise VolumeError(UNREADABLE_PLAN, f"plan line {number} is more than was announced")
    if len(folders) != header.folders or len(files) != header.files:
        raise VolumeError(UNREADABLE_PLAN, "plan ends before the entries that it announces")
    plan = VolumePlan(header.identity, files, folders)
    check_plan(plan)
    return plan


def plan_sha256(plan: VolumePlan) -> str:
    """The name of a plan: hexadecimal SHA-256 over `encode_plan`."""
    digest = hashlib.sha256()
    for piece in encode_plan(plan):
        digest.update(piece)
    return digest.hexdigest()


def _decode(decoder: msgspec.json.Decoder[T], line: bytes, number: int) -> T:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise VolumeError(UNREADABLE_PLAN, f"plan line {number}: {error}") from error


def _whole_microseconds(entry: E) -> E:
    excess = entry.mtime_ns % MTIME_STEP_NS
    return replace(entry, mtime_ns=entry.mtime_ns - excess) if excess else entry
