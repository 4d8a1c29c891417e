"""Which plans are canonical: sorted, complete, consistent, and possible on a disc."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NoReturn

import msgspec

from appliance.volume.errors import INVALID_PLAN, VolumeError
from appliance.volume.names import check_path, order_of_file, order_of_folder

if TYPE_CHECKING:
    from appliance.volume.plan import Identity, PlanFile, PlanFolder, VolumePlan

FILES_MAX = 4_000_000
PATH_TEXT_MAX = 2**29
IDENTITY_BYTES_MAX = 2**27
DIGESTS = (("sha256",), ("sha256", "sm3"))
MTIME_STEP_NS = 1_000
SIZE_BYTES_MAX = 2**62


def created_at_ns(identity: Identity) -> int:
    """The volume's own time in nanoseconds since 1970: the time of everything that has none."""
    return round(identity.created_at.timestamp()) * 1_000_000_000


def check_plan(plan: VolumePlan) -> None:
    """Make sure that a plan is canonical and can be put on a disc as far as its names go.

    Raises:
        VolumeError: 3001, names the path and what is wrong with it.
    """
    _check_identity(plan.identity)
    if len(plan.files) + len(plan.folders) > FILES_MAX:
        _refuse(f"more than {FILES_MAX} files and folders")
    _check_files(plan)
    _check_folders(plan)


def parents_of(files: list[PlanFile], folders: list[PlanFolder]) -> set[str]:
    """Every folder that has something in it.

    Raises:
        VolumeError: 3001, their paths together are longer than 2^29 characters.
    """
    parents: set[str] = set()
    text_left = PATH_TEXT_MAX
    for entries in (files, folders):
        for entry in entries:
            text_left -= len(entry.path)
            path = entry.path.rpartition("/")[0]
            while path and path not in parents and text_left >= 0:
                text_left -= len(path)
                parents.add(path)
                path = path.rpartition("/")[0]
    if text_left < 0:
        _refuse(f"the paths are longer than {PATH_TEXT_MAX} characters together")
    return parents


def _check_identity(identity: Identity) -> None:
    try:
        encoded = msgspec.json.encode(identity)
        msgspec.json.decode(encoded, type=type(identity))
    except (msgspec.MsgspecError, UnicodeError) as error:
        _refuse(f"identity: {error}")
    if len(encoded) > IDENTITY_BYTES_MAX:
        _refuse("identity: more dossiers than a disc can name")
    created_at = identity.created_at
    if created_at.utcoffset() != UTC.utcoffset(None) or created_at.microsecond:
        _refuse("identity: created_at is not UTC in whole seconds")
    if not -(2**63) <= created_at_ns(identity) < 2**63:
        _refuse("identity: created_at is before 1678 or after 2261")
    if identity.digests not in DIGESTS:
        _refuse(f"identity: digests {identity.digests} are not known")
    for dossier in identity.dossiers:
        if dossier.folder:
            check_path(dossier.folder)


def _check_files(plan: VolumePlan) -> None:
    sm3_bytes = 32 if "sm3" in plan.identity.digests else 0
    last = ""
    for file in plan.files:
        check_path(file.path)
        key = order_of_file(file.path)
        if key <= last:
            _refuse(f"file {file.path!r} stands twice or out of order")
        last = key
        if len(file.sha256) != 32 or len(file.sm3) != sm3_bytes:
            _refuse(f"file {file.path!r} has not exactly the digests that the identity lists")
        if not 0 <= file.size_bytes <= SIZE_BYTES_MAX:
            _refuse(f"file {file.path!r} has an absurd size")
        _check_mtime(file)


def _check_folders(plan: VolumePlan) -> None:
    parents = parents_of(plan.files, plan.folders)
    created_ns = created_at_ns(plan.identity)
    last = ""
    listed: set[str] = set()
    for folder in plan.folders:
        check_path(folder.path)
        key = order_of_folder(folder.path)
        if key <= last:
            _refuse(f"folder {folder.path!r} stands twice or out of order")
        last = key
        listed.add(folder.path)
        if folder.mtime_ns == created_ns and folder.path in parents:
            _refuse(f"folder {folder.path!r} need not be listed")
        _check_mtime(folder)
    for file in plan.files:
        if file.path in parents or file.path in listed:
            _refuse(f"{file.path!r} is both a file and a folder")


def _check_mtime(entry: PlanFile | PlanFolder) -> None:
    if entry.mtime_ns % MTIME_STEP_NS or not -(2**63) <= entry.mtime_ns < 2**63:
        _refuse(f"modification time of {entry.path!r} is out of range or not in microseconds")


def _refuse(reason: str) -> NoReturn:
    raise VolumeError(INVALID_PLAN, reason if len(reason) < 500 else reason[:500] + "…")
