"""Every table of the console, as SQLAlchemy Core. Migrations bring a database to exactly this.

Ids are text. Digests are lower-case hex. Times are UTC (`UtcTime`). Paths are name text with '/'.
States are the words of `console.store.states`. What an appliance reports is kept without foreign
keys to what the console knows: a cabinet may speak of a volume that this console never planned.
"""

from console.store.schema.access import leases, tokens
from console.store.schema.base import metadata
from console.store.schema.fleet import (
    alarms,
    appliances,
    commands,
    events,
    gauges,
    holdings,
    jobs,
    media,
    paces,
)
from console.store.schema.incoming import (
    blobs,
    files,
    folders,
    ingest_packages,
    ingests,
    notices,
    packages,
    refusals,
    uploads,
)
from console.store.schema.planning import (
    copies,
    namespaces,
    plans,
    policies,
    pools,
    spares,
    volume_packages,
    volumes,
)
from console.store.schema.retrieval import (
    checksums,
    delivered,
    fetches,
    magazines,
    request_files,
    requests,
    tasks,
)
from console.store.schema.search import (
    search_counters,
    search_postings,
    search_segments,
    search_spans,
)
from console.store.schema.tiers import tier_moves

__all__ = [
    "alarms",
    "appliances",
    "blobs",
    "checksums",
    "commands",
    "copies",
    "delivered",
    "events",
    "fetches",
    "files",
    "folders",
    "gauges",
    "holdings",
    "ingest_packages",
    "ingests",
    "jobs",
    "leases",
    "magazines",
    "media",
    "metadata",
    "namespaces",
    "notices",
    "paces",
    "packages",
    "plans",
    "policies",
    "pools",
    "refusals",
    "request_files",
    "requests",
    "search_counters",
    "search_postings",
    "search_segments",
    "search_spans",
    "spares",
    "tasks",
    "tier_moves",
    "tokens",
    "uploads",
    "volume_packages",
    "volumes",
]
