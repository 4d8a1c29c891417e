"""Every message between an appliance and the console, as strict structs.

Reading is tolerant of fields that a later firmware adds; writing sends exactly what is declared.
Times are UTC-aware. Quantities carry their unit in the name. `None` means *unknown* (there is no
value); a state ``unavailable`` means that the thing cannot be asked.
"""

import msgspec
from msgspec import Struct

from appliance.contract.messages.commands import (
    AcknowledgeAlarm,
    Burn,
    Cancel,
    Command,
    CommandBody,
    ContentRef,
    Fetch,
    FetchItem,
    FileIn,
    Grant,
    InventoryBy,
    Locate,
    LockDoor,
    PrintLabel,
    ReleaseMagazine,
    Replay,
    Reply,
    TakeInventory,
    TakeOut,
    UnlockDoor,
    Verify,
)
from appliance.contract.messages.events import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    CopyLost,
    CopyVerified,
    DoorChanged,
    Event,
    EventBody,
    FilesDelivered,
    GrantWanted,
    JobChanged,
    LabelPrinted,
    LabelsCompared,
    MagazineMoved,
    MediumChanged,
)
from appliance.contract.messages.status import Status
from appliance.contract.messages.telemetry import (
    AccessTelemetry,
    AlarmsTelemetry,
    AlarmView,
    BatchView,
    BayView,
    DoorView,
    DriveView,
    EnvironmentTelemetry,
    JobsTelemetry,
    JobView,
    LibraryTelemetry,
    MagazineView,
    ReadingView,
    RobotView,
    SlotView,
)
from appliance.contract.messages.values import (
    Batch,
    ErrorInfo,
    Id,
    Label,
)

__all__ = [
    "AccessTelemetry",
    "AcknowledgeAlarm",
    "AlarmAcknowledged",
    "AlarmCleared",
    "AlarmRaised",
    "AlarmView",
    "AlarmsTelemetry",
    "Batch",
    "BatchView",
    "BayView",
    "Burn",
    "Cancel",
    "Command",
    "CommandBody",
    "ContentRef",
    "CopyLost",
    "CopyVerified",
    "DoorChanged",
    "DoorView",
    "DriveView",
    "EnvironmentTelemetry",
    "ErrorInfo",
    "Event",
    "EventBody",
    "Fetch",
    "FetchItem",
    "FileIn",
    "FilesDelivered",
    "Grant",
    "GrantWanted",
    "Id",
    "InventoryBy",
    "JobChanged",
    "JobView",
    "JobsTelemetry",
    "Label",
    "LabelPrinted",
    "LabelsCompared",
    "LibraryTelemetry",
    "Locate",
    "LockDoor",
    "MagazineMoved",
    "MagazineView",
    "MediumChanged",
    "PrintLabel",
    "ReadingView",
    "ReleaseMagazine",
    "Replay",
    "Reply",
    "RobotView",
    "SlotView",
    "Status",
    "TakeInventory",
    "TakeOut",
    "UnlockDoor",
    "Verify",
    "encode",
]


def encode(message: Struct) -> bytes:
    """One message as JSON, UTF-8."""
    return msgspec.json.encode(message)
