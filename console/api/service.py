"""What the content resource serves and takes, and to whom.

A volume is open to the appliance that burns it, a fetch to the appliance that reads it, and only
as long as that work is under way.
"""

import logging
import threading
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.messages import FetchItem
from console.api.payload import ContentChangedError, Payload, Payloads
from console.api.tokens import Purpose, open_tokens
from console.api.uploads import Arrived, Upload
from console.dispatch.damage import damage_of_volume, mark_damaged
from console.retrieval.items import fetch_items
from console.retrieval.states import FetchState
from console.store import schema
from console.store.engine import reading
from console.store.states import CopyState, RequestFileState
from console.store.workspace import Workspace

log = logging.getLogger(__name__)


_UPLOADS_MAX = 1000
"""Streams that a process keeps in mind, only to save reading their parts again."""


class ContentService:
    """The content resource without its HTTP."""

    def __init__(self, workspace: Workspace) -> None:
        self.engine = workspace.store
        self.landing = workspace.landing
        self.tokens = open_tokens(workspace)
        self.payloads = Payloads(workspace.plan_file)
        self._delivered = workspace.delivered
        self._incoming = workspace.shared / "delivered" / "incoming"
        self._keep_for = timedelta(hours=workspace.config.content.delivered_keep_hours)
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def admit_to_volume(self, token: str, volume_id: str) -> str:
        """Let the appliance that burns a copy of the volume in; gives the appliance.

        Raises:
            SteleError: 4000, 4001, 4002 the token; 5464 no such burn is under way; 3402 its
                landing bytes are damaged.
        """
        right = self.tokens.check(token, Purpose.READ, volume_id)
        copies = schema.copies.c
        query = sa.select(copies.copy_id).where(
            copies.volume_id == volume_id,
            copies.appliance == right.appliance,
            copies.state.in_([CopyState.DISPATCHED, CopyState.BURNING]),
        )
        with reading(self.engine).connect() as connection:
            if connection.scalar(query.limit(1)) is None:
                raise SteleError(5464, f"{right.appliance} burns no copy of volume {volume_id}")
            damage = damage_of_volume(connection, volume_id)
        if damage is not None:
            raise damage
        return right.appliance

    def payload(self, volume_id: str) -> Payload:
        """The volume's payload; for SteleError see `Payloads.get`."""
        return self.payloads.get(volume_id)

    def report_change(self, change: ContentChangedError) -> None:
        """Record that a content of the landing zone is not what it was."""
        with self.engine.begin() as connection:
            mark_damaged(connection, change.sha256, change.detail, datetime.now(UTC))

    def admit_to_fetch(self, token: str, fetch_id: str) -> str:
        """Let the appliance that reads for this fetch in; gives the appliance.

        Raises:
            SteleError: 4000, 4001, 4002 the token; 5464 no such fetch is under way.
        """
        right = self.tokens.check(token, Purpose.DELIVER, fetch_id)
        fetches = schema.fetches.c
        query = sa.select(fetches.state).where(
            fetches.fetch_id == fetch_id, fetches.appliance == right.appliance
        )
        with reading(self.engine).connect() as connection:
            state = connection.scalar(query)
        if state in (None, FetchState.FAILED, FetchState.RECALLED):
            self._forget(fetch_id)
            raise SteleError(5464, f"{right.appliance} has no fetch {fetch_id} under way")
        return right.appliance

    def items(self, fetch_id: str) -> list[FetchItem]:
        """What the fetch is to read, in the order of the disc."""
        with reading(self.engine).connect() as connection:
            return fetch_items(connection, fetch_id)

    def upload(self, fetch_id: str) -> Upload:
        """The incoming stream of a fetch, as it stands."""
        with self._lock:
            upload = self._uploads.get(fetch_id)
            if upload is None:
                upload = self._uploads[fetch_id] = self._open_upload(fetch_id)
                while len(self._uploads) > _UPLOADS_MAX:
                    del self._uploads[next(iter(self._uploads))]
        upload.settle()
        return upload

    def _open_upload(self, fetch_id: str) -> Upload:
        return Upload(
            fetch_id,
            self.items(fetch_id),
            lambda: self._recorded(fetch_id),
            delivered=self._delivered,
            incoming=self._incoming,
            record=lambda at, arrived: self._record(fetch_id, at, arrived),
        )

    def _recorded(self, fetch_id: str) -> int:
        """How far the stream came for certain, whichever process took it in."""
        fetches = schema.fetches.c
        query = sa.select(fetches.offset_bytes).where(fetches.fetch_id == fetch_id)
        with reading(self.engine).connect() as connection:
            return int(connection.scalar(query) or 0)

    def _forget(self, fetch_id: str) -> None:
        with self._lock:
            self._uploads.pop(fetch_id, None)

    def _record(self, fetch_id: str, offset: int, arrived: Arrived) -> None:
        """Keep how far the stream came, and the files that came, in one transaction."""
        now = datetime.now(UTC)
        fetches = schema.fetches
        with self.engine.begin() as connection:
            connection.execute(
                sa.update(fetches)
                .where(fetches.c.fetch_id == fetch_id, fetches.c.offset_bytes < offset)
                .values(offset_bytes=offset)
            )
            if arrived:
                _keep_delivered(connection, arrived, now, now + self._keep_for)
                _mark_ready(connection, fetch_id, [item.sha256 for item in arrived])
        upload = self._uploads.get(fetch_id)
        if upload is not None and offset >= upload.size_bytes:
            log.info("fetch %s is delivered, %d bytes", fetch_id, offset)
            self._forget(fetch_id)


def _keep_delivered(
    connection: sa.Connection, arrived: Arrived, now: datetime, expires_at: datetime
) -> None:
    delivered = schema.delivered
    digests = {item.sha256: item.size_bytes for item in arrived}
    connection.execute(sa.delete(delivered).where(delivered.c.sha256.in_(list(digests))))
    rows = [
        {"sha256": sha256, "size_bytes": size, "delivered_at": now, "expires_at": expires_at}
        for sha256, size in digests.items()
    ]
    connection.execute(sa.insert(delivered), rows)


def _mark_ready(connection: sa.Connection, fetch_id: str, digests: list[str]) -> None:
    wanted, files = schema.request_files, schema.files
    these = sa.select(files.c.file_id).where(files.c.sha256.in_(digests))
    connection.execute(
        sa.update(wanted)
        .where(wanted.c.fetch_id == fetch_id, wanted.c.file_id.in_(these))
        .values(state=RequestFileState.READY, error_code=None)
    )
