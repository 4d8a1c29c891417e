"""Capability: something that is or is not: a door's contact, a key switch, smoke, water, mains."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable


@runtime_checkable
class Contact(Protocol):
    """One line that says yes or no. What yes means is in its name: `door-front` is open,
    `key-front` is turned, `smoke` is there, `water` is there, `mains-lost` is lost.

    Lines are wired so that a cut wire reads as the unsafe answer.
    """

    @property
    def name(self) -> str: ...

    def is_active(self) -> bool:
        """How the line stands now.

        Raises:
            HalError: 1020 the line cannot be read.
        """
        ...

    def watch(self, changed: Callable[[bool], None]) -> None:
        """Call `changed` in the running event loop at each change, without delay. One watcher."""
        ...

    def close(self) -> None: ...
