"""What smartctl, mount, umount and df say, as values. Pure; every input is untrusted."""

import json
import re
from collections.abc import Sequence
from typing import Any

from hal.errors import HalError
from hal.interfaces.disk_bay import DiskHealth, DiskRoom

# smartctl's exit status is a bit mask (smartctl(8), EXIT STATUS).
BAD_ARGUMENTS = 0x01
NOT_OPENED = 0x02
COMMAND_FAILED = 0x04
DISK_FAILING = 0x08
PREFAIL_NOW = 0x10
BELOW_IN_THE_PAST = 0x20
ERRORS_LOGGED = 0x40
SELF_TEST_FAILED = 0x80

_TEXT_MAX = 100
_RAW_MAX = 1 << 48
_COUNTERS = {0x05: "reallocated", 0xC5: "pending", 0xC6: "uncorrectable", 0xC7: "crc_errors"}
_LOAD_CYCLES = 0xC1
_ROOM = re.compile(r"\s*([0-9]{1,20})\s+([0-9]{1,20})\s*")
_ALREADY = "already mounted on"
_IN_USE = ("target is busy", "device is busy")
_NOT_MOUNTED = ("not mounted", "no mount point specified")
_NO_FILE_SYSTEM = ("wrong fs type", "you must specify the filesystem type", "unknown filesystem")


def health_argv(device: str) -> tuple[str, ...]:
    return ("--json", "-a", device)


def standby_argv(device: str) -> tuple[str, ...]:
    """Park the heads and stop the spindle."""
    return ("-s", "standby,now", device)


def mount_argv(device: str, folder: str) -> tuple[str, ...]:
    """Nothing on an archive's disk is a program or a device."""
    return ("-o", "nodev,nosuid,noexec,noatime", device, folder)


def mkfs_argv(device: str, label: str) -> tuple[str, ...]:
    return ("-q", "-L", label, device)


def parse_health(name: str, exit_code: int, text: str) -> DiskHealth:
    """What ``smartctl --json -a`` answered for the disk in bay `name`.

    The exit code alone condemns nothing: bits 4 to 7 tell of the past or of single attributes.
    Bit 2 (some command failed) is an answer too when the essential things are in it, as with disks
    behind a bridge that do not pass on every log.

    Raises:
        HalError: 1042 not what smartctl says; 1043 it refused our words or was killed; 3243 the
            disk does not answer, or has no SMART.
    """
    if exit_code < 0:
        raise HalError(1043, f"smartctl for bay {name} was ended by signal {-exit_code}")
    report = _report(name, text)
    detail = "; ".join(_messages(report)) or f"exit status {exit_code:#04x}"
    if exit_code & BAD_ARGUMENTS:
        raise HalError(1043, f"smartctl refuses what it was asked about bay {name}", detail)
    if exit_code & NOT_OPENED:
        raise HalError(3243, f"the disk in bay {name} does not answer", detail)
    passed = _at(report, "smart_status", "passed")
    capacity = _number(_at(report, "user_capacity", "bytes"))
    serial = _text(report.get("serial_number"))
    if not isinstance(passed, bool) or capacity is None or not serial:
        raise HalError(3243, f"the disk in bay {name} does not tell its health", detail)
    return DiskHealth(
        serial=serial,
        model=_text(report.get("model_name")) or _text(report.get("scsi_model_name")),
        capacity_bytes=capacity,
        passed=passed and not exit_code & DISK_FAILING,
        temperature_c=_temperature(_at(report, "temperature", "current")),
        power_on_hours=_number(_at(report, "power_on_time", "hours")),
        power_cycles=_number(report.get("power_cycle_count")),
        **_counters(report),
    )


def _report(name: str, text: str) -> dict[str, Any]:
    start = text.find("{")
    try:
        report, _ = json.JSONDecoder().raw_decode(text[start:]) if start >= 0 else (None, 0)
    except (ValueError, RecursionError) as error:
        raise HalError(1042, f"smartctl's answer about bay {name} is broken", str(error)) from None
    if not isinstance(report, dict) or not isinstance(report.get("smartctl"), dict):
        raise HalError(1042, f"smartctl's answer about bay {name} is none", text[:200])
    return report


def df_argv(folder: str) -> tuple[str, ...]:
    """Room in bytes. [T] coreutils 9.1: a line of titles, then one of figures."""
    return ("-B1", "--output=size,avail", folder)


def parse_room(name: str, lines: Sequence[str]) -> DiskRoom:
    """What df says of a file system. Raises: HalError: 1042 it says something else."""
    for line in lines[1:]:
        if found := _ROOM.fullmatch(line):
            return DiskRoom(capacity_bytes=int(found[1]), free_bytes=int(found[2]))
    raise HalError(1042, f"df's answer about bay {name} is none", "; ".join(lines)[:200])


def _messages(report: dict[str, Any]) -> list[str]:
    messages = report["smartctl"].get("messages")
    if not isinstance(messages, list):
        return []
    return [_text(m.get("string"), 300) for m in messages[:5] if isinstance(m, dict)]


def _at(report: dict[str, Any], *path: str) -> Any:
    value: Any = report
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _counters(report: dict[str, Any]) -> dict[str, int]:
    """Raw values of the attributes that tell of a dying disk (ATA only)."""
    table = _at(report, "ata_smart_attributes", "table")
    found: dict[str, int] = {}
    for row in table[:256] if isinstance(table, list) else ():
        if not isinstance(row, dict) or not isinstance(row.get("id"), int):
            continue
        raw = _number(_at(row, "raw", "value"))
        if raw is None:
            continue
        if row["id"] in _COUNTERS:
            found[_COUNTERS[row["id"]]] = raw
        elif row["id"] == _LOAD_CYCLES:
            found["load_cycles"] = raw & 0xFFFFFF  # upper bytes: other counts on some makes [K]
    return found


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _RAW_MAX else None


def _temperature(value: object) -> int | None:
    """What a disk cannot have is not told as a temperature."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -40 <= value <= 150 else None


def _text(value: object, limit: int = _TEXT_MAX) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value if c.isprintable()).strip()[:limit]


def is_mounted_there(lines: Sequence[str], folder: str) -> bool:
    """Whether ``mount`` refused because the very disk is mounted on the very folder."""
    return any(line.rstrip(" .").endswith(f"{_ALREADY} {folder}") for line in lines)


def lacks_file_system(lines: Sequence[str]) -> bool:
    return any(words in line for line in lines for words in _NO_FILE_SYSTEM)


def is_in_use(lines: Sequence[str]) -> bool:
    return any(words in line for line in lines for words in _IN_USE)


def was_not_mounted(lines: Sequence[str]) -> bool:
    return any(words in line for line in lines for words in _NOT_MOUNTED)
