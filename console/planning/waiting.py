"""Which packages a plan is made of."""

import contextlib
from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa

from appliance.contract.messages import LibraryTelemetry
from console.planner.package import PackageSize
from console.planning.capacity import Blanks, blanks_of
from console.planning.drafting import Waiting
from console.rules.policy import policy_from_document
from console.store.schema import appliances, packages, policies, volume_packages, volumes
from console.store.states import PackageState

_PART = 500


def landed(
    connection: sa.Connection,
    namespaces: Collection[str] | None = None,
    left_out: Collection[str] = (),
) -> Waiting:
    """Everything that waits for a plan, in these namespaces or all of them."""
    query = sa.select(packages).where(packages.c.state == PackageState.LANDED)
    if namespaces is not None:
        query = query.where(packages.c.namespace.in_(list(namespaces)))
    return _by_policy(connection, [query], frozenset(left_out))


def of_plan(connection: sa.Connection, plan_id: str) -> list[str]:
    """The packages of a plan."""
    query = (
        sa.select(volume_packages.c.package_id)
        .join(volumes, volumes.c.volume_id == volume_packages.c.volume_id)
        .where(volumes.c.plan_id == plan_id)
    )
    return list(connection.scalars(query))


def these(connection: sa.Connection, planned: Sequence[str], waiting: Sequence[str]) -> Waiting:
    """Packages that a plan has, and others that may come into it: those that have landed."""
    queries = []
    for ids, state in ((planned, PackageState.PLANNED), (waiting, PackageState.LANDED)):
        for start in range(0, len(ids), _PART):
            some = packages.c.package_id.in_(ids[start : start + _PART])
            queries.append(sa.select(packages).where(some, packages.c.state == state))
    return _by_policy(connection, queries, frozenset())


def _by_policy(
    connection: sa.Connection,
    queries: Sequence[sa.Select[tuple[object, ...]]],
    left_out: frozenset[str],
) -> Waiting:
    """By policy: discs do not mix policies either."""
    found: defaultdict[str, list[PackageSize]] = defaultdict(list)
    documents = {
        row.policy_id: policy_from_document(row.document)
        for row in connection.execute(sa.select(policies.c.policy_id, policies.c.document))
    }
    for query in queries:
        for row in connection.execute(query):
            if row.package_id in left_out:
                continue
            found[row.policy_id].append(
                PackageSize(
                    row.package_id,
                    row.fonds,
                    row.series,
                    row.dossier,
                    row.sectors,
                    row.files,
                    row.size_bytes,
                    row.year,
                    documents[row.policy_id].retention_of(row.retention),
                    row.namespace,
                )
            )
    return {policy_id: (documents[policy_id], found[policy_id]) for policy_id in found}


def blanks_there(connection: sa.Connection) -> Blanks:
    """What the libraries last reported; a snapshot that cannot be read counts for nothing."""
    libraries = []
    for snapshot in connection.scalars(sa.select(appliances.c.library)):
        with contextlib.suppress(msgspec.ValidationError):
            libraries.append(msgspec.convert(snapshot, LibraryTelemetry))
    return blanks_of(libraries)
