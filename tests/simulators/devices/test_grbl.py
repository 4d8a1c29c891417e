"""The controller against GRBL 1.1h's published behaviour, as transcripts."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.simulators.conftest import GrblBench


def test_power_on_greets_and_locks(grbl: "GrblBench") -> None:
    assert grbl.greeting == "\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n"
    assert grbl.send("G0 X-1\n") == "error:9\r\n"
    assert grbl.status().startswith("<Alarm|MPos:0.000,0.000,0.000|Bf:15,128|FS:0,0")


def test_unlocking_warns(grbl: "GrblBench") -> None:
    assert grbl.send("$X\n") == "[MSG:Caution: Unlocked]\r\nok\r\n"
    assert grbl.send("G0 X-1\n") == "ok\r\n"


def test_homing_takes_time_and_ends_at_zero(grbl: "GrblBench") -> None:
    assert grbl.send("$H\n") == "ok\r\n"
    assert 3 < grbl.now_s < 60
    assert grbl.status().startswith("<Idle|MPos:0.000,0.000,0.000|")


def test_no_status_while_homing_and_one_afterwards(grbl: "GrblBench") -> None:
    grbl.step(b"$H\n")
    assert grbl.after(1, "???") == ""
    answer = grbl.send("")
    assert answer.startswith("ok\r\n<Idle|")
    assert answer.count("<") == 1


def test_reset_while_homing_is_alarm_6(grbl: "GrblBench") -> None:
    grbl.step(b"$H\n")
    assert grbl.after(1, b"\x18").startswith("ALARM:6\r\n")
    assert "Grbl 1.1h" in grbl.send("")


def test_homing_disabled_is_error_5(grbl: "GrblBench") -> None:
    grbl.send("$22=0\n")
    assert grbl.send("$H\n") == "error:5\r\n"


def test_both_line_ends_count(homed: "GrblBench") -> None:
    assert homed.send("G4P0\r\n") == "ok\r\nok\r\n"


def test_case_blanks_and_comments_are_ignored(homed: "GrblBench") -> None:
    assert homed.send("  g0 (to the\tslot) x-1 0 ; now\n") == "ok\r\n"
    assert "MPos:-10.000," in homed.status()


@pytest.mark.parametrize(("length", "answer"), [(79, "error:2\r\n"), (80, "error:11\r\n")])
def test_a_line_has_at_most_79_characters(homed: "GrblBench", length: int, answer: str) -> None:
    assert homed.send("G" * length + "\n") == answer


def test_duplicate_status_requests_merge(homed: "GrblBench") -> None:
    assert homed.send("?????").count("<") == 1


def test_status_comes_within_20_ms(homed: "GrblBench") -> None:
    asked_s = homed.now_s
    homed.send("?")
    assert 0.0049 < homed.now_s - asked_s <= 0.020


def test_wco_comes_every_10_idle_reports_and_ov_follows_it(homed: "GrblBench") -> None:
    reports = [homed.status() for _ in range(24)]
    assert [number for number, text in enumerate(reports) if "|WCO:0.000,0.000,0.000" in text] == [
        0, 10, 20,
    ]  # fmt: skip
    assert [number for number, text in enumerate(reports) if "|Ov:100,100,100" in text] == [
        1, 11, 21,
    ]  # fmt: skip


def test_wco_comes_every_30_busy_reports(homed: "GrblBench") -> None:
    homed.send("G1 Y-600 F600\n", homed.now_s + 1)
    reports = [homed.after(0.1) + homed.status() for _ in range(70)]
    at = [number for number, text in enumerate(reports) if "WCO" in text]
    assert [later - sooner for sooner, later in pairwise(at)] == [30, 30]


def test_status_shape(homed: "GrblBench") -> None:
    homed.status(), homed.status()
    homed.probe, homed.limits = True, "Z"
    homed.send("G0 Y-500\n", homed.now_s + 1)
    assert re.fullmatch(
        r"<Run\|MPos:0\.000,-\d+\.\d{3},0\.000\|Bf:14,128\|FS:9000,0\|Pn:PZ>\r\n", homed.status()
    )


def test_coolant_shows_in_the_next_report(homed: "GrblBench") -> None:
    homed.status(), homed.status()
    homed.send("M8\n")
    assert "|A:F>" in homed.status()
    assert homed.told.flood


def test_planned_is_not_done(homed: "GrblBench") -> None:
    began_s = homed.now_s
    answer = homed.send("G0 Y-600\n", began_s + 0.001)
    assert answer == "ok\r\n"
    assert homed.status().startswith("<Run")
    homed.send("")
    assert 4.0 < homed.now_s - began_s < 5.0  # 600 mm at 9000 mm/min, and two ramps


def test_a_dwell_is_answered_after_all_motion(homed: "GrblBench") -> None:
    began_s = homed.now_s
    assert homed.send("G0 Y-600\nG4 P0.5\n", began_s + 1) == "ok\r\n"
    assert homed.send("") == "ok\r\n"
    assert homed.now_s - began_s > 4.5


def test_the_planner_takes_fifteen_blocks_ahead(homed: "GrblBench") -> None:
    answers = ""
    for number in range(1, 21):
        answers += homed.send(f"G1 X-{number * 10} F1200\n", homed.now_s + 1e-4)
    assert answers.count("ok") == 15
    assert "|Bf:0," in homed.status()
    assert (answers + homed.send("")).count("ok") == 20


def test_bytes_beyond_128_vanish_without_a_word(homed: "GrblBench") -> None:
    homed.send("G0 Y-300\nG4 P1\n", homed.now_s + 0.1)
    lines = "G4 P0.01\n" * 20  # 180 bytes; the main program waits in the dwell
    assert homed.send(lines, homed.now_s + 0.1) == ""
    answer = homed.send("")
    assert answer.count("ok") == 1 + 128 // 9
    assert homed.send("\n") in ("ok\r\n", "error:28\r\n")  # the rest of the cut line


def test_realtime_bytes_pass_a_full_buffer(homed: "GrblBench") -> None:
    homed.send("G0 Y-300\nG4 P1\n", homed.now_s + 0.1)
    homed.send("G4 P0.01\n" * 20, homed.now_s + 0.1)
    assert "|Bf:14,0|" in homed.status()


def test_feed_hold_and_resume(homed: "GrblBench") -> None:
    homed.send("G0 Y-600\n", homed.now_s + 1)
    homed.send("!", homed.now_s + 0.05)
    assert homed.status().startswith("<Hold:1|")
    homed.send("", homed.now_s + 1)
    held = homed.status()
    assert held.startswith("<Hold:0|")
    assert homed.send("G4 P0\n", homed.now_s + 1) == ""  # nothing runs while held
    assert held.split("|")[1] == homed.status().split("|")[1]
    assert "ok" in homed.send("~")
    assert "<Idle|MPos:0.000,-600.000,0.000" in homed.status()


def test_hold_at_rest_and_resume(homed: "GrblBench") -> None:
    homed.send("!")
    assert homed.status().startswith("<Hold:0|")
    homed.send("~")
    assert homed.status().startswith("<Idle|")


def test_reset_in_motion_loses_the_position(homed: "GrblBench") -> None:
    homed.send("M8\nG0 Y-600\n", homed.now_s + 2)
    answer = homed.send(b"\x18")
    assert answer.startswith("ALARM:3\r\n\r\nGrbl 1.1h")
    assert answer.endswith("[MSG:'$H'|'$X' to unlock]\r\n")
    assert not homed.told.flood


def test_reset_at_rest_keeps_the_position_unlocked(homed: "GrblBench") -> None:
    homed.send("G0 X-50\nM8\n")
    assert homed.send(b"\x18") == "\r\nGrbl 1.1h ['$' for help]\r\n"
    assert homed.status().startswith("<Idle|MPos:-50.000,")
    assert not homed.told.flood


def test_reset_forgets_waiting_lines(homed: "GrblBench") -> None:
    homed.send("G4 P5\nG0 X-50\n", homed.now_s + 0.1)
    homed.send(b"\x18")
    assert "MPos:0.000," in homed.status()


def test_soft_limit_is_critical_until_reset(homed: "GrblBench") -> None:
    homed.send("G0 X-10\n")
    assert homed.send("G0 Y-701\n") == "ALARM:2\r\n[MSG:Reset to continue]\r\n"
    assert homed.send("?$X\n") == ""
    assert homed.send(b"\x18").startswith("\r\nGrbl 1.1h")
    assert "<Alarm|MPos:-10.000,0.000" in homed.send("?")


def test_hard_limit_stops_at_the_obstacle(homed: "GrblBench") -> None:
    homed.crash_at_mm = 30.0
    assert homed.send("G0 Y-100\n") == "ok\r\nALARM:1\r\n[MSG:Reset to continue]\r\n"
    homed.crash_at_mm = None
    homed.send(b"\x18")
    assert "MPos:0.000,-30.000,0.000" in homed.status()


def test_probe_contact(homed: "GrblBench") -> None:
    homed.probe_at_mm = 112.0
    assert homed.send("G38.3 Z-118 F1500\n") == "[PRB:0.000,0.000,-112.000:1]\r\nok\r\n"
    position = re.search(r"MPos:0.000,0.000,(-[\d.]+)", homed.status())
    assert position
    assert -113.5 < float(position[1]) < -112.0  # it slows down after the contact


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("G38.3", "[PRB:0.000,0.000,-118.000:0]\r\nok\r\n"),
        ("G38.2", "ALARM:5\r\n[PRB:0.000,0.000,0.000:0]\r\nok\r\n"),
    ],
)
def test_probe_without_contact(homed: "GrblBench", word: str, answer: str) -> None:
    assert homed.send(f"{word} Z-118 F1500\n") == answer


def test_probe_that_is_active_at_the_start_is_alarm_4(homed: "GrblBench") -> None:
    homed.probe = True
    assert homed.send("G38.3 Z-118 F1500\n") == "ALARM:4\r\nok\r\n"


def test_moves_after_a_probe_start_where_it_stopped(homed: "GrblBench") -> None:
    homed.probe_at_mm = 50.0
    homed.send("G38.3 Z-118 F1500\n")
    homed.probe_at_mm = None
    homed.send("G91 G0 Z-10\n")
    assert re.search(r"MPos:0.000,0.000,-6[01]\.", homed.status())


def test_jog_and_its_cancel(homed: "GrblBench") -> None:
    assert homed.send("$J=G91 Y-300 F3000\n", homed.now_s + 1) == "ok\r\n"
    assert homed.status().startswith("<Jog|")
    assert homed.send("G0 X-1\n", homed.now_s + 0.1) == "error:9\r\n"
    homed.send(b"\x85")
    assert homed.status().startswith("<Idle|")
    assert homed.send("$J=G91 Y10 X1 F100\n") == "error:15\r\n"
    assert homed.send("$J=G91 M8 F100\n") == "error:16\r\n"


def test_settings_are_listed_and_kept(homed: "GrblBench") -> None:
    listing = homed.send("$$\n")
    for line in ("$10=3", "$20=1", "$22=1", "$110=7200.000", "$131=700.000", "ok"):
        assert f"{line}\r\n" in listing
    assert homed.send("$110=5000\n") == "ok\r\n"
    assert "$110=5000.000\r\n" in homed.send("$$\n")
    assert homed.send("$99=1\n") == "error:3\r\n"
    assert homed.send("$110=-1\n") == "error:4\r\n"
    assert homed.send("$110\n") == "error:3\r\n"


def test_soft_limits_need_homing(grbl: "GrblBench") -> None:
    grbl.send("$22=0\n")
    assert grbl.send("$20=1\n") == "error:10\r\n"


def test_settings_are_refused_in_motion(homed: "GrblBench") -> None:
    homed.send("G0 Y-600\n", homed.now_s + 0.1)
    assert homed.send("$10=1\n", homed.now_s + 0.1) == "error:8\r\n"
    assert homed.send("$$\n", homed.now_s + 0.1) == "error:8\r\n"


def test_work_position_by_setting_10(homed: "GrblBench") -> None:
    homed.send("$10=0\n")
    assert homed.status().startswith("<Idle|WPos:0.000,0.000,0.000|FS:0,0")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("1", 1), ("X", 2), ("G0X1.2.3", 1), ("F-1", 4), ("G2 X1 I1", 20), ("M7", 20), ("A1", 20),
        ("G0 G1 X1", 21), ("G1 X-1", 22), ("G0.5", 23), ("G0 X-1 X-2", 25), ("G38.2 F10", 26),
        ("N10000001", 27), ("G4", 28), ("G38.2 Z-1 F10 G53", 30), ("G80 X1", 31),
        ("G38.2 Z0 F10", 33), ("G0 X-1 P1", 36), ("T256", 38), ("$Q", 2), ("$XX", 3),
    ],
)  # fmt: skip
def test_refusals(homed: "GrblBench", line: str, status: int) -> None:
    assert homed.send(line + "\n") == f"error:{status}\r\n"


def test_a_refused_line_changes_nothing(homed: "GrblBench") -> None:
    homed.send("G91 G20 X-1 X-2\n")
    assert "G21 G90" in homed.send("$G\n")


def test_units_and_distance_modes(homed: "GrblBench") -> None:
    homed.send("G20 G91 G0 X-1\nG53 G0 Y-2\n")
    assert "MPos:-25.400,-50.800,0.000" in homed.status()
    assert "[GC:G0 G54 G17 G20 G91 G94 M5 M9 T0 F0 S0]" in homed.send("$G\n")


def test_check_mode_moves_nothing(homed: "GrblBench") -> None:
    assert homed.send("$C\n") == "[MSG:Enabled]\r\nok\r\n"
    assert homed.send("G0 X-100\nM8\n") == "ok\r\nok\r\n"
    assert "<Check|MPos:0.000" in homed.status()
    assert not homed.told.flood
    assert "[MSG:Disabled]\r\nok\r\n\r\nGrbl" in homed.send("$C\n")


def test_sleep_ends_only_with_a_reset(homed: "GrblBench") -> None:
    assert homed.send("$SLP\n") == "[MSG:Sleeping]\r\nok\r\n"
    assert homed.send("G0 X-1\n") == ""
    assert "to unlock" in homed.send(b"\x18")


def test_safety_door_stops_and_closes_the_jaws(homed: "GrblBench") -> None:
    homed.send("M8\nG0 Y-600\n", homed.now_s + 1)
    homed.send(b"\x84", homed.now_s + 2)
    assert homed.status().startswith("<Door:0|")
    assert not homed.told.flood
    homed.send("~")
    assert homed.told.flood
    assert "<Idle|MPos:0.000,-600.000" in homed.status()


def test_overrides_slow_the_next_blocks(homed: "GrblBench") -> None:
    homed.send(b"\x97")
    homed.send("G0 Y-100\n", homed.now_s + 2)
    assert "|FS:2250,0" in homed.status()
    assert "Ov:100,25,100" in "".join(homed.status() for _ in range(12))


def test_information_lines(homed: "GrblBench") -> None:
    assert homed.send("$I\n") == "[VER:1.1h.20190830:]\r\n[OPT:VZ,15,128]\r\nok\r\n"
    assert "[G54:0.000,0.000,0.000]\r\n" in homed.send("$#\n")
    assert homed.send("$N\n") == "$N0=\r\n$N1=\r\nok\r\n"
    assert homed.send("$\n").startswith("[HLP:$$ $# $G $I $N")


def test_program_end_closes_the_jaws(homed: "GrblBench") -> None:
    assert homed.send("M8\nM2\n") == "ok\r\n[MSG:Pgm End]\r\nok\r\n"
    assert not homed.told.flood
