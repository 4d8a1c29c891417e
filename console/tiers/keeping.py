"""One round of keeping the tiers: what a worker does now and then."""

from datetime import datetime

from console.store.workspace import Workspace
from console.tiers.moves import follow_moves
from console.tiers.offline import ask_to_take_offline
from console.tiers.promotion import promote_used
from console.tiers.space import landing_space
from console.tiers.warmth import any_warm, make_room


class TierKeeping:
    """Keeps the tiers of one archive; knows how far its sweep has come."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._swept = ""

    def step(self, now: datetime) -> None:
        """Make room where it is short, follow what moved, ask for what should move."""
        store = self._workspace.store
        if any_warm(store, now):
            make_room(store, landing_space(self._workspace), now)
        self._swept = follow_moves(store, self._swept, now)
        promote_used(store, now)
        ask_to_take_offline(store, now)
