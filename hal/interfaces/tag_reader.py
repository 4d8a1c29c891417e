"""Capability: read the identity of a magazine from its RFID tag."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class TagReader(Protocol):
    """A reader at one place of a magazine."""

    @property
    def name(self) -> str: ...

    @property
    def is_asked(self) -> bool:
        """Whether it answers questions, so that `None` is its answer. One that only speaks by
        itself brings `None` as well when it is broken: whoever concludes from it that nothing is
        there needs a second sign."""
        ...

    async def read(self) -> str | None:
        """The tag that is there now, in capital hex digits; `None` when none was told.

        Two tags in the field, or a tag whose two readings differ, are an error, not a guess.

        Raises:
            HalError: 1030 the reader is silent, 1031 what it sends is damaged, 1032 several tags.
        """
        ...

    async def aclose(self) -> None: ...
