"""Which drives read which media, told from an appliance's picture of its library."""

import msgspec

from appliance.contract.messages import BayView, DriveView, LibraryTelemetry, RobotView, SlotView
from appliance.contract.states import (
    BayState,
    DriveState,
    MediumKind,
    MediumState,
    RobotState,
    SlotState,
)
from console.retrieval.stations import Fittings, Seat, read_fittings
from tests.console.dispatch.holdings import NOW


def slot(name: str, medium: str, state: SlotState = SlotState.FULL, **more: MediumKind) -> SlotView:
    return SlotView(name, state, medium, MediumState.VERIFIED, **more)


def drive(name: str, state: DriveState = DriveState.EMPTY, **more: object) -> DriveView:
    return DriveView(name, state, **more)  # type: ignore[arg-type]


def fittings(picture: LibraryTelemetry) -> Fittings:
    found = read_fittings("n/x", msgspec.to_builtins(picture))
    assert found is not None
    return found


def test_discs_disks_and_tapes_of_one_cabinet_are_stations_of_their_own() -> None:
    found = fittings(
        LibraryTelemetry(
            NOW,
            [slot("s001", "m1"), slot("t01", "k1", kind=MediumKind.TAPE)],
            [
                drive("d1"),
                drive("d2", DriveState.UNAVAILABLE),
                drive("p1", prints=True),
                drive("td1", kind=MediumKind.TAPE),
            ],
            [RobotView(RobotState.IDLE)],
            [BayView("b01", BayState.ON, "h1"), BayView("b02", BayState.UNAVAILABLE, "h2")],
        )
    )
    assert found.drives == {"n/x disc": 1, "n/x tape": 1, "n/x disk": 1}
    assert found.by_hand == set()
    assert found.seats["m1"] == Seat("n/x disc", "s001")
    assert found.seats["k1"].station == "n/x tape"
    assert found.seats["h1"] == Seat("n/x disk", "b01", in_drive=True)
    assert "h2" not in found.seats
    assert (found.station_of["td1"], found.station_of["d1"]) == ("n/x tape", "n/x disc")


def test_each_node_is_a_station_and_a_stuck_robot_takes_its_discs_out_of_reach() -> None:
    found = fittings(
        LibraryTelemetry(
            NOW,
            [
                slot("n01.s001", "a"),
                slot("n02.s001", "b"),
                slot("n01.s002", "gone", SlotState.AWAY),
            ],
            [drive("n01.d1", medium_id="c", home_slot="n01.s003"), drive("n02.d1")],
            [RobotView(RobotState.MOVING, unit="n01"), RobotView(RobotState.ALARM, unit="n02")],
        )
    )
    assert found.drives == {"n/x n01 disc": 1}
    assert found.seats == {
        "a": Seat("n/x n01 disc", "n01.s001"),
        "c": Seat("n/x n01 disc", "n01.s003", in_drive=True),
    }


def test_the_desk_of_a_cabinet_without_a_robot_serves_all_its_modules_by_hand() -> None:
    found = fittings(
        LibraryTelemetry(NOW, [slot("m1.s001", "a"), slot("m2.s001", "b")], [drive("d1")], [])
    )
    assert found.by_hand == {"n/x disc"}
    assert {seat.station for seat in found.seats.values()} == {"n/x disc"}


def test_without_a_picture_nothing_is_known() -> None:
    assert read_fittings("n/x", None) is None
