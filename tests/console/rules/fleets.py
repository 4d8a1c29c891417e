"""Policies, pools and fleets for the tests of the rules."""

from appliance.contract.states import MediumKind
from console.rules.fleet import ApplianceStock
from console.rules.policy import Policy
from console.rules.policy_text import default_text, parse_policy
from console.rules.pool import Pool, parse_pool

GB = 1_000_000_000


def policy(copies: str = '["use", "sealed"]', more: str = "", name: str = "default") -> Policy:
    """The usual policy with other copies and more rules."""
    text = default_text().replace('["use", "sealed"]', copies)
    text = text.replace('name = "default"', f'name = "{name}"')
    return parse_policy(f"{text}\n{more}", "test.toml")


def rule(name: str, value: str) -> str:
    return f'[{name}]\nvalue = {value}\nsource = "test"\n'


def pool(name: str, text: str = "") -> Pool:
    return parse_pool(f'name = "{name}"\n{text}', "test.toml")


def cabinet(
    name: str,
    discs: int = 0,
    *,
    disks: tuple[int, ...] | None = None,
    online: bool = True,
    prints: bool = False,
    size_bytes: int = 25 * GB,
    air: dict[str, tuple[float, ...]] | None = None,
) -> ApplianceStock:
    """An appliance with disc drives and blank discs, and with disks if it is given their room."""
    drives = {MediumKind.DISC: 4} | ({MediumKind.DISK: 1} if disks is not None else {})
    room = {MediumKind.DISC: (size_bytes,) * discs, MediumKind.DISK: disks or ()}
    return ApplianceStock(name, online, drives, room, prints, air or {})
