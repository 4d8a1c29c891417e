"""Namespaces and pools in the store: versioned, each change with who and when, none lost."""

import pytest

from appliance.contract.errors import SteleError
from console.rules.namespaces import (
    find_namespace,
    list_namespaces,
    namespace_history,
    policy_of,
    put_namespace,
)
from console.rules.pools import list_pools, load_pools, pool_diff, pool_history, put_pool
from console.rules.register import put_policy
from console.store.workspace import Workspace
from tests.console.rules.test_register import refused, text_of


def make(workspace: Workspace, name: str = "court", **more: object) -> int:
    values = {"title": "市法院", "policy": "default", "by": "Lin"} | more
    return put_namespace(workspace, name, **values).version  # type: ignore[arg-type]


def test_the_default_namespace_exists_always(workspace: Workspace) -> None:
    (default,) = list_namespaces(workspace)
    assert (default.name, default.policy, default.version) == ("default", "default", 0)
    assert policy_of(workspace, "default").policy.policy_id == "default:2"
    assert make(workspace, "default", title="Everything else") == 1
    assert [each.version for each in list_namespaces(workspace)] == [1]


def test_every_change_of_a_namespace_is_kept(workspace: Workspace) -> None:
    put_policy(workspace, text_of("strict"), "Lin")
    assert make(workspace) == 1
    assert make(workspace, policy="strict", by="Wang") == 2
    assert make(workspace, policy="strict", by="nobody changes anything") == 2
    assert [
        (n.version, n.policy, n.created_by, n.in_force)
        for n in namespace_history(workspace, "court")
    ] == [
        (2, "strict", "Wang", True),
        (1, "default", "Lin", False),
    ]
    assert policy_of(workspace, "court").policy.policy_id == "strict:1"
    assert find_namespace(workspace, "court").title == "市法院"
    assert [n.name for n in list_namespaces(workspace)] == ["court", "default"]


def test_packages_come_under_the_newest_version_of_its_policy(workspace: Workspace) -> None:
    put_policy(workspace, text_of("strict"), "Lin")
    make(workspace, policy="strict")
    put_policy(workspace, text_of("strict", 2, '["use"]'), "Lin")
    assert policy_of(workspace, "court").policy.policy_id == "strict:2"


def test_who_changes_an_older_version_is_told(workspace: Workspace) -> None:
    make(workspace, expected=0)
    make(workspace, title="other", expected=1)
    with refused(5223, "is at version 2, not 1"):
        make(workspace, title="third", expected=1)


def test_what_no_namespace_can_be(workspace: Workspace) -> None:
    wrong: list[tuple[str, dict[str, object]]] = [
        ("Court", {}),
        ("../x", {}),
        ("x\n", {}),
        ("x\0", {}),
        ("court", {"title": "a\nb"}),
        ("court", {"title": "a\0b"}),
        ("court", {"title": "x" * 201}),
        ("court", {"policy": "nowhere"}),
        ("court", {"policy": "../default"}),
        ("court", {"policy": "x\0"}),
    ]
    for name, more in wrong:
        with refused(5222):
            make(workspace, name, **more)
    assert [each.name for each in list_namespaces(workspace)] == ["default"]


def test_a_namespace_that_is_not_there(workspace: Workspace) -> None:
    with refused(5221, "there are default"):
        find_namespace(workspace, "court")


def test_every_change_of_a_pool_is_kept(workspace: Workspace) -> None:
    first = 'name = "p"\nkinds = ["disc"] # as written'
    assert put_pool(workspace, first, "Lin").version == 1
    second = put_pool(workspace, 'name = "p"\nkinds = ["disc", "disk"]', "Wang", expected=1)
    assert (second.version, second.in_force, second.created_by) == (2, True, "Wang")
    assert put_pool(workspace, 'name = "p"\nkinds = ["disc", "disk"]', "again").version == 2
    assert [each.text for each in pool_history(workspace, "p")][1] == first
    (difference,) = pool_diff(workspace, "p", 1, 2)
    assert (difference.rule, difference.before, difference.after) == (
        "kinds",
        ["disc"],
        ["disc", "disk"],
    )
    with workspace.store.connect() as connection:
        assert load_pools(connection) == {"p": second.pool}
    assert [each.version for each in list_pools(workspace)] == [2]


def test_pools_that_are_refused(workspace: Workspace) -> None:
    put_pool(workspace, 'name = "p"', "Lin")
    with refused(5223, "at version 1, not 0"):
        put_pool(workspace, 'name = "p"\ntier = 3', "Wang", expected=0)
    with refused(5211, "tier"):
        put_pool(workspace, 'name = "p"\ntier = 9', "Wang")
    with refused(5212):
        pool_history(workspace, "q")
    with refused(5225, "version 3"):
        pool_diff(workspace, "p", 1, 3)


def test_a_version_that_somebody_else_wrote_meanwhile(workspace: Workspace) -> None:
    from console.rules.versions import add_version
    from console.store.schema import pools

    values = {"document": {"name": "p"}, "text": ""}
    with workspace.store.begin() as connection:
        add_version(connection, pools, "p", values, "Lin", after=0)
        with pytest.raises(SteleError, match="5223"):
            add_version(connection, pools, "p", values, "Wang", after=0)
        assert add_version(connection, pools, "p", values, "Wang", after=1) == 2
