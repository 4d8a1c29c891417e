"""Capability: a changer whose hands are a person's, and who is told what to do."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from hal.errors import HalError

Motion = Callable[[], AbstractAsyncContextManager[None]]


@runtime_checkable
class Guide(Protocol):
    """What a `Changer` offers besides when a person carries for it."""

    @property
    def asks(self) -> str:
        """What the person is asked to do now, in English; empty when nothing is asked."""
        ...

    @property
    def mistake(self) -> HalError | None:
        """What the person did otherwise than asked, until it is put right: 2130, 2131."""
        ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever `asks` or `mistake` is another. One watcher."""
        ...

    def guard_trays(self, motion: Motion) -> None:
        """Move trays only inside `motion()` from now on."""
        ...
