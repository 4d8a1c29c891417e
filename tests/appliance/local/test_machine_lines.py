"""What `stele-appliance status` says of robots, drives, bays and jobs."""

from datetime import UTC, datetime

from appliance.contract.messages import (
    BayView,
    DriveView,
    ErrorInfo,
    JobView,
    LibraryTelemetry,
    RobotView,
)
from appliance.contract.states import BayState, DriveState, JobStage, JobState, RobotState
from appliance.local.machine_lines import job_line, machine_lines

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_what_is_alike_shares_a_line_and_a_fault_has_its_own() -> None:
    picture = LibraryTelemetry(
        NOON,
        slots=[],
        drives=[
            DriveView("d1", DriveState.EMPTY),
            DriveView("d2", DriveState.BURNING, medium_id="m-1"),
            DriveView("d3", DriveState.EMPTY),
            DriveView("p1", DriveState.UNAVAILABLE, error=ErrorInfo(1044, "gone"), prints=True),
        ],
        robots=[RobotView(RobotState.IDLE)],
        bays=[BayView(f"b{n:02}", BayState.EMPTY) for n in range(1, 32)]
        + [BayView("b32", BayState.RELEASED, job_id="c7")],
    )
    assert machine_lines(picture) == [
        "robot: idle",
        "drive d1, d3: empty",
        "drive d2: burning, m-1",
        "printer p1: unavailable  [1044] gone",
        "bay b01 … b31 (31): empty",
        "bay b32: released, c7",
    ]


def test_a_failed_job_says_why() -> None:
    error = ErrorInfo(2221, "the disks are still in bay b01", "the latch does not let it go")
    view = JobView("c7", "take_out", JobState.FAILED, JobStage.FINISHED, error=error)
    assert job_line(view) == (
        "job c7: take_out failed finished  [2221] the disks are still in bay b01 "
        "(the latch does not let it go)"
    )
