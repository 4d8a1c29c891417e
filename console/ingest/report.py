"""What an ingest is asked to do, how far it is, and what became of it."""

from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from console.ingest.reasons import NEVER_FILES
from console.ingest.refusals import Refusal
from console.store.states import IngestState

REFUSALS_SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class IngestOrder:
    """What to take in, and where it belongs. `dossier`: the whole folder is this one dossier."""

    source: Path
    fonds: str
    series: str
    dossier: str | None = None
    policy: str | None = None
    reread: bool = False


class IngestProgress(Struct, frozen=True):
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    path: str


class IngestReport(Struct, frozen=True):
    """What became of an ingest. `refusals` holds the first 1,000 of `files_refused`."""

    ingest_id: str
    state: IngestState
    packages: list[str]
    files_taken: int
    bytes_taken: int
    files_known: int
    files_refused: int
    refusals: list[Refusal]


@dataclass(slots=True)
class Tally:
    """What has been counted so far."""

    packages: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    files_total: int = 0
    bytes_total: int = 0
    files_done: int = 0
    bytes_done: int = 0
    files_taken: int = 0
    bytes_taken: int = 0
    files_known: int = 0
    files_refused: int = 0
    files_lost: int = 0
    """Refused ones that a later try may bring in."""

    @property
    def progress_row(self) -> dict[str, int]:
        return {
            "files_done": self.files_done,
            "bytes_done": self.bytes_done,
            "files_refused": self.files_refused,
        }

    def progress(self, path: str, more_bytes: int = 0) -> IngestProgress:
        """`more_bytes` of the file `path` are in, which is not counted yet."""
        done = self.bytes_done + more_bytes
        return IngestProgress(self.files_done, self.files_total, done, self.bytes_total, path)

    def refuse(self, refusal: Refusal) -> None:
        self.files_refused += 1
        self.files_lost += refusal.code not in NEVER_FILES
        if len(self.refusals) < REFUSALS_SHOWN_MAX:
            self.refusals.append(refusal)

    def report(self, ingest_id: str) -> IngestReport:
        state = IngestState.PARTLY if self.files_refused else IngestState.DONE
        return IngestReport(
            ingest_id,
            state,
            self.packages,
            self.files_taken,
            self.bytes_taken,
            self.files_known,
            self.files_refused,
            self.refusals,
        )
