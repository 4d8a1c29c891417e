"""A pool: the media that a policy may use, told by kind, place and capacity. Pure."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.rules.documents import parse_document
from console.rules.values import Name

Pattern = Annotated[str, Meta(min_length=1, max_length=128)]
_SITE = re.compile(r"[^/\x00-\x1f]+")
WILDCARDS_MAX = 4
"""In one pattern: matching stays quick whatever it is compared with."""


class Pool(Struct, frozen=True, forbid_unknown_fields=True):
    """Which media belong to it. What is empty or unset asks for nothing."""

    name: Name
    title: Annotated[str, Meta(max_length=200)] = ""
    kinds: Annotated[list[MediumKind], Meta(max_length=8)] = []
    sites: Annotated[list[Pattern], Meta(max_length=100)] = []
    """Names of sites."""
    appliances: Annotated[list[Pattern], Meta(max_length=100)] = []
    """Names of appliances as "site/name"; `*` stands for any characters."""
    capacity_min_bytes: Annotated[int, Meta(ge=0, le=1 << 50)] = 0
    """No medium that holds less; one whose capacity nobody has reported counts as large enough."""
    tier: Literal[1, 2, 3] = 2
    """1 fast, 2 long-term, 3 offline or off-site."""

    def has_site(self, site: str) -> bool:
        return not self.sites or site in self.sites

    def has_appliance(self, appliance: str) -> bool:
        """Whether media in the appliance "site/name" belong to it."""
        if not self.has_site(appliance.partition("/")[0]):
            return False
        return not self.appliances or any(fnmatchcase(appliance, p) for p in self.appliances)

    def has_kind(self, kind: MediumKind) -> bool:
        return not self.kinds or kind in self.kinds

    def has_medium(self, appliance: str, kind: MediumKind, capacity_bytes: int | None) -> bool:
        """Whether a medium that stands there belongs to it."""
        large = not capacity_bytes or capacity_bytes >= self.capacity_min_bytes
        return large and self.has_kind(kind) and self.has_appliance(appliance)

    def describe(self) -> str:
        """What belongs to it, in words."""
        kinds = " and ".join(f"{kind}s" for kind in self.kinds) or "media of every kind"
        where = ", ".join(self.appliances or self.sites)
        least = self.capacity_min_bytes
        size = f" of at least {least} bytes" if least else ""
        return f"{kinds}{size}{f' in {where}' if where else ''}"


def parse_pool(text: str, where: str) -> Pool:
    """A pool from TOML text; `where` names it in errors. Anybody may have written it.

    Raises:
        SteleError: 5211, names what is wrong.
    """
    pool = parse_document(text, where, Pool, 5211)
    problem = _problem(pool)
    if problem:
        raise SteleError(5211, f"{where}: {problem}")
    return pool


def pool_from_document(document: object) -> Pool:
    """The pool as the store keeps it."""
    return msgspec.convert(document, Pool)


def _problem(pool: Pool) -> str:
    if len(set(pool.kinds)) < len(pool.kinds):
        return "kinds names a kind twice"
    for site in pool.sites:
        if not _SITE.fullmatch(site):
            return f"sites names {site!r}; a site's name has no '/'"
    for pattern in pool.appliances:
        if pattern.count("/") != 1:
            return f"appliances names {pattern!r}; it must be like site/name or site/*"
        if sum(pattern.count(sign) for sign in "*?[") > WILDCARDS_MAX:
            return f"appliances has more than {WILDCARDS_MAX} wildcards in {pattern!r}"
    return _empty(pool.sites, pool.appliances)


def _empty(sites: Iterable[str], patterns: Iterable[str]) -> str:
    """A pool whose appliances stand on none of its sites holds nothing."""
    sites, patterns = list(sites), list(patterns)
    if not sites or not patterns:
        return ""
    for pattern in patterns:
        if not any(fnmatchcase(site, pattern.partition("/")[0]) for site in sites):
            return f"appliances names {pattern!r}, on none of the sites {', '.join(sites)}"
    return ""
