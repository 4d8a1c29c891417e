"""Namespaces: where packages are filed, and under which policy; every change of them.

`default` exists always. Until somebody changes it, its policy is the one that the settings name.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.rules import versions
from console.rules.register import FoundPolicy, find_policy
from console.rules.values import NAME
from console.store.engine import reading
from console.store.schema import namespaces
from console.store.workspace import Workspace

DEFAULT = "default"
TITLE_CHARACTERS_MAX = 200


class Namespace(Struct, frozen=True):
    """One version of a namespace; version 0 is the default one that nobody has changed."""

    name: str
    title: str
    policy: str
    version: int
    in_force: bool
    created_at: datetime | None = None
    created_by: str = ""


def list_namespaces(workspace: Workspace) -> list[Namespace]:
    """The version in force of every namespace, by name."""
    with reading(workspace.store).connect() as connection:
        rows = versions.in_force(connection, namespaces)
    found = [_namespace(row, in_force=True) for row in rows]
    if all(each.name != DEFAULT for each in found):
        found.append(_untouched(workspace))
    return sorted(found, key=lambda each: each.name)


def find_namespace(workspace: Workspace, name: str) -> Namespace:
    """A namespace as it is in force.

    Raises:
        SteleError: 5221 there is none of this name.
    """
    return namespace_history(workspace, name)[0]


def namespace_history(workspace: Workspace, name: str) -> list[Namespace]:
    """Every version of a namespace, the newest first.

    Raises:
        SteleError: 5221 there is none of this name.
    """
    rows: list[sa.Row[Any]] = []
    if NAME.fullmatch(name):
        with reading(workspace.store).connect() as connection:
            rows = versions.history(connection, namespaces, name)
    if not rows and name == DEFAULT:
        return [_untouched(workspace)]
    if not rows:
        there = ", ".join(each.name for each in list_namespaces(workspace)[:20])
        raise SteleError(5221, f"there is no namespace {name[:64]!r}; there are {there}")
    return [_namespace(row, in_force=place == 0) for place, row in enumerate(rows)]


def put_namespace(
    workspace: Workspace,
    name: str,
    *,
    title: str,
    policy: str,
    by: str,
    expected: int | None = None,
) -> Namespace:
    """Make a namespace, or change it. The same again changes nothing.

    What was filed before keeps its policy. `expected` is the version that the change was made on,
    0 for a new namespace; unset for any.

    Raises:
        SteleError: 5222 name, title or policy; 5223 somebody else changed it.
    """
    _check(workspace, name, title, policy)
    with workspace.store.begin() as connection:
        newest = versions.newest(connection, namespaces, name)
        version = newest.version if newest is not None else 0
        versions.check_expected(name, version, expected)
        if newest is None or (newest.title, newest.policy) != (title, policy):
            values = {"title": title, "policy": policy}
            versions.add_version(connection, namespaces, name, values, by, after=version)
        row = versions.history(connection, namespaces, name)[0]
    return _namespace(row, in_force=True)


def policy_of(workspace: Workspace, namespace: str) -> FoundPolicy:
    """The policy by which packages are filed in a namespace now.

    Raises:
        SteleError: 5221 there is no such namespace; 5203, 5204, 5224 its policy.
    """
    return find_policy(workspace, find_namespace(workspace, namespace).policy)


def _check(workspace: Workspace, name: str, title: str, policy: str) -> None:
    if not NAME.fullmatch(name):
        shown = name[:64]
        raise SteleError(
            5222, f"{shown!r} cannot name a namespace: small letters, digits, '.', '_' and '-' can"
        )
    if len(title) > TITLE_CHARACTERS_MAX or not title.isprintable():
        message = f"the title of {name!r} must be one line of {TITLE_CHARACTERS_MAX} characters"
        raise SteleError(5222, f"{message} at most")
    try:
        find_policy(workspace, policy)
    except SteleError as error:
        raise SteleError(5222, f"namespace {name!r}: {error.message}") from error


def _namespace(row: sa.Row[Any], *, in_force: bool) -> Namespace:
    return Namespace(
        row.name,
        row.title,
        row.policy,
        row.version,
        in_force,
        row.created_at,
        row.created_by,
    )


def _untouched(workspace: Workspace) -> Namespace:
    return Namespace(DEFAULT, "", workspace.config.archive.policy, 0, in_force=True)
