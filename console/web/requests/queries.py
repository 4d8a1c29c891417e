"""What the store knows of requests for files, and how far they have come."""

from collections.abc import Sequence

import sqlalchemy as sa

from console.store import schema as s
from console.store.states import RequestFileState, RequestState

SHOWN_ROWS = 50


def newest_requests(connection: sa.Connection) -> Sequence[sa.RowMapping]:
    """The newest requests: `ready` files of `files`; the id of an only file, or only dossier."""
    rf, package_id = s.request_files.c, s.files.c.package_id
    newest = sa.select(s.requests).order_by(s.requests.c.created_at.desc(), s.requests.c.request_id)
    shown = newest.limit(SHOWN_ROWS).subquery()
    sums = (
        sa.select(
            rf.request_id,
            sa.func.sum(sa.case((rf.state == RequestFileState.READY, 1), else_=0)).label("ready"),
            sa.case((sa.func.count() == 1, sa.func.min(rf.file_id))).label("only_file"),
            sa.case(
                (sa.func.min(package_id) == sa.func.max(package_id), sa.func.min(package_id))
            ).label("only_dossier"),
        )
        .join_from(s.request_files, s.files)
        .where(rf.request_id.in_(sa.select(shown.c.request_id)))
        .group_by(rf.request_id)
        .subquery()
    )
    query = (
        sa.select(s.requests, sa.func.coalesce(sums.c.ready, 0).label("ready"))
        .add_columns(sums.c.only_file, sums.c.only_dossier)
        .outerjoin_from(s.requests, sums, sums.c.request_id == s.requests.c.request_id)
        .order_by(s.requests.c.created_at.desc(), s.requests.c.request_id)
        .limit(SHOWN_ROWS)
    )
    return connection.execute(query).mappings().all()


def newest_request(connection: sa.Connection, file_id: str) -> sa.RowMapping | None:
    """The newest request for a file, with its fetch and the job that reads the disc."""
    rf, f, j = s.request_files.c, s.fetches.c, s.jobs.c
    query = (
        sa.select(rf.state, rf.error_code, f.appliance, j.stage, j.state.label("job_state"))
        .add_columns(j.fraction, j.seconds_left, j.waiting_for)
        .select_from(
            s.request_files.join(s.requests, s.requests.c.request_id == rf.request_id)
            .outerjoin(s.fetches, f.fetch_id == rf.fetch_id)
            .outerjoin(s.jobs, j.job_id == f.job_id)
        )
        .where(rf.file_id == file_id)
        .order_by(s.requests.c.created_at.desc(), s.requests.c.request_id)
        .limit(1)
    )
    return connection.execute(query).mappings().one_or_none()


def is_asked_back(connection: sa.Connection, package_id: str) -> bool:
    """Whether files of a dossier are on their way."""
    query = (
        sa.select(s.request_files.c.file_id)
        .join_from(s.request_files, s.requests)
        .join(s.files, s.files.c.file_id == s.request_files.c.file_id)
        .where(
            s.files.c.package_id == package_id,
            s.request_files.c.state == RequestFileState.WAITING,
            s.requests.c.state.in_([RequestState.WAITING, RequestState.RUNNING]),
        )
    )
    return connection.execute(query.limit(1)).first() is not None
