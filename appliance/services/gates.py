"""Everything that may keep an appliance from working, in one place."""

from collections.abc import Callable

from appliance.services.gate import Gate
from appliance.services.interlock import Interlock


class Gates:
    """Three of them, from the mildest: burning, motion, and all work."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.burning = Gate(changed)
        """Closed while no burn may begin: the air is out of its limits. Burns under way go on."""
        self.interlock = Interlock(changed)
        """Its gate is closed while nothing may move: a door is open, or about to be."""
        self.work = Gate(changed)
        """Closed while all work is stopped: smoke, water, no mains."""
