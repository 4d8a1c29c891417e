"""The whole configuration: its sections."""

from msgspec import Struct

from appliance.settings.base import (
    ApplianceSettings,
    BrokerSettings,
    ContentSettings,
    EventSettings,
    LogSettings,
    TelemetrySettings,
)
from appliance.settings.robots import (
    CameraSettings,
    ChangerSettings,
    DriveSettings,
    PrinterSettings,
    TagReaderSettings,
    UnitChangerSettings,
)
from appliance.settings.services import (
    AccessSettings,
    EnvironmentSettings,
    LocalSettings,
    PowerSettings,
)
from appliance.settings.storage import (
    BaySettings,
    DiskSettings,
    TapeDriveSettings,
    TapeSettings,
)
from appliance.settings.wires import BusSettings, GpioSettings, ModuleSettings


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that `stele-appliance run` reads. What it does not name is not used, though the
    profile may have it."""

    appliance: ApplianceSettings
    broker: BrokerSettings
    changer: ChangerSettings | None = None
    changers: tuple[UnitChangerSettings, ...] = ()
    modules: tuple[ModuleSettings, ...] = ()
    drives: tuple[DriveSettings, ...] = ()
    tag_readers: tuple[TagReaderSettings, ...] = ()
    printer: PrinterSettings | None = None
    camera: CameraSettings | None = None
    bays: tuple[BaySettings, ...] = ()
    disks: DiskSettings = DiskSettings()
    tape: TapeSettings | None = None
    tape_drives: tuple[TapeDriveSettings, ...] = ()
    buses: tuple[BusSettings, ...] = ()
    gpio: GpioSettings | None = None
    environment: EnvironmentSettings = EnvironmentSettings()
    access: AccessSettings = AccessSettings()
    power: PowerSettings = PowerSettings()
    local: LocalSettings = LocalSettings()
    content: ContentSettings = ContentSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    events: EventSettings = EventSettings()
    log: LogSettings = LogSettings()
