"""Finding a policy by its name, and keeping each version that something was filed by."""

from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from appliance.contract.errors import SteleError
from console.rules.policy import Policy, policy_from_document
from console.rules.policy_text import DEFAULT, default_policy, parse_policy
from console.store.schema import policies
from console.store.workspace import Workspace


def load_policy(workspace: Workspace, name: str) -> Policy:
    """The policy of this name as its file is now.

    Raises:
        SteleError: 5203 the file is wrong; 5204 there is none of this name.
    """
    file = workspace.data / "policies" / f"{name}.toml"
    if file.parent == workspace.data / "policies" and file.is_file():
        policy = parse_policy(file.read_text("utf-8", "replace"), str(file))
        if policy.name != name:
            raise SteleError(5203, f"{file}: its name is {policy.name!r}, not that of its file")
        return policy
    if name == DEFAULT:
        return default_policy()
    raise SteleError(5204, f"no policy is called {name!r}; there are {', '.join(names(workspace))}")


def names(workspace: Workspace) -> list[str]:
    """The policies that an ingest may name, the default first."""
    own = {file.stem for file in (workspace.data / "policies").glob("*.toml")}
    return [DEFAULT, *sorted(own - {DEFAULT})]


def register_policy(connection: sa.Connection, policy: Policy) -> str:
    """Keep this version of a policy in the store; gives its id.

    Raises:
        SteleError: 5203 the store holds other rules under the same name and version.
    """
    document = msgspec.to_builtins(policy)
    row = connection.execute(
        sa.select(policies.c.document).where(policies.c.policy_id == policy.policy_id)
    ).one_or_none()
    if row is None:
        connection.execute(
            policies.insert(),
            {
                "policy_id": policy.policy_id,
                "name": policy.name,
                "version": policy.version,
                "document": document,
                "created_at": datetime.now(UTC),
            },
        )
    elif policy_from_document(row.document) != policy:
        message = f"policy {policy.name!r} was changed, but is still version {policy.version}"
        raise SteleError(5203, f"{message}; raise it")
    return policy.policy_id
