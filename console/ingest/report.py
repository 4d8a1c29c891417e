"""What an ingest is asked to do, how far it is, and what became of it."""

from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.ingest.refusals import Refusal
from console.rules.namespaces import DEFAULT
from console.store.schema import ingest_packages, ingests, refusals
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
    namespace: str = DEFAULT
    by: str = ""


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


class Settled(Struct, frozen=True):
    """What became of the files of a batch."""

    files_taken: int
    bytes_taken: int
    files_known: int
    refusals: list[Refusal]


@dataclass(slots=True)
class Tally:
    """What one session has counted so far."""

    refusals: list[Refusal] = field(default_factory=list)
    files_total: int = 0
    bytes_total: int = 0
    files_done: int = 0
    bytes_done: int = 0
    files_taken: int = 0
    bytes_taken: int = 0
    files_known: int = 0
    files_refused: int = 0

    @property
    def progress_row(self) -> dict[str, int]:
        """Columns of `ingests`, as far as this session has moved them."""
        return {
            "files_done": self.files_done,
            "bytes_done": self.bytes_done,
            "files_known": self.files_known,
            "files_refused": self.files_refused,
        }

    def progress(self, path: str, more_bytes: int = 0) -> IngestProgress:
        """`more_bytes` of the file `path` are in, which is not counted yet."""
        done = self.bytes_done + more_bytes
        return IngestProgress(self.files_done, self.files_total, done, self.bytes_total, path)

    def count(self, size_bytes: int) -> None:
        """One more file was looked at, whatever becomes of it."""
        self.files_done += 1
        self.bytes_done += size_bytes

    def refuse(self, refusal: Refusal) -> None:
        self.files_refused += 1
        if len(self.refusals) < REFUSALS_SHOWN_MAX:
            self.refusals.append(refusal)

    def settle(self, settled: Settled) -> None:
        self.files_taken += settled.files_taken
        self.bytes_taken += settled.bytes_taken
        self.files_known += settled.files_known
        for refusal in settled.refusals:
            self.refuse(refusal)


def read_report(connection: sa.Connection, ingest_id: str) -> IngestReport:
    """How an ingest stands, or what became of it.

    Raises:
        SteleError: 5412 there is none of this id.
    """
    row = connection.execute(
        sa.select(ingests).where(ingests.c.ingest_id == ingest_id)
    ).one_or_none()
    if row is None:
        raise SteleError(5412, f"there was no ingest {ingest_id!r}")
    ours = ingest_packages.c.ingest_id == ingest_id
    of_packages = sa.select(ingest_packages.c.package_id).where(ours)
    left_out = sa.select(refusals).where(refusals.c.ingest_id == ingest_id)
    first = left_out.order_by(refusals.c.refusal_id).limit(REFUSALS_SHOWN_MAX)
    return IngestReport(
        ingest_id,
        IngestState(row.state),
        list(connection.scalars(of_packages.order_by(ingest_packages.c.package_id))),
        row.files_taken,
        row.bytes_taken,
        row.files_known,
        row.files_refused,
        [Refusal(one.path, one.code, one.message) for one in connection.execute(first)],
    )
