"""The status names what an appliance has of each kind, and nothing that it has not."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import sqlalchemy as sa

from appliance.contract.messages import (
    BayView,
    DriveView,
    ErrorInfo,
    LibraryTelemetry,
    RobotView,
    SlotView,
)
from appliance.contract.states import BayState, DriveState, MediumKind, RobotState, SlotState
from console.commands.status import _appliance
from console.overview.holdings import store_holdings
from console.overview.status import status
from console.store import schema
from console.store.workspace import open_workspace

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def said(tmp_path: Path, library: LibraryTelemetry) -> str:
    workspace = open_workspace(tmp_path)
    with workspace.store.begin() as connection:
        row = {"appliance": "north/a", "site": "north", "name": "a", "profile": "hybrid"}
        told = {"online": True, "library": msgspec.to_builtins(library), "library_at": NOW}
        connection.execute(sa.insert(schema.appliances).values(row | told))
        store_holdings(connection, "north/a", library)
    try:
        return _appliance(status(workspace).appliances[0]).plain
    finally:
        workspace.close()


def test_discs_disks_and_tapes_are_counted_apart_and_a_printer_is_no_drive(tmp_path: Path) -> None:
    library = LibraryTelemetry(
        NOW,
        [
            SlotView("s001", SlotState.FULL, "m-1"),
            SlotView("t01", SlotState.FULL, "ABC001L8", kind=MediumKind.TAPE),
        ],
        [DriveView("d1", DriveState.EMPTY), DriveView("p1", DriveState.EMPTY, prints=True)],
        [RobotView(RobotState.IDLE)],
        bays=[BayView("b01", BayState.OFF, "k-1"), BayView("b02", BayState.OFF, "k-2")],
    )
    text = said(tmp_path, library)
    for part in ("1 discs, 0 blank", "2 hard disks", "1 tape", "0 of 1 drives", "robot idle"):
        assert part in text


def test_a_disk_library_has_no_robot_and_no_discs(tmp_path: Path) -> None:
    text = said(tmp_path, LibraryTelemetry(NOW, [], [], [], bays=[BayView("b01", BayState.OFF)]))
    assert "disc" not in text.replace("disk", "")
    assert "robot" not in text


def test_of_several_robots_each_state_is_counted(tmp_path: Path) -> None:
    silent = RobotView(RobotState.UNAVAILABLE, error=ErrorInfo(1002, "gone"), unit="n02")
    robots = [
        RobotView(RobotState.IDLE, unit="n00"),
        RobotView(RobotState.IDLE, unit="n01"),
        silent,
    ]
    text = said(
        tmp_path, LibraryTelemetry(NOW, [SlotView("n00.s001", SlotState.EMPTY)], [], robots)
    )
    assert "robot 2 idle, 1 unavailable" in text
