"""A sender's list of files: which are wanted, which are known, which cannot be taken."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.names import check_path, text_from_bytes
from appliance.volume.tool.folder import MTIME_NS_MAX, MTIME_NS_MIN
from console.ingest.arrangement import Place
from console.ingest.notices import Notice, keep_notices
from console.ingest.orders import Ingest, note_progress
from console.ingest.package_book import in_parts
from console.ingest.packages import KnownFile, OpenPackage, known_files
from console.ingest.reasons import code_of
from console.ingest.refusals import Refusal
from console.ingest.session import Session
from console.rules.policy import Policy
from console.rules.retention import check_retention
from console.store.engine import reading
from console.store.states import PackageState
from console.store.workspace import Workspace

_TOGETHER = 1_000

Texts = Annotated[str, Meta(max_length=8192)]
Description = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=128)],
        Texts | Annotated[list[Texts], Meta(max_length=200)],
    ],
    Meta(max_length=200),
]
"""Element of description -> text or texts."""
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{64}$(?!\n)")]
_MANIFEST_LINE = re.compile(rb"([0-9a-fA-F]{64})[ \t]+\*?(\S.*)")


class Listed(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that a sender has. `path` is below the source's root, in name text."""

    path: Annotated[str, Meta(min_length=1, max_length=32_768)]
    size_bytes: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    mtime_ns: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    sha256: Sha256 | None = None
    title: Annotated[str, Meta(max_length=1024)] | None = None
    description: Description | None = None


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a dossier, by its title, or with a `path` of a file by where it stands."""

    dossier: Annotated[str, Meta(max_length=255)] | None = None
    path: Annotated[str, Meta(max_length=32_768)] | None = None
    title: Annotated[str, Meta(max_length=1024)] | None = None
    description: Description | None = None
    year: Annotated[int, Meta(ge=-9999, le=9999)] | None = None
    retention: Annotated[str, Meta(max_length=32)] | None = None


class ListingAnswer(Struct):
    """What to send. `refusals` holds the first 1,000 of `files_refused`."""

    wanted: list[str]
    files_known: int = 0
    files_refused: int = 0
    refusals: list[Refusal] = []


def take_listing(
    workspace: Workspace, ingest: Ingest, listed: Iterable[Listed], most: int
) -> ListingAnswer:
    """Say of each file whether it is wanted; wanted ones are expected until the ingest ends.

    Raises:
        SteleError: 3414 the ingest is over; 3422 more files than `most` in one list: those before
            are noted.
    """
    session = Session(workspace, ingest)
    answer = ListingAnswer([])
    try:
        for some in _portions(listed, most):
            _take_portion(workspace, session, some, answer)
        session.flush()
    finally:
        session.discard()
    answer.files_known = session.tally.files_known
    answer.files_refused = session.tally.files_refused
    answer.refusals = session.tally.refusals
    return answer


def _portions(listed: Iterable[Any], most: int) -> Iterator[list[Any]]:
    some: list[Any] = []
    for count, one in enumerate(listed, 1):
        if count > most:
            raise SteleError(3422, f"the list holds more than {most:,} files")
        some.append(one)
        if len(some) >= _TOGETHER:
            yield some
            some = []
    if some:
        yield some


def _take_portion(
    workspace: Workspace, session: Session, some: list[Listed], answer: ListingAnswer
) -> None:
    found: dict[Place, list[tuple[str, Listed]]] = {}
    arrangement = session.ingest.arrangement
    for one in some:
        try:
            check_path(one.path)
            place, path = arrangement.place(one.path)
            session.look(place)
        except (SteleError, VolumeError) as error:
            _refuse(session, one, code_of(error), error.message)
        else:
            found.setdefault(place, []).append((path, one))
    given: list[Notice] = []
    with reading(workspace.store).connect() as connection:
        for place, files in found.items():
            package = session.look(place)
            known: dict[str, KnownFile] = {}
            if package is not None:
                for paths in in_parts([path for path, _ in files]):
                    known |= known_files(connection, package.package_id, paths)
            for path, one in files:
                notice = _judge(session, package, known.get(path), one)
                if notice is not None:
                    given.append(notice)
                    if notice.is_promised:
                        answer.wanted.append(one.path)
    with workspace.store.begin() as connection:
        note_progress(connection, session.ingest.ingest_id, {})
        keep_notices(connection, session.ingest.ingest_id, given)
    session.flush_if_full()


def _judge(
    session: Session, package: OpenPackage | None, known: KnownFile | None, one: Listed
) -> Notice | None:
    """What to keep in mind of a file until it comes; None when nothing is."""
    sha256 = one.sha256.lower() if one.sha256 else None
    notice = Notice(one.path, True, one.size_bytes, sha256, one.title, one.description)
    if known is None:
        if package is None or package.takes_new_files:
            return notice
        message = f"its dossier is {package.state} and takes no new files"
        _refuse(session, one, 3408, message)
        return None
    assert package is not None  # noqa: S101 - a file is known by its package
    if package.needs_content and not known.is_sound:
        return notice
    mtime_ns = min(max(one.mtime_ns, MTIME_NS_MIN), MTIME_NS_MAX)
    same = (one.size_bytes, mtime_ns) == (known.size_bytes, known.mtime_ns)
    if sha256 == known.sha256 or (sha256 is None and same):
        session.tally.files_known += 1
        session.tally.count(one.size_bytes)
        told = Notice(one.path, False, None, None, one.title, one.description)
        return told if told.describes else None
    if sha256 is None or package.state is PackageState.OPEN:
        return notice
    message = f"its content differs from what the {package.state} dossier holds"
    _refuse(session, one, 3404, message)
    return None


def _refuse(session: Session, one: Listed, code: int, message: str) -> None:
    session.tally.count(one.size_bytes)
    session.refuse(None, Refusal(one.path[:4096].replace("\0", "\u2400"), code, message))
    session.flush_if_full()


def take_manifest(
    workspace: Workspace, ingest: Ingest, read: Iterable[bytes], strip: str, most: int
) -> int:
    """Note the digests of a BagIt manifest (RFC 8493, 2.1.3): its files must come so.

    `strip` is what stands before the paths, such as ``data/``. Returns how many there are.

    Raises:
        SteleError: 3427 a line of it; 3422 it has more than `most`; 3414 the ingest is over.
    """
    count = 0
    for some in _portions(_manifest(read, strip), most):
        with workspace.store.begin() as connection:
            note_progress(connection, ingest.ingest_id, {})
            keep_notices(connection, ingest.ingest_id, some)
        count += len(some)
    return count


def _manifest(read: Iterable[bytes], strip: str) -> Iterator[Notice]:
    for number, line in enumerate(_lines(read), 1):
        if not line.strip():
            continue
        found = _MANIFEST_LINE.fullmatch(line)
        if found is None:
            raise SteleError(3427, f"line {number} of the manifest is no SHA-256 digest and a path")
        raw = found[2].replace(b"%0A", b"\n").replace(b"%0D", b"\r").replace(b"%25", b"%")
        path = text_from_bytes(raw).removeprefix("./")
        if not path.startswith(strip):
            raise SteleError(3427, f"line {number} of the manifest is not below {strip!r}")
        path = path.removeprefix(strip)
        try:
            check_path(path)
        except VolumeError as error:
            raise SteleError(3427, f"line {number} of the manifest: {error.message}") from error
        yield Notice(path, True, None, found[1].decode().lower())


def _lines(read: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in read:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.rstrip(b"\r") for line in whole)
        if len(rest) > 1 << 17:
            raise SteleError(3427, "a line of the manifest is too long")
    yield rest.rstrip(b"\r")


def take_descriptions(workspace: Workspace, ingest: Ingest, told: Iterable[Told], most: int) -> int:
    """Note what is said of dossiers and files; it counts when they come, or when the ingest ends.

    Returns how many there were.

    Raises:
        SteleError: 3428 one that says nothing, or of nothing; 5226 a retention period that the
            policy does not know; 3422; 3414.
    """
    count = 0
    for some in _portions(_descriptions(told, ingest.policy), most):
        with workspace.store.begin() as connection:
            note_progress(connection, ingest.ingest_id, {})
            keep_notices(connection, ingest.ingest_id, some)
        count += len(some)
    return count


def _descriptions(told: Iterable[Told], policy: Policy) -> Iterator[Notice]:
    for number, one in enumerate(told, 1):
        if one.path:
            if one.year is not None or one.retention is not None:
                raise SteleError(3428, f"row {number}: year and retention are of dossiers")
            try:
                check_path(one.path)
            except VolumeError as error:
                raise SteleError(3428, f"row {number}: {error.message}") from error
            yield Notice(one.path, False, None, None, one.title, one.description)
        elif one.dossier:
            check_retention(policy, one.retention or "")
            description = dict(one.description or {})
            if one.title:
                description["title"] = one.title
            said = {"year": one.year, "retention": one.retention, "description": description}
            details = {name: value for name, value in said.items() if value not in (None, {})}
            yield Notice(f"{one.dossier}/", False, None, None, None, details)
        else:
            raise SteleError(3428, f"row {number} names neither a dossier nor a path")
