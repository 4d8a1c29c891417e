"""Capability: an electric lock whose bolt says where it is."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Lock(Protocol):
    """One lock. Without power it stays, or becomes, locked."""

    @property
    def name(self) -> str: ...

    def is_bolted(self) -> bool:
        """Whether the bolt is out, by its own contact and not by what was ordered.

        Raises:
            HalError: 1020 the line cannot be read.
        """
        ...

    async def ensure_unlocked(self) -> None:
        """Draw the bolt; returns when its contact says so.

        Raises:
            HalError: 2120 the bolt does not move; the lock is left de-energised.
        """
        ...

    async def ensure_locked(self) -> None:
        """Let the bolt out; returns when its contact says so. Raises as `ensure_unlocked`."""
        ...
