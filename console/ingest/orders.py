"""An ingest as the store keeps it: ordered, found again, and how far it has come."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from console.ingest.arrangement import Arrangement, source_name_of
from console.ingest.titles import check_title
from console.rules.namespaces import DEFAULT, policy_of
from console.rules.policy import Policy, policy_from_document
from console.rules.register import find_policy, register_policy
from console.store.engine import reading
from console.store.ids import new_id
from console.store.schema import ingests, notices, policies
from console.store.states import IngestState
from console.store.workspace import Workspace

Title = Annotated[str, Meta(min_length=1, max_length=255)]
GOES_ON = (IngestState.RUNNING, IngestState.FAILED)
"""States in which more may come: what broke off may be taken up again."""
_NOTICES_KEPT = timedelta(days=30)


class NewIngest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be taken in, and where it belongs.

    `source` says where it comes from; files beside the dossiers' folders are called after its last
    part. With a `dossier` everything is this one. `policy` keeps new dossiers otherwise than the
    namespace says.
    """

    fonds: Title
    series: Title
    namespace: Annotated[str, Meta(min_length=1, max_length=64)] = DEFAULT
    dossier: Title | None = None
    source: Annotated[str, Meta(max_length=4096)] = ""
    policy: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Ingest(Struct, frozen=True):
    """An ingest that was begun."""

    ingest_id: str
    namespace: str
    fonds: str
    series: str
    dossier: str | None
    source: str
    policy: Policy

    @property
    def arrangement(self) -> Arrangement:
        return Arrangement(source_name_of(self.source), self.dossier)


def begin_ingest(workspace: Workspace, order: NewIngest, by: str = "") -> Ingest:
    """Begin an ingest. Another one of the same source that stands still counts as broken off.

    Raises:
        SteleError: 3411 a bad title; 5203, 5204, 5221, 5224 the policy or the namespace.
    """
    check_title("fonds", order.fonds)
    check_title("series", order.series)
    if order.dossier is not None:
        check_title("dossier", order.dossier)
    if "\0" in order.source or re.search("[\ud800-\udfff]", order.source):
        raise SteleError(3411, "the name of the source is no text")
    if order.policy is None:
        found = policy_of(workspace, order.namespace)
    else:
        policy_of(workspace, order.namespace)  # It must exist all the same.
        found = find_policy(workspace, order.policy)
    workspace.landing.sweep()
    ingest = Ingest(
        new_id("in"),
        order.namespace,
        order.fonds,
        order.series,
        order.dossier,
        order.source,
        found.policy,
    )
    with workspace.store.begin() as connection:
        policy_id = register_policy(connection, found.policy, found.text, by)
        what = {
            "source": order.source,
            "fonds": order.fonds,
            "series": order.series,
            "namespace": order.namespace,
            "created_by": by,
        }
        _close_cut_short(connection, what)
        _forget_old_notices(connection)
        values = {
            **what,
            "ingest_id": ingest.ingest_id,
            "dossier": order.dossier,
            "policy_id": policy_id,
            "state": IngestState.RUNNING,
            "started_at": datetime.now(UTC),
        }
        connection.execute(ingests.insert(), values)
    return ingest


def find_ingest(workspace: Workspace, ingest_id: str) -> Ingest:
    """An ingest that goes on.

    Raises:
        SteleError: 5412 there is none of this id; 3414 it is over.
    """
    query = sa.select(ingests, policies.c.document).outerjoin_from(
        ingests, policies, policies.c.policy_id == ingests.c.policy_id
    )
    with reading(workspace.store).connect() as connection:
        row = connection.execute(query.where(ingests.c.ingest_id == ingest_id)).one_or_none()
    if row is None:
        raise SteleError(5412, f"there was no ingest {ingest_id!r}")
    if row.state not in GOES_ON or row.document is None:
        raise is_over(ingest_id)
    return Ingest(
        row.ingest_id,
        row.namespace,
        row.fonds,
        row.series,
        row.dossier,
        row.source,
        policy_from_document(row.document),
    )


def is_over(ingest_id: str) -> SteleError:
    return SteleError(3414, f"the ingest {ingest_id} is over: nothing can be added to it")


def note_progress(connection: sa.Connection, ingest_id: str, more: dict[str, int]) -> None:
    """Add to the figures of an ingest that goes on, and keep it from ending meanwhile.

    Raises:
        SteleError: 3414 it is over.
    """
    values: dict[str, Any] = {name: ingests.c[name] + count for name, count in more.items()}
    values |= {"state": IngestState.RUNNING, "ended_at": None, "error_code": None}
    changed = connection.execute(
        ingests.update()
        .where(ingests.c.ingest_id == ingest_id, ingests.c.state.in_(GOES_ON))
        .values(**values, error_message=None)
    )
    if not changed.rowcount:
        raise is_over(ingest_id)


def note_failure(store: sa.Engine, ingest_id: str, code: int, message: str) -> None:
    """Note why an ingest broke off; what is in stays."""
    with store.begin() as connection:
        connection.execute(
            ingests.update()
            .where(ingests.c.ingest_id == ingest_id, ingests.c.state.in_(GOES_ON))
            .values(
                state=IngestState.FAILED,
                ended_at=datetime.now(UTC),
                error_code=code,
                error_message=message,
            )
        )


def _close_cut_short(connection: sa.Connection, what: dict[str, str]) -> None:
    """An earlier run of the same ingest that was killed could not say so itself."""
    connection.execute(
        ingests.update()
        .where(*(ingests.c[name] == value for name, value in what.items()))
        .where(ingests.c.state == IngestState.RUNNING)
        .values(state=IngestState.FAILED, error_message="it was cut short")
    )


def _forget_old_notices(connection: sa.Connection) -> None:
    """Nobody comes back for what was announced so long ago."""
    long_ago = datetime.now(UTC) - _NOTICES_KEPT
    old = sa.select(ingests.c.ingest_id).where(ingests.c.started_at < long_ago)
    connection.execute(notices.delete().where(notices.c.ingest_id.in_(old)))
