"""What each file of a batch is: new, known, healed, newer, or refused with a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.names import check_path
from console.ingest.arrangement import Place
from console.ingest.notices import Notice
from console.ingest.package_book import in_parts
from console.ingest.packages import KnownFile, OpenPackage, known_files
from console.ingest.reasons import code_of
from console.ingest.refusals import Refusal
from console.store.ids import new_id
from console.store.keys import search_key
from console.store.landing import Landed
from console.store.states import FileState


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file whose content waits for the batch. `whole` is its path below the ingest's root."""

    place: Place
    path: str
    mtime_ns: int
    landed: Landed
    whole: str


@dataclass(slots=True)
class Settlement:
    """Decides; the batch writes what was decided, in the same transaction."""

    connection: sa.Connection
    packages: Mapping[Place, OpenPackage | SteleError]
    notices: Mapping[str, Notice]
    new: list[dict[str, Any]] = field(default_factory=list)
    healed: list[dict[str, Any]] = field(default_factory=list)
    described: list[dict[str, Any]] = field(default_factory=list)
    contents: dict[str, int] = field(default_factory=dict)
    """Contents that the landing zone must hold, with their sizes."""
    grown: set[str] = field(default_factory=set)
    """Packages that get new files or newer contents."""
    refusals: list[tuple[Place | None, Refusal]] = field(default_factory=list)
    files_taken: int = 0
    bytes_taken: int = 0
    files_known: int = 0

    @property
    def figures(self) -> dict[str, int]:
        """What is to be added to the columns of `ingests`."""
        return {
            "files_taken": self.files_taken,
            "bytes_taken": self.bytes_taken,
            "files_known": self.files_known,
            "files_refused": len(self.refusals),
        }

    def settle(self, arrivals: Iterable[Arrival]) -> None:
        by_place: dict[Place, list[Arrival]] = {}
        for arrival in arrivals:
            by_place.setdefault(arrival.place, []).append(arrival)
        for place, some in by_place.items():
            package = self.packages[place]
            if isinstance(package, SteleError):
                for arrival in some:
                    self._refuse(arrival, package)
                continue
            known: dict[str, KnownFile] = {}
            for paths in in_parts([arrival.path for arrival in some]):
                known |= known_files(self.connection, package.package_id, paths)
            for arrival in some:
                try:
                    self._decide(arrival, package, known.get(arrival.path))
                except (SteleError, VolumeError) as error:
                    self._refuse(arrival, error)

    def _decide(self, arrival: Arrival, package: OpenPackage, known: KnownFile | None) -> None:
        """Raises SteleError 3404, 3408, 3413, 3415, 3417; VolumeError 3001."""
        landed = arrival.landed
        notice = self.notices.get(arrival.whole)
        if notice is not None:
            notice.require(landed)
        if "sm3" in package.digests and not landed.sm3:
            raise SteleError(3417, "its dossier came in under another policy just now")
        if known is None:
            self._add(arrival, package, notice)
            return
        if known.sha256 != landed.sha256 and not package.takes_newer_contents:
            state = package.state
            raise SteleError(3404, f"its content differs from what the {state} dossier holds")
        if known.sha256 == landed.sha256 and (known.is_sound or not package.needs_content):
            self.files_known += 1
        else:
            if known.sha256 != landed.sha256:
                self.grown.add(package.package_id)
            self.healed.append({**_columns(arrival), "known_id": known.file_id})
            self._count(landed)
        if notice is not None and notice.describes:
            self.described.append({**notice.columns, "known_id": known.file_id})

    def _add(self, arrival: Arrival, package: OpenPackage, notice: Notice | None) -> None:
        if not package.takes_new_files:
            raise SteleError(3408, f"its dossier is {package.state} and takes no new files")
        check_path(f"{package.folder}/{arrival.path}")
        told = notice.columns if notice is not None else {"title": "", "description": None}
        self.new.append(
            {
                **_columns(arrival),
                **told,
                "file_id": new_id("f"),
                "package_id": package.package_id,
                "path": arrival.path,
                "search_key": search_key(arrival.path),
            }
        )
        self.grown.add(package.package_id)
        self._count(arrival.landed)

    def _count(self, landed: Landed) -> None:
        self.contents[landed.sha256] = landed.size_bytes
        self.files_taken += 1
        self.bytes_taken += landed.size_bytes

    def _refuse(self, arrival: Arrival, error: SteleError | VolumeError) -> None:
        refusal = Refusal(arrival.whole, code_of(error), error.message)
        self.refusals.append((arrival.place, refusal))


def _columns(arrival: Arrival) -> dict[str, Any]:
    return {
        "size_bytes": arrival.landed.size_bytes,
        "mtime_ns": arrival.mtime_ns,
        "sha256": arrival.landed.sha256,
        "sm3": arrival.landed.sm3,
        "state": FileState.LANDED,
    }
