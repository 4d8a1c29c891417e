"""A plan put together again from what an untrusted disc holds."""

from collections.abc import Callable, Iterable, Iterator

from appliance.volume.document import VOLUME_JSON, VolumeDocument
from appliance.volume.entry import Entry
from appliance.volume.errors import DAMAGED_METADATA, HOSTILE, INVALID_PLAN, VolumeError
from appliance.volume.plan import PlanFile, PlanFolder, VolumePlan, make_plan, plan_sha256

Digests = Callable[[str], Iterator[tuple[str, bytes]]]


def rebuild_plan(
    document: VolumeDocument, entries: Iterable[Entry], digests: Digests
) -> VolumePlan:
    """The plan of a disc from its `volume.json`, its tree and its manifests.

    Raises:
        VolumeError: 3102, they do not fit together; 3104, they describe something impossible.
    """
    folders: list[PlanFolder] = []
    of_disc_path: dict[str, Entry] = {}
    for entry in entries:
        if entry.folder:
            folders.append(PlanFolder(entry.path, entry.mtime_ns))
        else:
            of_disc_path[entry.disc_path] = entry
    sha256 = _complete(digests("sha256"), of_disc_path)
    sm3 = _complete(digests("sm3"), of_disc_path) if "sm3" in document.identity.digests else {}
    files = (
        PlanFile(entry.path, entry.size_bytes, entry.mtime_ns, sha256[path], sm3.get(path, b""))
        for path, entry in of_disc_path.items()
    )
    try:
        plan = make_plan(document.identity, files, folders)
    except VolumeError as error:
        if error.code == INVALID_PLAN:
            raise VolumeError(HOSTILE, error.message) from error
        raise
    if plan_sha256(plan) != document.plan_sha256:
        message = f"the names, times and digests on the disc are not those of {VOLUME_JSON}"
        raise VolumeError(DAMAGED_METADATA, message)
    return plan


def _complete(lines: Iterator[tuple[str, bytes]], files: dict[str, Entry]) -> dict[str, bytes]:
    """The digest of every file, and of nothing else."""
    result: dict[str, bytes] = {}
    for path, digest in lines:
        if path not in files or path in result:
            raise VolumeError(DAMAGED_METADATA, f"a manifest names {path[:200]!r} wrongly")
        result[path] = digest
    if len(result) != len(files):
        missing = next(path for path in files if path not in result)
        raise VolumeError(DAMAGED_METADATA, f"no manifest names {missing[:200]!r}")
    return result
