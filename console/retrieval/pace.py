"""How long a station takes to fetch: what it took lately. Pure.

A station's last readings are compared with what would have been expected of it, part by part:
bringing the medium, reading, taking it back. The expectation counts as one reading more, so that
the first measurement already pulls, and no single one pulls far.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

LEARNED_FROM = 20
"""So many of the last readings of a station are looked at."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a station takes for each part of a fetch, in seconds; its reading speed."""

    load_s: float
    """From the beginning of a job until its medium is being read."""
    return_s: float
    """From the last byte until the drive is free for another medium."""
    file_s: float
    """To come to the beginning of a file."""
    bytes_per_s: float

    def read_s(self, files: int, size_bytes: int) -> float:
        return files * self.file_s + size_bytes / self.bytes_per_s

    def fetch_s(self, files: int, size_bytes: int) -> float:
        """From the beginning of a job until its last byte is there."""
        return self.load_s + self.read_s(files, size_bytes)


DISCS = Pace(load_s=60.0, return_s=25.0, file_s=0.15, bytes_per_s=20e6)
"""A robot's way to a drive and a Blu-ray's spin-up; 27 MB/s (6x) less what the way costs."""
DISKS = Pace(load_s=15.0, return_s=5.0, file_s=0.02, bytes_per_s=120e6)
"""A hard disk that is switched on for it."""
TAPES = Pace(load_s=120.0, return_s=90.0, file_s=20.0, bytes_per_s=200e6)
"""A cartridge that is threaded and wound to its place."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One fetch as it went; `return_s` is unset when it was not seen."""

    load_s: float
    read_s: float
    files: int
    size_bytes: int
    return_s: float | None = None


def learn(samples: Sequence[Sample], expected: Pace) -> Pace:
    """The pace that these fetches show; with none of them, what was expected."""
    ways_back = [s.return_s for s in samples if s.return_s is not None]
    read_s = sum(s.read_s for s in samples)
    thought_s = sum(expected.read_s(s.files, s.size_bytes) for s in samples)
    # The expectation weighs as one reading of the usual length.
    weight_s = thought_s / len(samples) if samples else 1.0
    slower = (read_s + weight_s) / (thought_s + weight_s) if weight_s > 0 else 1.0
    slower = max(slower, 1e-3)  # a clock that went back must not make reading free
    return replace(
        expected,
        load_s=_mean([s.load_s for s in samples], expected.load_s),
        return_s=_mean(ways_back, expected.return_s),
        file_s=expected.file_s * slower,
        bytes_per_s=expected.bytes_per_s / slower,
    )


def _mean(values: Sequence[float], expected: float) -> float:
    """Their mean, the expected value being one of them; a single outlier is cut."""
    taken = sorted(max(value, 0.0) for value in values)
    limit = 5 * (taken[len(taken) // 2] if taken else expected) + expected
    taken = [min(value, limit) for value in taken]
    return (sum(taken) + expected) / (len(taken) + 1)
