"""A volume's payload: the contents of its files one after the other, in the order of its plan.

Only what addressing needs is kept of a plan: 40 bytes a file.
"""

import bisect
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from appliance.contract.errors import SteleError
from appliance.volume.errors import VolumeError
from appliance.volume.plan import decode_plan
from console.store.landing import Landing, MissingContentError, Piece

CHUNK_BYTES = 1 << 20
_DIGEST_BYTES = 32


class ContentChangedError(SteleError):
    """A content of the landing zone is missing or has another length than its plan says."""

    def __init__(self, sha256: str, detail: str) -> None:
        super().__init__(3402, f"the landing zone no longer holds {sha256} as planned", detail)
        self.sha256 = sha256


class Payload:
    """Where each byte of a volume's payload is."""

    def __init__(self, sizes_and_digests: Iterator[tuple[int, bytes]]) -> None:
        self._ends = array("Q")
        digests = bytearray()
        end = 0
        for size_bytes, sha256 in sizes_and_digests:
            if size_bytes:  # an empty file has no byte in the stream
                end += size_bytes
                self._ends.append(end)
                digests += sha256
        self._digests = bytes(digests)
        self.size_bytes = end

    def read(self, landing: Landing, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to before `end`, in chunks of about a MiB.

        Raises:
            ContentChangedError: 3402; the bytes so far are right in length.
            LandingError: the landing zone cannot be asked.
        """
        small: list[bytes] = []
        held_bytes = 0
        for chunk in self._chunks(landing, start, end):
            small.append(chunk)
            held_bytes += len(chunk)
            if held_bytes >= CHUNK_BYTES:
                yield small[0] if len(small) == 1 else b"".join(small)
                small, held_bytes = [], 0
        if small:
            yield b"".join(small)

    def _chunks(self, landing: Landing, start: int, end: int) -> Iterator[bytes]:
        try:
            yield from landing.stream(self._pieces(start, end))
        except MissingContentError as error:
            raise ContentChangedError(error.sha256, error.message) from error

    def _pieces(self, start: int, end: int) -> Iterator[Piece]:
        index = bisect.bisect_right(self._ends, start)
        while start < end:
            begins = self._ends[index - 1] if index else 0
            stop = min(end, self._ends[index])
            yield Piece(self._digest(index), start - begins, stop - begins)
            start, index = stop, index + 1

    def _digest(self, index: int) -> str:
        return self._digests[index * _DIGEST_BYTES : (index + 1) * _DIGEST_BYTES].hex()


class Payloads:
    """The payloads of the volumes that were asked for last."""

    def __init__(self, plan_file: Callable[[str], Path], keep: int = 16) -> None:
        self._plan_file = plan_file
        self._keep = keep
        self._known: OrderedDict[str, Payload] = OrderedDict()
        self._lock = threading.Lock()

    def open_plan(self, volume_id: str) -> BinaryIO:
        """The encoded plan.

        Raises:
            SteleError: 5460 the data folder does not hold it.
        """
        try:
            return self._plan_file(volume_id).open("rb")
        except OSError as error:
            raise SteleError(5460, f"the plan of volume {volume_id} cannot be read") from error

    def get(self, volume_id: str) -> Payload:
        """The payload of a volume.

        Raises:
            SteleError: 5460 the plan is missing or damaged.
        """
        with self._lock:
            payload = self._known.get(volume_id)
            if payload is None:
                payload = self._known[volume_id] = self._load(volume_id)
            self._known.move_to_end(volume_id)
            while len(self._known) > self._keep:
                self._known.popitem(last=False)
            return payload

    def _load(self, volume_id: str) -> Payload:
        try:
            with self.open_plan(volume_id) as file:
                plan = decode_plan(iter(lambda: file.read(CHUNK_BYTES), b""))
        except VolumeError as error:
            raise SteleError(
                5460, f"the plan of volume {volume_id} cannot be read", error.message
            ) from error
        return Payload((entry.size_bytes, entry.sha256) for entry in plan.files)
