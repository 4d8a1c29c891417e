"""Requests: the files that someone wants back. `console.retrieval.serving` moves them on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.retrieval.fetches import call_back
from console.retrieval.states import Priority
from console.store import schema
from console.store.ids import new_id
from console.store.states import RequestFileState, RequestState

_LOOKED_UP = 500
_OPEN = (RequestState.WAITING, RequestState.RUNNING)
WITHDRAWN, NO_REQUEST, OVER = 5325, 5326, 5324


@dataclass(frozen=True, slots=True)
class Terms:
    """How soon a request is wanted, by whom, and what is to become of what it brings.

    `deliver_to` is a folder on the console's side (`console.restore.shelves`).
    """

    priority: Priority = Priority.NORMAL
    due_at: datetime | None = None
    requested_by: str = ""
    expires_at: datetime | None = None
    deliver_to: str | None = None
    at: datetime | None = None
    """When it was asked for; unset for now."""


ANYHOW = Terms()


def create_request(
    engine: sa.Engine,
    file_ids: Collection[str],
    text: str,
    *,
    from_media: bool = False,
    medium_kind: MediumKind | None = None,
    terms: Terms = ANYHOW,
) -> str:
    """Ask for files; gives the request's id. `text` says in a person's words what was asked for.

    The worker moves it on. With `from_media` the discs are read even for what is still at hand; a
    `medium_kind` reads copies on that kind of medium alone.

    Raises:
        SteleError: 5304 nothing was asked for, or a file that the archive does not know.
    """
    ids = list(dict.fromkeys(file_ids))
    request_id = new_id("rq")
    with engine.begin() as connection:
        sizes = _sizes(connection, ids)
        if len(sizes) != len(ids) or not ids:
            raise SteleError(5304, f"{len(ids) - len(sizes)} of {len(ids)} files are not known")
        connection.execute(
            sa.insert(schema.requests).values(
                request_id=request_id,
                text=text,
                state=RequestState.WAITING,
                from_media=from_media or medium_kind is not None,
                medium_kind=medium_kind,
                files=len(ids),
                size_bytes=sum(sizes.values()),
                created_at=terms.at or datetime.now(UTC),
                priority=terms.priority,
                due_at=terms.due_at,
                requested_by=terms.requested_by,
                expires_at=terms.expires_at,
                deliver_to=terms.deliver_to,
            )
        )
        connection.execute(
            sa.insert(schema.request_files),
            [
                {"request_id": request_id, "file_id": file_id, "state": RequestFileState.WAITING}
                for file_id in ids
            ],
        )
    return request_id


def _sizes(connection: sa.Connection, ids: list[str]) -> dict[str, int]:
    files = schema.files.c
    sizes: dict[str, int] = {}
    for start in range(0, len(ids), _LOOKED_UP):
        part = ids[start : start + _LOOKED_UP]
        query = sa.select(files.file_id, files.size_bytes).where(files.file_id.in_(part))
        sizes.update((row.file_id, row.size_bytes) for row in connection.execute(query))
    return sizes


def withdraw_request(
    connection: sa.Connection, request_id: str, person: str, now: datetime
) -> None:
    """Nobody wants it any more: what was not begun is not read for it, what came may go.

    Raises:
        SteleError: 5326 there is no such request; 5324 it is over already.
    """
    requests, wanted = schema.requests.c, schema.request_files.c
    ended = connection.execute(
        sa.update(schema.requests)
        .where(requests.request_id == request_id, requests.state.in_(_OPEN))
        .values(
            state=RequestState.FAILED,
            done_at=now,
            expected_at=None,
            expires_at=now,
            error_code=WITHDRAWN,
            error_message=f"withdrawn by {person}" if person else "withdrawn",
        )
    )
    if not ended.rowcount:
        known = sa.select(requests.state).where(requests.request_id == request_id)
        state = connection.scalar(known)
        if state is None:
            raise SteleError(NO_REQUEST, f"there is no request {request_id}")
        raise SteleError(OVER, f"request {request_id} is {state}")
    under_way = sa.select(wanted.fetch_id).where(
        wanted.request_id == request_id,
        wanted.state == RequestFileState.WAITING,
        wanted.fetch_id.is_not(None),
    )
    for fetch_id in set(connection.scalars(under_way)):
        others = sa.select(wanted.file_id).where(
            wanted.fetch_id == fetch_id, wanted.request_id != request_id
        )
        if connection.scalar(others.limit(1)) is None:
            call_back(connection, fetch_id, now)
    connection.execute(
        sa.update(schema.request_files)
        .where(wanted.request_id == request_id, wanted.state == RequestFileState.WAITING)
        .values(state=RequestFileState.FAILED, error_code=WITHDRAWN)
    )
