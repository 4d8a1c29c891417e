"""What changed between two versions of a policy or pool, rule by rule. Pure."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

_IDENTITY = ("name", "version")


class Difference(Struct, frozen=True):
    """One rule before and after, as the document has it; None where it was not there."""

    rule: str
    before: Any = None
    after: Any = None


def differences(before: Struct, after: Struct) -> list[Difference]:
    """Every rule that differs, in the order of the document; names and versions are not rules."""
    old, new = dict(_rules(before)), dict(_rules(after))
    return [
        Difference(name, old.get(name), new.get(name))
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]


def _rules(document: Struct) -> Iterator[tuple[str, Any]]:
    for name, rule in msgspec.to_builtins(document).items():
        if name in _IDENTITY:
            continue
        if isinstance(rule, dict) and "source" not in rule:
            # A table of rules, such as [inspection.disc].
            yield from ((f"{name}.{key}", part) for key, part in rule.items())
        else:
            yield name, rule
