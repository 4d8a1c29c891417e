"""Every message between an appliance and the console, as strict structs.

Reading is tolerant of fields that a later firmware adds; writing sends exactly what is declared.
Times are UTC-aware. Quantities carry their unit in the name. `None` means *unknown* (there is no
value); a state ``unavailable`` means that the thing cannot be asked.
"""

import msgspec
from msgspec import Struct

from appliance.contract.messages.commands import (
    Burn,
    Cancel,
    Command,
    CommandBody,
    ContentRef,
    Fetch,
    FetchItem,
    Grant,
    Replay,
    Reply,
    TakeInventory,
    Verify,
)
from appliance.contract.messages.events import (
    AlarmCleared,
    AlarmRaised,
    CopyLost,
    CopyVerified,
    Event,
    EventBody,
    FilesDelivered,
    GrantWanted,
    JobChanged,
    MediumChanged,
)
from appliance.contract.messages.status import Status
from appliance.contract.messages.telemetry import (
    DriveView,
    JobsTelemetry,
    JobView,
    LibraryTelemetry,
    RobotView,
    SlotView,
)
from appliance.contract.messages.values import ErrorInfo, Id

__all__ = [
    "AlarmCleared",
    "AlarmRaised",
    "Burn",
    "Cancel",
    "Command",
    "CommandBody",
    "ContentRef",
    "CopyLost",
    "CopyVerified",
    "DriveView",
    "ErrorInfo",
    "Event",
    "EventBody",
    "Fetch",
    "FetchItem",
    "FilesDelivered",
    "Grant",
    "GrantWanted",
    "Id",
    "JobChanged",
    "JobView",
    "JobsTelemetry",
    "LibraryTelemetry",
    "MediumChanged",
    "Replay",
    "Reply",
    "RobotView",
    "SlotView",
    "Status",
    "TakeInventory",
    "Verify",
    "encode",
]


def encode(message: Struct) -> bytes:
    """One message as JSON, UTF-8."""
    return msgspec.json.encode(message)
