"""One module's lights for several who each want some of them lit."""

from collections.abc import Collection

from hal.interfaces.slot_panel import SlotLights


class LayeredLights:
    """A light is lit while at least one layer wants it."""

    def __init__(self, lights: SlotLights) -> None:
        self._lights = lights
        self._wanted: dict[str, frozenset[str]] = {}

    def layer(self, name: str) -> "LightLayer":
        return LightLayer(self, name, self._lights.slots)

    async def show(self, name: str, lit: Collection[str]) -> None:
        self._wanted[name] = frozenset(lit)
        await self._lights.show(frozenset().union(*self._wanted.values()))


class LightLayer:
    """`SlotLights` of one who shares them."""

    def __init__(self, shared: LayeredLights, name: str, slots: tuple[str, ...]) -> None:
        self._shared = shared
        self._name = name
        self.slots = slots

    async def show(self, lit: Collection[str]) -> None:
        """Have these lit, whatever others want, and no others because of this layer."""
        await self._shared.show(self._name, lit)
