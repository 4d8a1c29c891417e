"""Where a job's bytes come from and go to, and the ways in which that fails.

The jobs know only this Protocol; the agent implements it over HTTP. Every failure is one of the
classes here, because the class decides what a job does next.
"""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from appliance.contract.errors import SteleError
from appliance.contract.messages import ContentRef, FetchItem
from appliance.volume.plan import VolumePlan


class ContentBrokenError(SteleError):
    """The console cannot be reached or the stream broke off: go on later where it stopped."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(1201, message, detail)


class TokenRefusedError(SteleError):
    """The token has run out or is not valid: ask for a grant and wait."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(1202, message, detail)


class ContentGoneError(SteleError):
    """The console no longer has it, or it is not meant for this appliance: give up."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(1203, message, detail)


class ContentMalformedError(SteleError):
    """The console answered with something that is not what was asked for: give up."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(1204, message, detail)


@runtime_checkable
class ContentClient(Protocol):
    """The console's content resource. Every method raises the classes of this module."""

    async def plan(self, ref: ContentRef) -> VolumePlan:
        """The volume's plan as sent; the caller checks its digest."""
        ...

    def stream(self, ref: ContentRef, offset: int) -> AsyncIterator[bytes]:
        """Payload bytes in plan order from `offset` on, in chunks of any size."""
        ...

    async def items(self, ref: ContentRef) -> list[FetchItem]: ...

    async def upload_offset(self, ref: ContentRef) -> int:
        """How many bytes of the fetch the console has safely."""
        ...

    async def upload(self, ref: ContentRef, offset: int, chunks: AsyncIterator[bytes]) -> int:
        """Send bytes from `offset` on; returns the console's new offset, also after a mismatch.

        What `chunks` itself raises goes on unchanged.
        """
        ...
