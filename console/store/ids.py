"""New ids: short text that sorts by the order of its making and is unique without a register."""

import secrets
import threading
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32, lower case: no letter that looks like a digit."""

_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """`prefix`, a hyphen and 20 characters: 48 bits of milliseconds, then 52 random bits.

    Within one process a later id is always the greater one.
    """
    global _last  # noqa: PLW0603  (the order of ids is the process's own)
    with _lock:
        fresh = (time.time_ns() // 1_000_000 % 2**48) << 52 | secrets.randbits(52)
        number = _last = max(fresh, _last + 1)
    return prefix + "-" + "".join([_ALPHABET[number >> shift & 31] for shift in range(95, -1, -5)])
