"""A policy: what an archive asks of every package filed under it. Pure."""

import string
import tomllib
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from appliance.contract.errors import SteleError
from appliance.contract.states import MediumKind
from console.config import explain

T = TypeVar("T")

LABEL_FIELDS = ("fonds", "series", "year", "number")
LABEL_CHARACTERS_MAX = 60
"""What a disc's label may hold, in UDF's 16-bit characters, with room to spare."""

Role = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Digests = Annotated[list[Literal["sha256", "sm3"]], Meta(min_length=1, max_length=2)]


class Rule(Struct, Generic[T], frozen=True, forbid_unknown_fields=True):
    """One value, and where it comes from: a clause, a page, or the word unconfirmed."""

    value: T
    source: Annotated[str, Meta(min_length=1)]


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """All rules of one version of one policy."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    version: Annotated[int, Meta(ge=1)]
    copies: Rule[Annotated[list[Role], Meta(min_length=1, max_length=10)]]
    digests: Rule[Digests]
    release_landing: Rule[bool]
    nominal_capacity_bytes: Rule[Annotated[int, Meta(ge=1 << 20)]]
    capacity_margin_bytes: Rule[Annotated[int, Meta(ge=0)]]
    label: Rule[str]
    media: Rule[dict[Role, MediumKind]] | None = None
    """The kind of medium for a role; a role that it does not name is on disc."""
    print_labels: Rule[bool] | None = None
    """Whether discs get a printed label where the appliance has a printer."""

    def medium_of(self, role: str) -> MediumKind:
        return (self.media.value if self.media else {}).get(role, MediumKind.DISC)

    @property
    def disc_copies(self) -> int:
        """How many copies of each volume are on discs."""
        return sum(self.medium_of(role) is MediumKind.DISC for role in self.copies.value)

    @property
    def policy_id(self) -> str:
        return f"{self.name}:{self.version}"


def parse_policy(text: str, where: str) -> Policy:
    """A policy from TOML text; `where` names it in errors.

    Raises:
        SteleError: 5203, names what is wrong.
    """
    try:
        policy = msgspec.convert(tomllib.loads(text), Policy)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SteleError(5203, f"{where}: {explain(error, Policy)}") from error
    problem = _problem(policy)
    if problem:
        raise SteleError(5203, f"{where}: {problem}")
    return policy


def policy_from_document(document: object) -> Policy:
    """The policy as the store keeps it."""
    return msgspec.convert(document, Policy)


def label_of(policy: Policy, fonds: str, series: str, year: int, number: int) -> str:
    """A volume's label; fonds and series are shortened where a disc has no room for them."""
    room = LABEL_CHARACTERS_MAX - len(_format(policy.label.value, "", "", year, number))
    short_series = series[: max(1, room - min(len(fonds), room // 2))]
    short_fonds = fonds[: max(1, room - len(short_series))]
    return _format(policy.label.value, short_fonds, short_series, year, number)


def _format(template: str, fonds: str, series: str, year: int, number: int) -> str:
    return template.format(fonds=fonds, series=series, year=year, number=number)


def _problem(policy: Policy) -> str:
    if len(set(policy.copies.value)) < len(policy.copies.value):
        return "[copies] names a role twice"
    roles = policy.copies.value
    for role in policy.media.value if policy.media else ():
        if role not in roles:
            return f"[media] names the role {role!r}; [copies] has {', '.join(roles)}"
    if policy.digests.value not in (["sha256"], ["sha256", "sm3"]):
        return '[digests] must be ["sha256"] or ["sha256", "sm3"]'
    if policy.capacity_margin_bytes.value >= policy.nominal_capacity_bytes.value:
        return "[capacity_margin_bytes] leaves nothing of [nominal_capacity_bytes]"
    return _label_problem(policy.label.value)


def _label_problem(template: str) -> str:
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        if not fields <= set(LABEL_FIELDS):
            return f"[label] may hold only {', '.join(f'{{{name}}}' for name in LABEL_FIELDS)}"
        if "number" not in fields:
            return "[label] needs {number}, or two discs would bear one label"
        shortest = _format(template, "", "", 9999, 999_999)
    except (ValueError, IndexError, KeyError) as error:
        return f"[label] {error}"
    if len(shortest) > LABEL_CHARACTERS_MAX - 2:
        return f"[label] leaves no room for names in {LABEL_CHARACTERS_MAX} characters"
    return ""
