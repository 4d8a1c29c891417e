"""A person at a disc cabinet: key and PIN, lights and sensors, by nothing but commands."""

from collections.abc import Iterator

import pytest

from tests.journeys.cabinet import PERSON, PIN, Cabinet, cabinet

LEFT_OPEN_S = 1.0


@pytest.fixture(scope="module")
def box() -> Iterator[Cabinet]:
    """A module of six discs. Each story leaves its door closed and its keypad open."""
    options = ("--modules", "1", "--discs", "6", "--speed", "50")
    settings = f"[access]\nleft_open_s = {LEFT_OPEN_S}\n"
    with cabinet("disc-cabinet", *options, settings=settings) as made:
        made.wait_until_idle()
        yield made


def test_a_door_opens_with_key_and_pin_and_with_neither_alone(box: Cabinet) -> None:
    assert "error 4011: the key of door m1 is not turned" in box.type(
        "unlock", "m1", pin=PIN, code=1
    )
    assert "locked" in box.hand("open", "m1", code=1)
    box.hand("turn-key", "m1")
    assert "error 4012" in box.type("unlock", "m1", pin="918273", code=1)
    assert "error 4013" in box.type("unlock", "m1", pin="9" * 1000, code=1)
    assert "locked" in box.hand("open", "m1", code=1)
    assert f"door m1: unlocked, by {PERSON}" in box.type("unlock", "m1", pin=PIN)
    box.type("lock", "m1")
    box.wait_for("access", lambda told: told.doors[0].state == "locked")
    assert "locked" in box.hand("open", "m1", code=1)
    box.hand("turn-key-back", "m1")


def test_lights_guide_discs_in_and_out_and_a_wrong_slot_is_told_at_once(box: Cabinet) -> None:
    with box.following("file-in", "--count", "2") as terminal:
        terminal.until("now put discs into slots m1.s007, m1.s008")
        terminal.until("behind door m1: turn its key, then type stele-appliance unlock m1")
        assert box.lights() == ["m1.s007", "m1.s008"]
        box.enter("m1")
        box.hand("put", "m1.s007", "new")
        box.hand("put", "m1.s020", "new")
        terminal.until("alarm slot:m1.s020:2222: a disc was put into slot m1.s020")
        assert box.lights() == ["m1.s008", "m1.s020"]
        box.hand("take", "m1.s020")
        box.hand("put", "m1.s008")
        terminal.until("alarm ended: a disc was put into slot m1.s020")
        box.leave("m1")
    assert terminal.said[-1] == "done"
    assert box.lights() == []
    discs = box.discs()
    assert set(discs) == {f"m1.s00{n}" for n in range(1, 9)}

    with box.following("take-out", "m1.s007", discs["m1.s008"]) as terminal:
        terminal.until("now take the discs out of slots m1.s007, m1.s008")
        assert box.lights() == ["m1.s007", "m1.s008"]
        box.enter("m1")
        box.hand("take", "m1.s007")
        box.hand("take", "m1.s008")
        box.leave("m1")
    assert terminal.said[-1] == "done"
    assert set(box.discs()) == {f"m1.s00{n}" for n in range(1, 7)}
    assert "error 2202" in box.type("take-out", discs["m1.s008"], code=1)


def test_locate_lights_one_slot(box: Cabinet) -> None:
    assert "m1.s100 is lit" in box.type("locate", "m1.s100")
    assert box.lights() == ["m1.s100"]
    assert "lit" in box.type("slots", "m1.s100")
    box.type("locate", "m1.s100", "--off")
    assert box.lights() == []
    assert "error 2207" in box.type("locate", "m1.s999", code=1)


def test_a_job_that_nobody_wants_any_more_is_cancelled_from_another_terminal(box: Cabinet) -> None:
    with box.following("file-in", "m1.s300", code=1) as terminal:
        terminal.until("now put discs into slot m1.s300")
        (job,) = [j["job_id"] for j in box.ask("status")["jobs"]["jobs"] if j["verb"] == "file_in"
                  and j["state"] == "waiting"]  # fmt: skip
        box.type("cancel", job)
    assert "cancelled" in terminal.said
    assert box.lights() == []


def test_an_inventory_by_sensor_finds_a_disc_that_a_hand_put_elsewhere(box: Cabinet) -> None:
    before = box.discs()
    box.enter("m1")
    box.hand("take", "m1.s003")
    box.hand("put", "m1.s030")
    box.leave("m1")
    box.wait_for_alarm("slot:m1.s030:2216")
    with box.following("inventory"):
        pass
    after = box.discs()
    assert set(after) == set(before) - {"m1.s003"} | {"m1.s030"}
    assert f"medium {before['m1.s003']} of slot m1.s003 is not where it should be" in box.type(
        "alarms"
    )
    box.enter("m1")
    box.hand("take", "m1.s030")
    box.hand("put", "m1.s003")
    box.leave("m1")
    with box.following("inventory", "m1.s003", "m1.s030"):
        pass
    assert box.discs() == before


def test_a_door_that_is_left_open_is_an_alarm_until_it_is_closed(box: Cabinet) -> None:
    box.enter("m1")
    box.wait_for_alarm("door:m1:4018")
    assert "door m1: open" in box.type("doors")
    box.leave("m1")
    box.wait_for_alarm("door:m1:4018", stands=False)
    assert "door:m1:4018" in box.type("alarms", "--past")


def test_a_forced_door_is_an_alarm_until_a_person_has_seen_it(box: Cabinet) -> None:
    box.fault("force-door", "m1")
    box.wait_for_alarm("door:m1:4010")
    assert "door m1: forced" in box.type("doors")
    box.hand("close", "m1")
    box.wait_for("access", lambda told: told.doors[0].state == "locked")
    assert "door:m1:4010" in box.type("alarms")
    box.type("ack", "door:m1:4010", "--person", PERSON)
    assert "door:m1:4010" not in box.type("alarms")
    assert f"door:m1:4010  door m1 was opened although it was locked  (seen by {PERSON})" in (
        box.type("alarms", "--past")
    )
    assert "error 4060" in box.type("ack", "door:m1:4010", code=1)


def test_the_third_wrong_pin_closes_the_keypad_also_for_a_right_one() -> None:
    with cabinet("disc-cabinet", "--modules", "1", "--discs", "1", "--speed", "50") as box:
        box.hand("turn-key", "m1")
        for _ in range(2):
            assert "error 4012" in box.type("unlock", "m1", pin="918273", code=1)
        box.type("unlock", "m1", pin="918273", code=1)
        assert "error 4014" in box.type("unlock", "m1", pin=PIN, code=1)
        assert "keypad:4014" in box.type("alarms")
        assert "locked" in box.hand("open", "m1", code=1)
