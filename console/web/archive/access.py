"""How a file's bytes can be had now: at once, when they are back from a disc, or by asking."""

from dataclasses import dataclass

import sqlalchemy as sa

from console.store.landing import Landing
from console.store.states import RequestFileState
from console.web.archive.queries import has_verified_copy
from console.web.context import workspace
from console.web.requests.queries import newest_request


@dataclass(frozen=True, slots=True)
class Access:
    """`coming` and `failed` are the newest request for the file, while it is in that state."""

    is_here: bool
    coming: sa.RowMapping | None
    failed: sa.RowMapping | None
    can_fetch: bool


def access_to(connection: sa.Connection, row: sa.RowMapping) -> Access:
    """How the bytes of a file (a row of `queries.file`) can be had."""
    is_here = holder_of(row) is not None
    newest = None if is_here else newest_request(connection, row["file_id"])
    coming = newest if newest and newest["state"] == RequestFileState.WAITING else None
    return Access(
        is_here=is_here,
        coming=coming,
        failed=newest if newest and newest["state"] == RequestFileState.FAILED else None,
        can_fetch=not is_here and not coming and has_verified_copy(connection, row),
    )


def holder_of(row: sa.RowMapping) -> Landing | None:
    """Who holds the file's bytes: the landing zone, or what came back from a disc."""
    for is_there, place in (
        (row["is_landed"], workspace().landing),
        (row["expires_at"] is not None, workspace().delivered),
    ):
        if is_there and place.size(row["sha256"]) == row["size_bytes"]:
            return place
    return None
