"""Sectors of an untrusted disc, read by clusters and held for a while."""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from appliance.volume.errors import TRUNCATED, UNREADABLE_MEDIUM, VolumeError
from appliance.volume.udf.tags import SECTOR

CLUSTER_BYTES = 32 * SECTOR
HELD_CLUSTERS = 64
STEP_BYTES = 2**20

ReadAt = Callable[[int, int], bytes]
"""`read_at(offset, length)`: that many bytes, fewer only at the end; OSError when unreadable."""

OnFault = Callable[[VolumeError], None]
"""Told why something could not be read."""


class Medium:
    """Bounded reads of a disc of `size_bytes`.

    Raises (every method):
        VolumeError: 3103, the disc ends too early; 3106, the sectors cannot be read.
    """

    def __init__(self, read_at: ReadAt, size_bytes: int) -> None:
        self._read_at = read_at
        self.size_bytes = size_bytes
        self.sectors = size_bytes // SECTOR
        self._held: OrderedDict[int, bytes] = OrderedDict()

    def sector(self, number: int) -> bytes:
        """One sector, out of a held cluster if that can be read as a whole."""
        if not 0 <= number < self.sectors:
            raise VolumeError(TRUNCATED, f"the disc ends before sector {number}")
        cluster, within = divmod(number * SECTOR, CLUSTER_BYTES)
        held = self._held.get(cluster)
        if held is None:
            start = cluster * CLUSTER_BYTES
            try:
                held = self.read(start, min(CLUSTER_BYTES, self.size_bytes - start))
            except VolumeError:
                return self.read(number * SECTOR, SECTOR)
            self._held[cluster] = held
            if len(self._held) > HELD_CLUSTERS:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(cluster)
        return held[within : within + SECTOR]

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes."""
        if offset < 0 or offset + length > self.size_bytes:
            raise VolumeError(TRUNCATED, f"the disc ends before byte {offset + length}")
        try:
            content = self._read_at(offset, length)
        except OSError as error:
            reason = error.strerror or "input/output error"
            where = f"sector {offset // SECTOR}"
            raise VolumeError(UNREADABLE_MEDIUM, f"cannot read {where}: {reason}") from error
        if len(content) != length:
            raise VolumeError(TRUNCATED, f"the disc ends before byte {offset + length}")
        return content

    def chunks(
        self, extents: tuple[tuple[int, int], ...], on_damage: OnFault | None = None
    ) -> Iterator[bytes]:
        """The bytes of extents (offset and length in bytes), in pieces of at most 1 MiB.

        With `on_damage`, each unreadable sector is told and given as bytes FF, which no list,
        manifest or JSON text can hold.
        """
        for start, length in extents:
            for offset in range(start, start + length, STEP_BYTES):
                size = min(STEP_BYTES, start + length - offset)
                try:
                    yield self.read(offset, size)
                except VolumeError as error:
                    if on_damage is None or error.code != UNREADABLE_MEDIUM:
                        raise
                    yield from self._readable(offset, size, on_damage)

    def _readable(self, offset: int, size: int, on_damage: OnFault) -> Iterator[bytes]:
        for at in range(offset, offset + size, SECTOR):
            length = min(SECTOR, offset + size - at)
            try:
                yield self.read(at, length)
            except VolumeError as error:
                if error.code != UNREADABLE_MEDIUM:
                    raise
                on_damage(error)
                yield b"\xff" * length
