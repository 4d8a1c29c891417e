"""The image as consecutive regions, each of which can produce any range of its bytes."""

from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import Protocol

from appliance.volume.udf.tags import SECTOR


def padded(size_bytes: int) -> int:
    """The size in whole sectors, in bytes."""
    return -(-size_bytes // SECTOR) * SECTOR


class Region(Protocol):
    """A run of bytes known from the plan."""

    size_bytes: int

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; both lie inside the region."""
        ...


class FixedBytes:
    """A few bytes that are simply held, as content of `size_bytes`, zeros after it."""

    def __init__(self, content: bytes, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._content = content

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length].ljust(length, b"\0")


class LateBytes:
    """A few bytes of known length that are worked out only when somebody reads them."""

    def __init__(self, make: Callable[[], bytes], length: int) -> None:
        self.size_bytes = padded(length)
        self._make = make
        self._made: FixedBytes | None = None

    def read(self, offset: int, length: int) -> bytes:
        if self._made is None:
            self._made = FixedBytes(self._make(), self.size_bytes)
        return self._made.read(offset, length)


class Sectors:
    """A number of items of exactly one sector each, made one by one."""

    def __init__(self, count: int, make: Callable[[int], bytes]) -> None:
        self.size_bytes = count * SECTOR
        self._make = make

    def read(self, offset: int, length: int) -> bytes:
        first, skip = divmod(offset, SECTOR)
        stop = -(-(offset + length) // SECTOR)
        made = b"".join([self._make(index) for index in range(first, stop)])
        return made if not skip and len(made) == length else made[skip : skip + length]


class Lines:
    """Text of many lines, made line by line; the offset of each 64th line is held."""

    STEP = 64

    def __init__(
        self, count: int, make: Callable[[int], bytes], lengths: Callable[[int], int]
    ) -> None:
        self._count, self._make = count, make
        self._starts = array("Q")
        offset = 0
        for index in range(count):
            if index % self.STEP == 0:
                self._starts.append(offset)
            offset += lengths(index)
        self.text_bytes = offset
        self.size_bytes = padded(offset)

    def read(self, offset: int, length: int) -> bytes:
        if offset >= self.text_bytes:
            return bytes(length)
        step = bisect_right(self._starts, offset) - 1
        skip = offset - self._starts[step]
        stop = bisect_right(self._starts, offset + length - 1)
        indexes = range(step * self.STEP, min(stop * self.STEP, self._count))
        text = b"".join([self._make(index) for index in indexes])
        return text[skip : skip + length].ljust(length, b"\0")
