"""New ids: short text that sorts by the time of its making and is unique without a register."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, lower case: no letter that looks like a digit."""


def new_id(prefix: str) -> str:
    """`prefix`, a hyphen and 20 characters: 48 bits of milliseconds, then 52 random bits."""
    number = (time.time_ns() // 1_000_000 % 2**48) << 52 | secrets.randbits(52)
    return prefix + "-" + "".join(_ALPHABET[number >> shift & 31] for shift in range(95, -1, -5))
