"""What smartctl, mount and umount say, real and broken."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.diskbay import codec
from hal.errors import HalError
from hal.interfaces.disk_bay import DiskHealth


def report(**changes: Any) -> dict[str, Any]:
    """The essential parts of what smartctl 7.3 says of a SATA disk."""
    raw = {5: 8, 193: 0x00_0012_0000_01F4, 197: 2, 198: 1, 199: 3, 9: 20511}
    return {
        "json_format_version": [1, 0],
        "smartctl": {"version": [7, 3], "exit_status": 0},
        "device": {"name": "/dev/sdb", "type": "sat", "protocol": "ATA"},
        "model_name": "ST18000NM000J-2TV103",
        "serial_number": "ZR50ABCD",
        "user_capacity": {"blocks": 35156656128, "bytes": 18000207937536},
        "smart_status": {"passed": True},
        "ata_smart_attributes": {
            "table": [{"id": i, "value": 100, "raw": {"value": v}} for i, v in raw.items()]
        },
        "power_on_time": {"hours": 20511},
        "power_cycle_count": 41,
        "temperature": {"current": 33},
    } | changes


def parse(exit_code: int = 0, **changes: Any) -> DiskHealth:
    return codec.parse_health("b01", exit_code, json.dumps(report(**changes), indent=2))


def code_of(exit_code: int, text: str) -> int:
    with pytest.raises(HalError) as caught:
        codec.parse_health("b01", exit_code, text)
    return caught.value.code


def test_a_healthy_disk_is_told_whole() -> None:
    assert parse() == DiskHealth(
        serial="ZR50ABCD",
        model="ST18000NM000J-2TV103",
        capacity_bytes=18000207937536,
        passed=True,
        temperature_c=33,
        power_on_hours=20511,
        load_cycles=500,
        reallocated=8,
        pending=2,
        uncorrectable=1,
        crc_errors=3,
        power_cycles=41,
    )


@pytest.mark.parametrize("bits", [0x10, 0x20, 0x40, 0x80, 0xF0, 0x04])
def test_bits_of_the_exit_status_that_tell_of_the_past_condemn_nothing(bits: int) -> None:
    assert parse(bits).passed


def test_a_failing_disk_is_told_by_the_bit_and_by_its_own_word() -> None:
    assert not parse(0x08).passed
    assert not parse(0x00, smart_status={"passed": False}).passed


def test_a_disk_that_was_not_opened_has_no_health() -> None:
    """Recorded from smartctl 7.3 on a device that is no disk, with `-d sat`."""
    recorded = """{ "json_format_version": [1, 0],
      "smartctl": {"version": [7, 3], "argv": ["smartctl", "--json", "-a"], "exit_status": 2},
      "device": {"name": "/dev/loop0", "type": "sat", "protocol": "ATA"} }"""
    assert code_of(2, recorded) == 3243


def test_refused_words_are_told_with_its_message() -> None:
    """Recorded from smartctl 7.3 on a device that is no disk."""
    recorded = """{ "json_format_version": [1, 0], "smartctl": {"version": [7, 3],
      "messages": [{"string": "/dev/vda: Unable to detect device type", "severity": "error"}],
      "exit_status": 1} }"""
    with pytest.raises(HalError) as caught:
        codec.parse_health("b01", 1, recorded)
    assert caught.value.code == 1043
    assert "Unable to detect" in caught.value.detail


@pytest.mark.parametrize("missing", ["smart_status", "user_capacity", "serial_number"])
def test_a_disk_that_keeps_back_the_essential_has_no_health(missing: str) -> None:
    assert code_of(4, json.dumps(report(**{missing: None}))) == 3243


@pytest.mark.parametrize("length", [0, 1, 2, 40, 300, 700])
def test_a_truncated_answer_is_none(length: int) -> None:
    assert code_of(0, json.dumps(report())[:length]) == 1042


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"smartctl": 7}', "[" * 100_000, "{" * 9999])
def test_an_answer_of_another_kind_is_none(text: str) -> None:
    assert code_of(0, text) == 1042


def test_words_before_the_answer_are_passed_over() -> None:
    text = "smartctl: warning, something\n" + json.dumps(report())
    assert codec.parse_health("b01", 0, text).serial == "ZR50ABCD"


def test_what_cannot_be_is_not_told() -> None:
    odd = parse(temperature={"current": 5000}, power_cycle_count=-1, power_on_time={"hours": "9"})
    assert (odd.temperature_c, odd.power_cycles, odd.power_on_hours) == (None, None, None)
    assert parse(model_name="x\x1b[31m\n" * 500).model == "x[31m" * 20


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*report(), "passed", "table", "raw", "id"]), inner)
    ),
    max_leaves=12,
)


@given(st.integers(-15, 255), st.dictionaries(st.sampled_from(list(report())), JSON))
def test_any_answer_is_health_or_a_number(exit_code: int, changes: dict[str, Any]) -> None:
    try:
        health = parse(exit_code, **changes)
    except HalError as error:
        code = error.code
    else:
        code = 0
        assert health.serial
        assert health.capacity_bytes >= 0
    assert code in (0, 1042, 1043, 3243)


@given(st.integers(0, 255), st.text())
def test_any_text_is_a_number(exit_code: int, text: str) -> None:
    assert code_of(exit_code, text) in (1042, 1043, 3243)


def test_mount_says_that_the_very_folder_has_the_disk() -> None:
    """Recorded from util-linux 2.38."""
    said = [
        "mount: /run/m: /dev/loop0 already mounted on /run/m.",
        "       dmesg(1) may have more information after failed mount system call.",
    ]
    assert codec.is_mounted_there(said, "/run/m")
    assert not codec.is_mounted_there(said, "/run/other")
    assert not codec.is_mounted_there(["mount: /m: /dev/x already mounted on /run/mm."], "/run/m")


def test_umount_says_busy_or_not_mounted() -> None:
    assert codec.is_in_use(["umount: /run/m: target is busy."])
    assert codec.was_not_mounted(["umount: /run/m: not mounted."])
    assert codec.was_not_mounted(["umount: /run/m: no mount point specified."])
    assert not codec.was_not_mounted(["umount: /run/m: target is busy."])


@pytest.mark.parametrize(
    "lines",
    [[], ["1B-blocks Avail"], ["1B-blocks Avail", "- -"], ["1B-blocks Avail", "12 " + "9" * 30]],
)
def test_df_that_tells_no_room_is_a_numbered_error(lines: list[str]) -> None:
    with pytest.raises(HalError, match="1042"):
        codec.parse_room("b01", lines)


def test_room_is_what_the_real_df_says(tmp_path: Path) -> None:
    said = subprocess.run(
        ["df", *codec.df_argv(str(tmp_path))], capture_output=True, text=True, check=True
    )
    room = codec.parse_room("b01", said.stdout.splitlines())
    there = os.statvfs(tmp_path)
    assert room.capacity_bytes == there.f_blocks * there.f_frsize
    assert 0 <= room.free_bytes <= room.capacity_bytes
