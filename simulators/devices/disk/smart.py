"""What a disk answers to `smartctl --json -a`, for an ATA disk.

Source: outputs of smartctl 7.0 to 7.3 for SATA disks, and the manual page's exit status bits.

Not modelled: SCSI and NVMe disks, self-tests, the error log's entries, temperature history.
"""

from datetime import UTC, datetime
from typing import Any

from simulators.world.disks import Disk

VERSION = ([7, 3], "5338")
FAILING = 1 << 3
"""Exit status bit 3: the disk itself says that it is failing."""
PREFAIL = 1 << 4
OPEN_FAILED = 1 << 1
COMMAND_FAILED = 1 << 2
NO_DEVICE = 1 << 0

Attribute = tuple[int, str, int, int, str]
"""Id, name, threshold, flags, and the counter's name in `Smart`, or a fixed raw value."""
_ATTRIBUTES: tuple[Attribute, ...] = (
    (1, "Raw_Read_Error_Rate", 16, 0x0B, "0"),
    (3, "Spin_Up_Time", 24, 0x07, "380"),
    (4, "Start_Stop_Count", 0, 0x12, "start_stops"),
    (5, "Reallocated_Sector_Ct", 5, 0x33, "reallocated"),
    (7, "Seek_Error_Rate", 67, 0x0B, "0"),
    (9, "Power_On_Hours", 0, 0x12, "power_on_hours"),
    (10, "Spin_Retry_Count", 60, 0x13, "0"),
    (12, "Power_Cycle_Count", 0, 0x32, "power_cycles"),
    (193, "Load_Cycle_Count", 0, 0x12, "load_cycles"),
    (194, "Temperature_Celsius", 0, 0x02, "temperature_c"),
    (196, "Reallocated_Event_Count", 0, 0x32, "reallocated"),
    (197, "Current_Pending_Sector", 0, 0x22, "pending"),
    (198, "Offline_Uncorrectable", 0, 0x08, "uncorrectable"),
    (199, "UDMA_CRC_Error_Count", 0, 0x0A, "crc_errors"),
)
_FLAGS = ("prefailure", "updated_online", "performance", "error_rate", "event_count", "auto_keep")
_WORST_REALLOCATED = 2000
"""A disk of this many reallocated sectors has none of its health left."""


def refusal(argv: tuple[str, ...], text: str, status: int, now: datetime) -> dict[str, Any]:
    """The answer when nothing could be asked."""
    head = _head(argv, status, now)
    head["smartctl"]["messages"] = [{"string": text, "severity": "error"}]
    return head


def report(
    argv: tuple[str, ...], device: str, disk: Disk, now: datetime
) -> tuple[dict[str, Any], int]:
    """The whole answer, and the exit status."""
    table = [_attribute(disk, entry) for entry in _ATTRIBUTES]
    status = 0 if disk.smart.passed else FAILING
    if any(row["when_failed"] == "now" for row in table):
        status |= PREFAIL
    answer = _head(argv, status, now)
    answer |= _identity(device, disk)
    answer["smart_status"] = {"passed": disk.smart.passed}
    answer["ata_smart_data"] = _SMART_DATA
    answer["ata_smart_attributes"] = {"revision": 16, "table": table}
    answer["power_on_time"] = {"hours": disk.smart.power_on_hours}
    answer["power_cycle_count"] = disk.smart.power_cycles
    answer["temperature"] = {"current": disk.smart.temperature_c}
    answer["ata_smart_error_log"] = {"summary": {"revision": 1, "count": 0}}
    answer["ata_smart_self_test_log"] = {"standard": {"revision": 1, "count": 0}}
    return answer, status


def _head(argv: tuple[str, ...], status: int, now: datetime) -> dict[str, Any]:
    version, revision = VERSION
    return {
        "json_format_version": [1, 0],
        "smartctl": {
            "version": version,
            "svn_revision": revision,
            "platform_info": "x86_64-linux",
            "build_info": "(local build)",
            "argv": ["smartctl", *argv],
            "exit_status": status,
        },
        "local_time": {
            "time_t": int(now.timestamp()),
            "asctime": now.astimezone(UTC).strftime("%a %b %e %H:%M:%S %Y UTC"),
        },
    }


def _identity(device: str, disk: Disk) -> dict[str, Any]:
    return {
        "device": {
            "name": device,
            "info_name": f"{device} [SAT]",
            "type": "sat",
            "protocol": "ATA",
        },
        "model_name": disk.model,
        "serial_number": disk.serial,
        "firmware_version": "SIM1",
        "user_capacity": {"blocks": disk.capacity_bytes // 512, "bytes": disk.capacity_bytes},
        "logical_block_size": 512,
        "physical_block_size": 4096,
        "rotation_rate": 7200,
        "form_factor": {"ata_value": 2, "name": "3.5 inches"},
        "in_smartctl_database": False,
        "smart_support": {"available": True, "enabled": True},
    }


def _attribute(disk: Disk, entry: Attribute) -> dict[str, Any]:
    number, name, threshold, flags, counter = entry
    raw = int(counter) if counter.isdigit() else int(getattr(disk.smart, counter))
    value = 100
    if number == 5:
        value = max(1, 100 - raw * 99 // _WORST_REALLOCATED)
    failed = value <= threshold
    return {
        "id": number,
        "name": name,
        "value": value,
        "worst": value,
        "thresh": threshold,
        "when_failed": "now" if failed else "",
        "flags": {
            "value": flags,
            "string": "".join(
                letter if flags >> bit & 1 else "-" for bit, letter in enumerate("POSRCK")
            )
            + " ",
            **{word: bool(flags >> bit & 1) for bit, word in enumerate(_FLAGS)},
        },
        "raw": {"value": raw, "string": str(raw)},
    }


_SMART_DATA = {
    "offline_data_collection": {
        "status": {"value": 130, "string": "was completed without error", "passed": True},
        "completion_seconds": 101,
    },
    "self_test": {
        "status": {"value": 0, "string": "completed without error", "passed": True},
        "polling_minutes": {"short": 2, "extended": 1479},
    },
    "capabilities": {
        "values": [91, 3],
        "exec_offline_immediate_supported": True,
        "self_tests_supported": True,
        "error_logging_supported": True,
    },
}
