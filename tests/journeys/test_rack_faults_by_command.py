"""From another terminal something goes wrong in a rack library that works; a person mends it."""

from collections.abc import Iterator

import pytest

from tests.journeys.cabinet import PERSON, Cabinet, cabinet


@pytest.fixture(scope="module")
def box() -> Iterator[Cabinet]:
    """Each story leaves its door closed and its robot at rest."""
    with cabinet("rack", "--discs", "3", "--disks", "0", "--speed", "100") as made:
        made.wait_until_idle()
        yield made


def test_a_door_that_is_opened_in_motion_stops_the_robot_until_it_is_closed(box: Cabinet) -> None:
    """I3, and nothing is lost: the inventory under way ends well."""
    slots = [f"s{number:03}" for number in range(1, 41)]
    with box.following("inventory", *slots) as terminal:
        box.wait_for("library", lambda told: told.robots[0].state == "moving")
        box.fault("force-door", "front")
        box.wait_for_alarm("door:front:4021")
        box.wait_for("library", lambda told: told.robots[0].state == "held")
        assert "nothing moves: door:front" in box.type("status")
        arm = box.arm()
        assert box.arm() == arm
        box.hand("close", "front")
    assert terminal.said[-1] == "done"
    for alarm_id in ("door:front:4010", "door:front:4021"):
        box.type("ack", alarm_id, "--person", PERSON)
    assert "no alarm stands" in box.type("alarms")
    assert set(box.discs()) == {"s001", "s002", "s003"}


def test_a_scratched_disc_still_tells_what_it_is_and_faults_name_what_there_is(
    box: Cabinet,
) -> None:
    assert "BD000001 is scratched at sector 5000" in box.fault(
        "scratch", "s001", "--sector", "5000"
    )
    assert "there is no disc in s009" in box.fault("scratch", "s009", code=1)
    assert "did you mean 'scratch'" in box.fault("scrach", "s001", code=1)
    with box.following("inventory", "s001", "--by", "identity"):
        pass
    assert "s001" in box.discs()


def test_a_jammed_gripper_stops_the_robot_and_says_so(box: Cabinet) -> None:
    """The last story: the robot is asked again only after a minute."""
    box.fault("jam")
    with box.following("inventory", "s002", "--by", "identity", code=1) as terminal:
        terminal.until("alarm changer:2001: robot stopped with ALARM:1")
        terminal.until("waits for a person who sees to the alarm")
        told = box.ask("status")
        assert told["library"]["robots"][0]["error"]["code"] == 2001
        waiting = [job["job_id"] for job in told["jobs"]["jobs"] if job["state"] == "waiting"]
        box.type("cancel", *waiting)
    assert "cancelled" in terminal.said
    assert box.discs().keys() >= {"s001", "s003"}
