"""What a restore is asked to do, how far it is, and what became of it."""

from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from appliance.contract.states import MediumKind
from console.catalogue.selection import Selection

FAILURES_SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class RestoreOrder:
    """What to bring back, and where. `wait_s`: give up when nothing comes for so long.

    A `medium_kind` reads copies on that kind of medium alone.
    """

    selection: Selection
    to: Path
    from_media: bool = False
    medium_kind: MediumKind | None = None
    overwrite: bool = False
    wait_s: float | None = None

    @property
    def reads_media(self) -> bool:
        """Whether what the landing zone still holds is read from media all the same."""
        return self.from_media or self.medium_kind is not None


class RestoreProgress(Struct, frozen=True):
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int
    stage: str


class RestoreFailure(Struct, frozen=True):
    """A file that did not come back. `path` is below the destination, in name text."""

    path: str
    code: int
    message: str


class RestoreReport(Struct, frozen=True):
    """What became of a restore. `failures` holds the first 1,000 of `files_failed`."""

    request_id: str | None
    files_written: int
    bytes_written: int
    files_there: int
    files_failed: int
    failures: list[RestoreFailure]


@dataclass(slots=True)
class Tally:
    files_total: int = 0
    bytes_total: int = 0
    files_written: int = 0
    bytes_written: int = 0
    files_there: int = 0
    files_failed: int = 0
    bytes_done: int = 0
    failures: list[RestoreFailure] = field(default_factory=list)

    @property
    def files_done(self) -> int:
        return self.files_written + self.files_there + self.files_failed

    def fail(self, failure: RestoreFailure) -> None:
        self.files_failed += 1
        if len(self.failures) < FAILURES_SHOWN_MAX:
            self.failures.append(failure)

    def progress(self, stage: str, more_bytes: int = 0) -> RestoreProgress:
        """`more_bytes` of a file that is not counted yet are written."""
        done = self.bytes_done + more_bytes
        return RestoreProgress(self.files_done, self.files_total, done, self.bytes_total, stage)

    def report(self, request_id: str | None) -> RestoreReport:
        return RestoreReport(
            request_id,
            self.files_written,
            self.bytes_written,
            self.files_there,
            self.files_failed,
            self.failures,
        )
