"""What goes over an I2C bus: messages of a host, answers of chips."""

from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

Sensed_contra = TypeVar("Sensed_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Message:
    """One start condition with an address, and the bytes up to the next start or the stop."""

    data: bytes = b""
    """What the host writes; empty also for a bare question who is there."""
    read_bytes: int | None = None
    """How many bytes the host clocks out; unset when it writes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one chip does to the data line during a message that carries its address."""

    acknowledged: bool
    """Address, and all bytes that were written."""
    data: bytes = b""
    """As many bytes as were asked for; a chip that lets go of the line gives 0xFF."""


SILENCE = Answer(acknowledged=False)
TAKEN = Answer(acknowledged=True)


class Chip(Protocol[Sensed_contra]):
    """A chip as its pins show it. It keeps what its registers keep and does no I/O."""

    def update(self, now_s: float, message: Message, sensed: Sensed_contra) -> Answer:
        """Take part in a message that carries its address; `sensed` is what it feels now."""
        ...


@runtime_checkable
class Scattering(Protocol):
    """A chip whose measurements of the same thing scatter."""

    scatters: bool
    """Unset while it is broken so that it tells the same value again and again."""


def padded(data: bytes, read_bytes: int) -> Answer:
    """Answer a read: what there is, and after its end the released line."""
    return Answer(acknowledged=True, data=data[:read_bytes].ljust(read_bytes, b"\xff"))
