"""Requests: the files that someone wants back. `console.retrieval.serving` moves them on."""

from collections.abc import Collection
from datetime import UTC, datetime

import sqlalchemy as sa

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.store import schema
from console.store.ids import new_id
from console.store.states import RequestFileState, RequestState

_LOOKED_UP = 500


def create_request(
    engine: sa.Engine,
    file_ids: Collection[str],
    text: str,
    *,
    from_media: bool = False,
    medium_kind: MediumKind | None = None,
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
                created_at=datetime.now(UTC),
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
