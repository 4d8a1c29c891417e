"""Capabilities of slots that tell and show: presence sensors and indicator lights."""

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class SlotSensors(Protocol):
    """A presence sensor in each slot."""

    @property
    def slots(self) -> tuple[str, ...]: ...

    async def read(self, slots: Collection[str] | None = None) -> Mapping[str, bool]:
        """Whether a medium stands in each of these slots, or in all. A whole module takes well
        under a second. A slot whose sensor cannot be asked is missing from the answer.

        Raises:
            HalError: 1010 the bus is unusable, so no slot can be asked.
        """
        ...


@runtime_checkable
class SlotLights(Protocol):
    """An indicator light at each slot."""

    @property
    def slots(self) -> tuple[str, ...]: ...

    async def show(self, lit: Collection[str]) -> None:
        """Have exactly these lit and all others dark.

        Raises:
            HalError: 1010, 1011 some cannot be switched; the others are.
        """
        ...
