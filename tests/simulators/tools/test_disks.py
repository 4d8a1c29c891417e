"""smartctl, mount, umount, mkfs and df over simulated bays."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from simulators.clock import run_virtual
from simulators.faults.fault import FaultError
from simulators.world.world import World
from tests.simulators.tools.bench import Bench, bench, oracle, play


def test_a_disk_is_there_only_while_it_has_power_and_has_come_up(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        device = here.dev / "b01"
        assert not device.exists()
        refused = await here.run("smartctl", "--json", "-a", device)
        assert refused.code == 1
        assert "Unable to detect device type" in refused.text
        here.world.bays.set_power("b01", on=True)
        assert not device.exists()
        await here.power_on("b01")
        assert device.stat().st_size == 1_000_000_000_000
        here.world.bays.set_power("b01", on=False)
        assert not device.exists()

    play(tmp_path, story)


def test_health_has_the_fields_of_real_smartctl(tmp_path: Path) -> None:
    """The real program shows what its answer has at least; the rest is known of SATA disks."""

    def shape(answer: dict[str, Any]) -> set[str]:
        return {f"smartctl.{key}" for key in answer["smartctl"]} | set(answer)

    async def story(here: Bench) -> None:
        await here.power_on("b01")
        answer = json.loads(await here.good("smartctl", "--json", "-a", here.dev / "b01"))
        assert answer["serial_number"] == "HD000001"
        assert answer["smart_status"] == {"passed": True}
        assert answer["user_capacity"]["bytes"] == 1_000_000_000_000
        table = {row["id"]: row for row in answer["ata_smart_attributes"]["table"]}
        assert table[5]["raw"] == {"value": 0, "string": "0"}
        assert table[5]["flags"]["string"] == "PO--CK "
        assert table[5]["flags"]["prefailure"] is True
        real = shutil.which("smartctl", path=f"{os.environ['PATH']}:/usr/sbin")
        assert real, "make test-programs installs it"
        told = oracle(real, "--json", "-a", "/dev/null")
        assert shape(json.loads(told.stdout)) - {"smartctl.messages"} <= shape(answer)
        refused = await here.run("smartctl", "--json", "-a", "/dev/null")
        assert shape(json.loads(refused.text)) == shape(json.loads(told.stdout))
        assert refused.code == told.returncode

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("fault", "value", "status", "passed"),
    [
        ("disk-reallocated", 20, 0, True),
        ("disk-worn", 150, 8, False),
        ("disk-worn", 2000, 8 | 16, False),
    ],
)
def test_a_worn_disk_says_so_in_the_exit_status(
    tmp_path: Path, fault: str, value: int, status: int, passed: bool
) -> None:
    async def story(here: Bench) -> None:
        await here.power_on("b01")
        here.fault(fault, "b01", value)
        run = await here.run("smartctl", "--json", "-a", here.dev / "b01")
        answer = json.loads(run.text)
        assert (run.code, answer["smartctl"]["exit_status"]) == (status, status)
        assert answer["smart_status"]["passed"] is passed
        table = {row["id"]: row for row in answer["ata_smart_attributes"]["table"]}
        assert table[5]["raw"]["value"] == value
        assert table[5]["when_failed"] == ("now" if status & 16 else "")

    play(tmp_path, story)


def test_a_disk_that_says_nothing(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        await here.power_on("b01")
        here.fault("smart-silent", "b01")
        assert (await here.run("smartctl", "--json", "-a", here.dev / "b01")).code == 2
        here.fault("disk-dead", "b02")
        await here.power_on("b02")
        assert not (here.dev / "b02").exists()

    play(tmp_path, story)


def test_a_new_disk_is_zeros_and_a_formatted_one_is_known_to_blkid(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        await here.power_on("b01")
        device, point = here.dev / "b01", tmp_path / "point"
        point.mkdir()
        with device.open("rb") as disk:
            assert disk.read(1 << 20) == bytes(1 << 20)
        refused = await here.run("mount", device, point)
        assert refused.code == 32
        assert f"wrong fs type, bad option, bad superblock on {device}" in refused.text
        await here.good("mkfs", "-q", "-L", "STELE-1", device)
        told = oracle("blkid", "-p", "-o", "export", device).stdout.decode()
        assert "TYPE=ext4" in told
        assert "LABEL=STELE-1" in told

    play(tmp_path, story)


def test_files_stay_on_the_disk_over_mounts_and_power(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        await here.power_on("b01")
        device, point = here.dev / "b01", tmp_path / "point"
        point.mkdir()
        await here.good("mkfs", "-q", device)
        await here.good("mount", "-o", "nodev,noatime", device, point)
        (point / "bag").mkdir()
        (point / "bag" / "file").write_bytes(b"kept")
        assert f"{device} on {point} type ext4 (rw,relatime)" in await here.good("mount")
        again = await here.run("mount", device, point)
        assert again.code == 32
        assert f"mount: {point}: {device} already mounted on {point}." in again.text
        assert "is mounted; will not" in (await here.run("mkfs", "-q", device)).text
        await here.good("umount", point)
        assert point.is_dir()
        assert not list(point.iterdir())
        assert "not mounted" in (await here.run("umount", point)).text
        here.world.bays.set_power("b01", on=False)
        await here.power_on("b01")
        await here.good("mount", device, point)
        assert (point / "bag" / "file").read_bytes() == b"kept"

    play(tmp_path, story)


def test_a_file_in_use_keeps_the_disk_mounted(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        await here.power_on("b01")
        point = tmp_path / "point"
        point.mkdir()
        await here.good("mkfs", "-q", here.dev / "b01")
        await here.good("mount", here.dev / "b01", point)
        with (point / "file").open("wb"):
            busy = await here.run("umount", point)
            assert (busy.code, busy.text) == (32, f"umount: {point}: target is busy.")
        await here.good("umount", point)

    play(tmp_path, story)


def test_a_disk_keeps_no_more_than_it_holds(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        here.fault("disk-small", "b01", 1_000_000)
        await here.power_on("b01")
        point = tmp_path / "point"
        point.mkdir()
        await here.good("mkfs", "-q", here.dev / "b01")
        await here.good("mount", here.dev / "b01", point)
        first, last = point / "first", point / "last"
        first.write_bytes(b"1" * 600_000)
        os.utime(first, (1, 1))
        told = (await here.good("df", "-B1", "--output=size,avail", point)).split()
        assert told[:2] == ["1B-blocks", "Avail"]
        assert int(told[3]) == int(told[2]) - 602_112
        last.write_bytes(b"2" * 600_000)
        await here.good("umount", point)
        await here.good("mount", here.dev / "b01", point)
        assert first.stat().st_size == 600_000
        assert last.stat().st_size == int(told[3])

    play(tmp_path, story)


def test_a_disk_that_is_torn_out_takes_its_mount_with_it(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        await here.power_on("b01")
        point = tmp_path / "point"
        point.mkdir()
        await here.good("mkfs", "-q", here.dev / "b01")
        await here.good("mount", here.dev / "b01", point)
        (point / "file").write_bytes(b"x")
        here.fault("disk-torn-out", "b01")
        with pytest.raises(FileNotFoundError):
            (point / "file").read_bytes()
        assert not (here.dev / "b01").exists()
        await here.good("umount", point)
        assert point.is_dir()
        with pytest.raises(FaultError):
            here.fault("disk-torn-out", "HD000001")

    play(tmp_path, story)


def test_a_file_that_cannot_be_read_says_eio(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        await here.power_on("b01")
        point = tmp_path / "point"
        point.mkdir()
        await here.good("mkfs", "-q", here.dev / "b01")
        await here.good("mount", here.dev / "b01", point)
        file = point / "bag" / "file"
        file.parent.mkdir()
        file.write_bytes(b"content")
        here.fault("disk-file", "b01:bag/file")
        with pytest.raises(OSError, match="Input/output error"):
            file.read_bytes()
        here.lift("disk-file", "b01:bag/file")
        assert file.read_bytes() == b"content"

    play(tmp_path, story)


def test_after_a_power_cut_nothing_is_mounted_and_nothing_is_lost(tmp_path: Path) -> None:
    point = tmp_path / "point"

    async def before(here: Bench) -> None:
        await here.power_on("b01")
        point.mkdir()
        await here.good("mkfs", "-q", here.dev / "b01")
        await here.good("mount", here.dev / "b01", point)
        (point / "file").write_bytes(b"kept")

    async def after() -> None:
        with bench(World.open(tmp_path / "world")) as here:
            assert await here.good("mount") == ""
            here.world.bays.set_power("b01", on=False)
            await here.power_on("b01")
            await here.good("mount", here.dev / "b01", point)
            assert (point / "file").read_bytes() == b"kept"

    play(tmp_path, before)
    assert not point.is_symlink()
    run_virtual(after())
