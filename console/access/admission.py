"""Letting a request in by its bearer token, and slowing down whoever tries wrong ones.

Failures are counted in each process for itself: a token is 256 random bits, so the count guards
the store from a flood of guesses, not the tokens from being guessed. A token that was good before
is always looked up, so that a stranger behind the same address locks nobody out.
"""

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from appliance.contract.errors import SteleError
from console.access.scopes import Principal

K = TypeVar("K")
V = TypeVar("V")

FAILURES = 20
WITHIN_S = 60.0
_ADDRESSES = 4096
_KNOWN = 4096


class TooManyFailuresError(SteleError):
    """4073, with the time after which the next attempt is looked at."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(4073, "too many wrong tokens came from this address")
        self.retry_after_s = retry_after_s


class Admission:
    """Admits callers. `find` gives a secret's principal, or raises SteleError 4071 or 4072."""

    def __init__(
        self, find: Callable[[str], Principal], clock: Callable[[], float] = monotonic
    ) -> None:
        self._find = find
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def admit(self, authorization: str, address: str) -> Principal:
        """The principal behind an `Authorization` header.

        Raises:
            SteleError: 4070 there is no bearer token; 4071, 4072 it is not good; 4073 wait.
        """
        scheme, _, secret = authorization.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise SteleError(4070, "the request carries no token")
        digest = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        self._check_address(address, digest)
        try:
            principal = self._find(secret)
        except SteleError as error:
            if error.code in (4071, 4072):
                self._note_failure(address, digest)
            raise
        with self._lock:
            _keep(self._known, digest, None, _KNOWN)
        return principal

    def _check_address(self, address: str, digest: bytes) -> None:
        with self._lock:
            failures = self._failures.get(address)
            if not failures or digest in self._known:
                return
            now = self._clock()
            while failures and now - failures[0] > WITHIN_S:
                failures.popleft()
            if len(failures) >= FAILURES:
                raise TooManyFailuresError(int(WITHIN_S - (now - failures[0])) + 1)

    def _note_failure(self, address: str, digest: bytes) -> None:
        with self._lock:
            self._known.pop(digest, None)
            failures = self._failures.get(address) or deque(maxlen=FAILURES)
            failures.append(self._clock())
            _keep(self._failures, address, failures, _ADDRESSES)


def _keep(store: "OrderedDict[K, V]", key: K, value: V, most: int) -> None:
    store[key] = value
    store.move_to_end(key)
    while len(store) > most:
        store.popitem(last=False)
