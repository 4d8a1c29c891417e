"""The policies of an archive, every version as it was given: who put it into force, and when.

The highest version of a name is in force. A version that was registered never changes: packages
were filed by it. A policy comes in by a file in `policies/` of the data folder, or over REST; one
in a file is registered when the first package is filed by it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from appliance.contract.errors import SteleError
from console.rules.differences import Difference, differences
from console.rules.policy import Policy, policy_from_document
from console.rules.policy_text import DEFAULT, default_text, parse_policy
from console.rules.values import NAME
from console.store.engine import reading
from console.store.schema import policies
from console.store.upsert import insert_into
from console.store.workspace import Workspace

FILES_MAX = 1_000
"""Of policy files that are looked at."""


class FoundPolicy(Struct, frozen=True):
    """A policy in force, the text that a person wrote, and where it was found."""

    policy: Policy
    text: str
    origin: Literal["register", "file", "built in"]


class PolicyVersion(Struct, frozen=True):
    """One registered version. `text` is empty where an earlier Stele kept none."""

    policy_id: str
    name: str
    version: int
    in_force: bool
    created_at: datetime
    created_by: str
    text: str


def find_policy(workspace: Workspace, name: str) -> FoundPolicy:
    """The policy of this name that is in force, registered or not.

    Raises:
        SteleError: 5203 its file is wrong; 5204 there is none of this name; 5224 its file was
            changed, but not its version.
    """
    if not NAME.fullmatch(name):
        raise SteleError(5204, f"no policy can be called {name[:64]!r}")
    with reading(workspace.store).connect() as connection:
        newest = _newest(connection, name)
    registered = None
    if newest is not None:
        registered = FoundPolicy(policy_from_document(newest.document), newest.text, "register")
    found = _from_file(workspace, name)
    if found is not None:
        return _newer(registered, found)
    if registered is not None:
        return registered
    if name == DEFAULT:
        return _built_in()
    raise SteleError(
        5204, f"no policy is called {name[:64]!r}; there are {', '.join(names(workspace))}"
    )


def names(workspace: Workspace) -> list[str]:
    """Every policy that a namespace or an ingest may name, the default first."""
    with reading(workspace.store).connect() as connection:
        known = set(connection.scalars(sa.select(policies.c.name).distinct()))
    files = sorted((workspace.data / "policies").glob("*.toml"))[:FILES_MAX]
    in_files = {file.stem for file in files if NAME.fullmatch(file.stem)}
    return [DEFAULT, *sorted((known | in_files) - {DEFAULT})]


def register_policy(connection: sa.Connection, policy: Policy, text: str = "", by: str = "") -> str:
    """Keep this version of a policy in the store; gives its id. Doing it twice changes nothing.

    Raises:
        SteleError: 5224 the store holds other rules under the same name and version.
    """
    insert = insert_into(connection, policies).values(
        policy_id=policy.policy_id,
        name=policy.name,
        version=policy.version,
        document=msgspec.to_builtins(policy),
        created_at=datetime.now(UTC),
        text=text,
        created_by=by,
    )
    connection.execute(insert.on_conflict_do_nothing())
    kept = policy_version(connection, policy.name, policy.version)
    if kept != policy:
        raise _fixed(policy)
    return policy.policy_id


def put_policy(workspace: Workspace, text: str, by: str, where: str = "policy") -> PolicyVersion:
    """Put the policy of this text into force. Doing it twice changes nothing.

    Raises:
        SteleError: 5203 the text; 5224 the version is there with other rules, or is not the
            highest.
    """
    policy = parse_policy(text, where)
    with workspace.store.begin() as connection:
        newest = _newest(connection, policy.name)
        if newest is not None and newest.version > policy.version:
            message = f"version {newest.version} of policy {policy.name!r} is in force"
            raise SteleError(5224, f"{message}; version {policy.version} is not higher")
        _mind_the_built_in(policy)
        register_policy(connection, policy, text, by)
        return _history(connection, policy.name)[0]


def policy_history(workspace: Workspace, name: str) -> list[PolicyVersion]:
    """Every registered version, the newest first.

    Raises:
        SteleError: 5204 none was ever registered.
    """
    found: list[PolicyVersion] = []
    if NAME.fullmatch(name):
        with reading(workspace.store).connect() as connection:
            found = _history(connection, name)
    if not found:
        raise SteleError(5204, f"no version of a policy {name[:64]!r} is registered")
    return found


def policy_version(connection: sa.Connection, name: str, version: int) -> Policy:
    """The rules of one registered version.

    Raises:
        SteleError: 5225 there is no such version.
    """
    document = None
    if NAME.fullmatch(name):
        ours = policies.c.name == name, policies.c.version == version
        document = connection.scalar(sa.select(policies.c.document).where(*ours))
    if document is None:
        raise SteleError(5225, f"policy {name[:64]!r} has no version {version} in the register")
    return policy_from_document(document)


def policy_diff(workspace: Workspace, name: str, before: int, after: int) -> list[Difference]:
    """What changed from one registered version to another.

    Raises:
        SteleError: 5225 there is no such version.
    """
    with reading(workspace.store).connect() as connection:
        return differences(
            policy_version(connection, name, before), policy_version(connection, name, after)
        )


def _newest(connection: sa.Connection, name: str) -> sa.Row[Any] | None:
    query = sa.select(policies).where(policies.c.name == name)
    return connection.execute(query.order_by(policies.c.version.desc()).limit(1)).one_or_none()


def _history(connection: sa.Connection, name: str) -> list[PolicyVersion]:
    query = sa.select(policies).where(policies.c.name == name)
    rows: Sequence[sa.Row[Any]] = connection.execute(
        query.order_by(policies.c.version.desc())
    ).all()
    return [
        PolicyVersion(
            row.policy_id,
            row.name,
            row.version,
            place == 0,
            row.created_at,
            row.created_by,
            row.text,
        )
        for place, row in enumerate(rows)
    ]


def _from_file(workspace: Workspace, name: str) -> FoundPolicy | None:
    file = workspace.data / "policies" / f"{name}.toml"
    if not file.is_file():
        return None
    text = file.read_text("utf-8", "replace")
    policy = parse_policy(text, str(file))
    if policy.name != name:
        raise SteleError(5203, f"{file}: its name is {policy.name!r}, not that of its file")
    return FoundPolicy(policy, text, "file")


def _newer(registered: FoundPolicy | None, found: FoundPolicy) -> FoundPolicy:
    """A file's policy counts from a version on that the register does not have."""
    if registered is None or found.policy.version > registered.policy.version:
        return found
    same_version = found.policy.version == registered.policy.version
    if same_version and found.policy != registered.policy:
        raise _fixed(found.policy)
    return registered


def _built_in() -> FoundPolicy:
    text = default_text()
    return FoundPolicy(parse_policy(text, "default_policy.toml"), text, "built in")


def _mind_the_built_in(policy: Policy) -> None:
    """What Stele brings along has a version too, whether or not it was filed by yet."""
    if policy.name != DEFAULT:
        return
    own = _built_in().policy
    if policy.version < own.version or (policy.version == own.version and policy != own):
        message = f"Stele brings version {own.version} of policy {DEFAULT!r} along"
        raise SteleError(5224, f"{message}; give yours a higher one")


def _fixed(policy: Policy) -> SteleError:
    message = f"policy {policy.name!r} was changed, but is still version {policy.version}"
    return SteleError(5224, f"{message}; raise it")
