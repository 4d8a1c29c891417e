"""Tray and spindle of a drive, and what flaws do to the bytes of a disc."""

from pathlib import Path

import pytest

from simulators.devices.drive.drive import Drive, Order
from simulators.devices.drive.surface import copy_degraded, spoil_sectors, weak_sectors
from simulators.world.disc import DiscState
from simulators.world.world import World


@pytest.fixture
def drive(world: World) -> Drive:
    disc = world.disc_at("s001")
    assert disc
    world.move(disc, "d1")
    return Drive(world, "d1", 0.0)


def test_a_disc_is_ready_after_spinning_up(drive: Drive) -> None:
    told = drive.update(1.0)
    assert not told.ready
    assert told.wake_s == 8.0
    assert drive.update(8.0).ready


def test_the_tray_is_open_only_when_fully_out(drive: Drive, world: World) -> None:
    told = drive.update(10.0, Order.EJECT)
    assert (told.moving, told.ready, told.wake_s) == (True, False, 12.0)
    assert world.state.open_trays == set()
    drive.update(12.0)
    assert world.state.open_trays == {"d1"}


def test_closing_spins_up(drive: Drive, world: World) -> None:
    drive.update(10.0, Order.EJECT)
    drive.update(20.0)
    drive.update(20.0, Order.LOAD)
    assert world.state.open_trays == set()
    assert not drive.update(29.9).ready
    assert drive.update(30.0).ready


def test_an_open_tray_moves_in_and_out_on_another_eject(drive: Drive, world: World) -> None:
    drive.update(10.0, Order.EJECT)
    drive.update(20.0)
    assert drive.update(20.0, Order.EJECT).moving
    assert drive.update(22.0).moving
    assert not drive.update(24.0).moving
    assert world.state.open_trays == {"d1"}


def test_an_empty_drive_never_gets_ready(world: World) -> None:
    assert not Drive(world, "d2", 0.0).update(100.0).ready


def test_the_tray_does_not_close_on_the_arm(drive: Drive, world: World) -> None:
    drive.update(10.0, Order.EJECT)
    drive.update(20.0)
    world.state.arm.position_mm = (0.0, -40.0, -280.0)
    assert not drive.update(21.0, Order.LOAD).moving
    assert world.state.open_trays == {"d1"}


def test_a_degraded_copy_differs_and_stays_sparse(world: World) -> None:
    disc = world.state.discs["BD000001"]
    disc.state, disc.written_sectors = DiscState.CLOSED, 100_000
    image = world.image_path(disc)
    with image.open("wb") as file:
        file.write(b"begin" * 1000)
        file.truncate(100_000 * 2048)
    copy = image.with_suffix(".d1.img")
    copy_degraded(disc, image, copy)
    assert copy.stat().st_size == image.stat().st_size
    assert copy.stat().st_blocks * 512 < 2_000_000
    with image.open("rb") as left, copy.open("rb") as right:
        wrong = [n for n in range(100_000) if left.read(2048) != right.read(2048)]
    assert wrong == weak_sectors(disc)
    assert wrong


def test_weak_sectors_of_a_small_disc_lie_before_its_padding(world: World) -> None:
    disc = world.state.discs["BD000001"]
    disc.written_sectors = 64
    assert weak_sectors(disc)
    assert max(weak_sectors(disc)) < 32


def test_spoiling_passes_over_sectors_that_are_not_there(world: World) -> None:
    path = world.folder / "image"
    path.write_bytes(bytes(4096))
    spoil_sectors(path, [1, 7])
    data = path.read_bytes()
    assert len(data) == 4096
    assert data[:2048] == bytes(2048)
    assert data[2048:] != bytes(2048)


def test_a_flaw_over_a_flaw_does_not_mend_it(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(4 * 2048))
    for _ in range(5):
        spoil_sectors(image, [2])
        assert image.read_bytes() != bytes(4 * 2048)
