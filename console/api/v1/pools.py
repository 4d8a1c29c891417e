"""/api/v1/pools: the media that policies may use, every version of them."""

from msgspec import Struct

from console.api.rest import Call, Key, Page, PageQuery, Paragraph, Resource, Scope
from console.api.v1.pages import page_of_list
from console.api.v1.versions import Expected, TwoVersions
from console.rules.differences import Difference
from console.rules.pools import PoolVersion, list_pools, pool_diff, pool_history, put_pool

pools = Resource("pools", "Pools: the media that policies may use.")


class PoolText(Struct, frozen=True, forbid_unknown_fields=True):
    """A pool as a TOML file; docs/policies.md shows one.

    `expected` is the version that the change was made on, 0 for a new pool; unset for any.
    """

    text: Paragraph
    expected: Expected | None = None


@pools.get("/pools", scope=Scope.READ, errors=(5429,))
def list_pools_in_force(call: Call, query: PageQuery) -> Page[PoolVersion]:
    """List the pools in force, by name."""
    every = list_pools(call.workspace)
    return page_of_list(every, query, lambda each: each.pool.name, lambda each: each)


@pools.post("/pools", scope=Scope.RULES, status=201, errors=(5211, 5223))
def put_pool_into_force(call: Call, body: PoolText) -> PoolVersion:
    """Make a pool or change it. The same rules again change nothing."""
    return put_pool(call.workspace, body.text, call.who, expected=body.expected)


@pools.get("/pools/{name}", scope=Scope.READ, errors=(5212,))
def show_pool(call: Call, name: Key) -> PoolVersion:
    """Show a pool as it is in force."""
    return pool_history(call.workspace, name)[0]


@pools.get("/pools/{name}/versions", scope=Scope.READ, errors=(5212, 5429))
def list_pool_versions(call: Call, name: Key, query: PageQuery) -> Page[PoolVersion]:
    """List every version of a pool, newest first: the text as given, who wrote it, when."""
    history = pool_history(call.workspace, name)
    return page_of_list(history, query, lambda each: -each.version, lambda each: each)


@pools.get("/pools/{name}/changes", scope=Scope.READ, errors=(5212, 5225))
def compare_pool_versions(call: Call, name: Key, query: TwoVersions) -> list[Difference]:
    """List what differs between two versions."""
    return pool_diff(call.workspace, name, query.before, query.after)
