"""What every `DiskBay` must do: checks that run over any rig."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.interfaces.disk_bay import DiskBay


class BayRig(Protocol):
    bay: DiskBay

    async def put_disk(self) -> None:
        """A hand pushes a disk without a file system into the released tray."""

    async def pull_disk(self) -> None:
        """A hand pulls the disk out of the released tray. Fails when the tray is held."""

    def restarted(self) -> DiskBay:
        """Return a driver of the same bay that knows nothing yet."""


async def code_of(call: Awaitable[object]) -> int:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value.code


async def an_empty_bay_says_so(rig: BayRig) -> None:
    assert isinstance(rig.bay, DiskBay)
    assert not await rig.bay.is_present()
    assert await code_of(rig.bay.ensure_on()) == 3240
    assert await code_of(rig.bay.health()) == 3240
    assert await code_of(rig.bay.ensure_mounted()) == 3240
    assert not await rig.bay.is_powered()
    await rig.bay.ensure_off()


async def a_disk_goes_on_and_off_however_often_it_is_asked(rig: BayRig) -> None:
    await rig.put_disk()
    assert await rig.bay.is_present()
    for _ in range(2):
        await rig.bay.ensure_on()
        assert await rig.bay.is_powered()
    for _ in range(2):
        await rig.bay.ensure_off()
        assert not await rig.bay.is_powered()
    assert await rig.bay.is_present()


async def only_a_disk_that_is_on_tells_its_health(rig: BayRig) -> None:
    await rig.put_disk()
    assert await code_of(rig.bay.health()) == 3243
    await rig.bay.ensure_on()
    health = await rig.bay.health()
    assert health.passed
    assert health.serial
    assert health.capacity_bytes > 0


async def a_blank_disk_is_prepared_once_and_keeps_its_files(rig: BayRig) -> None:
    await rig.put_disk()
    assert await code_of(rig.bay.ensure_mounted()) == 3244
    root = await rig.bay.ensure_formatted("STELE0001")
    (root / "卷宗").mkdir()
    (root / "卷宗" / "件.txt").write_text("内容", "utf-8")
    await rig.bay.ensure_off()
    assert not (root / "卷宗").exists()
    root = await rig.bay.ensure_formatted("STELE0001")
    assert (root / "卷宗" / "件.txt").read_text("utf-8") == "内容"
    assert await rig.bay.ensure_mounted() == root
    await rig.bay.ensure_off()


async def its_room_is_the_disks_and_not_the_computers(rig: BayRig) -> None:
    await rig.put_disk()
    assert await code_of(rig.bay.room()) == 3243
    root = await rig.bay.ensure_formatted("STELE0001")
    size_bytes = (await rig.bay.health()).capacity_bytes
    before = await rig.bay.room()
    assert 0.9 * size_bytes < before.capacity_bytes < size_bytes
    (root / "件.bin").write_bytes(bytes(1 << 20))
    after = await rig.bay.room()
    assert after.capacity_bytes == before.capacity_bytes
    assert before.free_bytes - after.free_bytes >= 1 << 20
    await rig.bay.ensure_off()
    assert await code_of(rig.bay.room()) == 3243


async def a_released_tray_can_be_pulled_and_nothing_else(rig: BayRig) -> None:
    await rig.put_disk()
    await rig.bay.ensure_held()
    assert await rig.bay.is_held()
    await rig.bay.ensure_on()
    await rig.bay.ensure_released()
    assert not await rig.bay.is_powered()
    assert not await rig.bay.is_held()
    await rig.pull_disk()
    assert not await rig.bay.is_present()


async def a_new_driver_finds_the_bay_as_it_stands(rig: BayRig) -> None:
    await rig.put_disk()
    root = await rig.bay.ensure_formatted("STELE0001")
    bay = rig.restarted()
    assert await bay.is_powered()
    assert await bay.ensure_mounted() == root
    await bay.ensure_off()
    assert not await bay.is_powered()
    await rig.restarted().ensure_off()


CHECKS: tuple[Callable[[BayRig], Awaitable[None]], ...] = (
    an_empty_bay_says_so,
    a_disk_goes_on_and_off_however_often_it_is_asked,
    only_a_disk_that_is_on_tells_its_health,
    a_blank_disk_is_prepared_once_and_keeps_its_files,
    its_room_is_the_disks_and_not_the_computers,
    a_released_tray_can_be_pulled_and_nothing_else,
    a_new_driver_finds_the_bay_as_it_stands,
)
