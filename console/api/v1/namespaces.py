"""/api/v1/namespaces: where packages are filed, and under which policy; every version of them."""

from typing import Annotated

from msgspec import Meta, Struct

from console.api.rest import Call, Key, Page, PageQuery, Resource, Scope
from console.api.v1.pages import page_of_list
from console.api.v1.versions import Expected
from console.rules.namespaces import (
    TITLE_CHARACTERS_MAX,
    Namespace,
    find_namespace,
    list_namespaces,
    namespace_history,
    put_namespace,
)

namespaces = Resource("namespaces", "Namespaces: where packages are filed, each with its policy.")


class NamespaceChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What the namespace is from now on.

    `expected` is the version that the change was made on, 0 for a new namespace; unset for any.
    """

    policy: Key
    title: Annotated[str, Meta(max_length=TITLE_CHARACTERS_MAX)] = ""
    expected: Expected | None = None


@namespaces.get("/namespaces", scope=Scope.READ, errors=(5429,), namespaced=True)
def list_namespaces_in_force(call: Call, query: PageQuery) -> Page[Namespace]:
    """List the namespaces that are open to the caller, by name."""
    own = [each for each in list_namespaces(call.workspace) if call.principal.sees(each.name)]
    return page_of_list(own, query, lambda each: each.name, lambda each: each)


@namespaces.get("/namespaces/{name}", scope=Scope.READ, errors=(5221,), namespaced=True)
def show_namespace(call: Call, name: Key) -> Namespace:
    """Show a namespace as it is in force."""
    call.principal.needs_namespace(name)
    return find_namespace(call.workspace, name)


@namespaces.put("/namespaces/{name}", scope=Scope.RULES, errors=(5222, 5223))
def put_namespace_into_force(call: Call, name: Key, body: NamespaceChange) -> Namespace:
    """Make a namespace or change it. What was filed before keeps its policy."""
    return put_namespace(
        call.workspace,
        name,
        title=body.title,
        policy=body.policy,
        by=call.who,
        expected=body.expected,
    )


@namespaces.get(
    "/namespaces/{name}/versions", scope=Scope.READ, errors=(5221, 5429), namespaced=True
)
def list_namespace_versions(call: Call, name: Key, query: PageQuery) -> Page[Namespace]:
    """List every version of a namespace, newest first: who wrote it, when."""
    call.principal.needs_namespace(name)
    history = namespace_history(call.workspace, name)
    return page_of_list(history, query, lambda each: -each.version, lambda each: each)
