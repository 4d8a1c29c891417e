"""Who the appliance is and whether it is there: retained, and the last will."""

from msgspec import Struct

from appliance.contract.messages.values import Instant


class Status(Struct, frozen=True):
    """Who the appliance is and whether it is there.

    `epoch` names one unbroken run of event numbers: it changes only when the outbox was lost.
    `last_seq` is the number of the newest event, so that a console that was away knows what it
    missed before the next event comes. Both are unset in a last will.
    """

    site: str
    appliance: str
    online: bool
    at: Instant
    profile: str = ""
    firmware: str = ""
    epoch: str = ""
    last_seq: int = 0
