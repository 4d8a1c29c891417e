"""What a token may open, and who stands behind it."""

from enum import StrEnum

from msgspec import Struct

from appliance.contract.errors import SteleError


class Scope(StrEnum):
    """A right that a token carries. None of them contains another."""

    READ = "read"
    """See everything: the archive, the fleet, plans, jobs, alarms, metrics."""
    INGEST = "ingest"
    """Bring packages in."""
    PLAN = "plan"
    """Propose plans and plan again."""
    APPROVE = "approve"
    """Approve, change and reject plans."""
    RETRIEVE = "retrieve"
    """Ask for files and receive them."""
    OPERATE = "operate"
    """Inventories, further attempts, alarms, tasks of people at cabinets."""
    RULES = "rules"
    """Change namespaces, policies and pools."""
    TOKENS = "tokens"
    """Make and revoke tokens."""


ALL_SCOPES = frozenset(Scope)
LOCAL = "local"
"""Whoever shows the data folder's own token."""


class Principal(Struct, frozen=True):
    """Whoever a request comes from. `who` is what an audit trail writes down."""

    who: str
    token_id: str | None
    scopes: frozenset[Scope]
    namespaces: tuple[str, ...] | None
    """The namespaces that it may see and change; None for all."""

    def needs(self, *any_of: Scope) -> None:
        """Pass if one of the scopes is there.

        Raises:
            SteleError: 4074.
        """
        if not self.scopes.intersection(any_of):
            wanted = " or ".join(any_of)
            raise SteleError(4074, f"the token {self.who!r} does not carry the scope {wanted}")

    def sees(self, namespace: str) -> bool:
        return self.namespaces is None or namespace in self.namespaces

    def needs_namespace(self, namespace: str) -> None:
        """Pass if the namespace is open to it.

        Raises:
            SteleError: 4075.
        """
        if not self.sees(namespace):
            raise SteleError(4075, f"the token {self.who!r} does not open {namespace!r}")
