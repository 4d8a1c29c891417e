"""Every list of the API, also of subjects that come later, can be followed to its end."""

import pytest

from console.api.rest.declaration import Endpoint
from console.api.rest.paging import PageQuery
from console.api.v1.resources import RESOURCES
from console.store.workspace import Workspace
from tests.console.api.v1.caller import Caller
from tests.console.api.v1.contents import KNOWN, fill_more

LISTS = [
    endpoint
    for resource in RESOURCES
    for endpoint in resource.endpoints
    if endpoint.method == "GET"
    and endpoint.query_type is not None
    and issubclass(endpoint.query_type, PageQuery)
]
MANY = 2000


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda one: one.name)
def test_a_list_of_single_items_is_the_list(
    local: Caller, workspace: Workspace, endpoint: Endpoint
) -> None:
    follow(local, endpoint, KNOWN | fill_more(workspace).get(endpoint.resource, {}))


def follow(caller: Caller, endpoint: Endpoint, known: dict[str, str]) -> None:
    """Read a list in pages of one, and compare it with the whole."""
    path = endpoint.path.format(**{name: known[name] for name in endpoint.path_types})
    asked = "?q=1998&limit=" if endpoint.name == "search_archive" else "?limit="
    whole = caller.get(f"{path}{asked}1000")
    assert whole.status_code == 200, whole.text
    items, after = [], ""
    for _ in range(MANY):
        answer = caller.get(f"{path}{asked}1{after}")
        assert answer.status_code == 200, answer.text
        items += answer.json["items"]
        if answer.json["next"] is None:
            break
        after = f"&after={answer.json['next']}"
    assert items == whole.json["items"]
