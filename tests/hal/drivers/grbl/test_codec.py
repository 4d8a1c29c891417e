"""GRBL's bytes and messages: known lines, grblHAL's extras, and anything at all."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.drivers.grbl import codec
from hal.drivers.grbl.codec import (
    Alarm,
    Garbage,
    Info,
    LineSplitter,
    Message,
    Ok,
    Probed,
    Refused,
    Setting,
    Status,
    Welcome,
    encode_line,
    encode_number,
    parse_line,
)

KNOWN: list[tuple[str, Message]] = [
    ("ok", Ok()),
    ("error:9", Refused(9)),
    ("ALARM:1", Alarm(1)),
    ("Grbl 1.1h ['$' for help]", Welcome("Grbl 1.1h")),
    ("\ufffd\ufffdGrbl 1.1h ['$' for help]", Welcome("Grbl 1.1h")),
    ("GrblHAL 1.1f ['$' or '$HELP' for help]", Welcome("GrblHAL 1.1f")),
    ("[PRB:-14.118,-20.000,-112.000:1]", Probed((-14.118, -20.0, -112.0), True)),
    ("[PRB:0.000,0.000,0.000,0.000:0]", Probed((0.0, 0.0, 0.0, 0.0), False)),
    ("[MSG:'$H'|'$X' to unlock]", Info("MSG", "'$H'|'$X' to unlock")),
    ("[MSG:Reset to continue]", Info("MSG", "Reset to continue")),
    (
        "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]",
        Info("GC", "G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0"),
    ),
    ("$10=3", Setting(10, "3")),
    ("$110=500.000 (x max rate, mm/min)", Setting(110, "500.000")),
    (
        "<Idle|MPos:0.000,-1.500,0.000|Bf:15,128|FS:0,0|Pn:PX|WCO:1.000,0.000,0.000>",
        Status("Idle", None, (0.0, -1.5, 0.0), None, (1.0, 0.0, 0.0), 15, 128, "PX"),
    ),
    ("<Hold:0|WPos:1.000,2.000,3.000|FS:0,0>", Status("Hold", 0, None, (1.0, 2.0, 3.0))),
    (
        "<Run|MPos:1.000,2.000,3.000,4.000,5.000|Bf:100,1023|FS:500,0,0|TLR:0|MPG:0|SD:1|H:1,7>",
        Status("Run", None, (1.0, 2.0, 3.0, 4.0, 5.0), None, None, 100, 1023),
    ),
    ("<Alarm:9|MPos:0.000,0.000,0.000>", Status("Alarm", 9, (0.0, 0.0, 0.0))),
]


@pytest.mark.parametrize(("line", "message"), KNOWN, ids=[line for line, _ in KNOWN])
def test_a_known_line_is_understood(line: str, message: Message) -> None:
    assert parse_line(line) == message


@pytest.mark.parametrize(
    "line",
    [
        "", "OK", "okok", "error:", "error:x", "<>", "<idle>", "<Idle", "|MPos:1,2,3>", "[PRB]",
        "$x=3", "ALARM:12345", "\ufffdok",
    ],
)  # fmt: skip
def test_a_damaged_line_is_garbage(line: str) -> None:
    assert parse_line(line) == Garbage(line)


def test_fields_that_cannot_be_read_are_left_unset() -> None:
    status = parse_line("<Idle|MPos:1,x,3|Bf:1|WCO:|Pn>")
    assert status == Status("Idle")
    assert parse_line("[PRB:1,2,:1]") == Info("PRB", "1,2,:1")
    assert parse_line(f"<Idle|MPos:{'9' * 400},0,0>") == Status("Idle")


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_parsing_fail(line: str) -> None:
    parse_line(line)


@settings(deadline=None)
@given(st.text(alphabet="<>[]|:,.$=-0123456789IdleRunMPosWCOPRBok errALM"))
def test_nothing_that_resembles_an_answer_makes_parsing_fail(line: str) -> None:
    message = parse_line(line)
    if isinstance(message, Status) and message.machine_position is not None:
        assert all(math.isfinite(value) for value in message.machine_position)


@settings(deadline=None)
@given(st.lists(st.sampled_from([line for line, _ in KNOWN if line.isascii()])), st.data())
def test_lines_survive_any_cutting_of_the_stream(lines: list[str], data: st.DataObject) -> None:
    stream = "".join(line + data.draw(st.sampled_from(["\r\n", "\n", "\r"])) for line in lines)
    raw = stream.encode("ascii")
    splitter = LineSplitter()
    received: list[str] = []
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        received += splitter.feed(raw[:size])
        raw = raw[size:]
    assert received == lines


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_noise_before_a_line_costs_at_most_that_line(noise: bytes) -> None:
    splitter = LineSplitter()
    list(splitter.feed(noise + b"\r\n"))
    assert [parse_line(line) for line in splitter.feed(b"ok\r\n")] == [Ok()]


def test_a_stream_without_line_ends_does_not_fill_the_memory() -> None:
    splitter = LineSplitter()
    for _ in range(1000):
        assert list(splitter.feed(b"x" * 1000)) == []
    list(splitter.feed(b"\n"))
    assert list(splitter.feed(b"ok\n")) == ["ok"]


def test_a_line_of_79_characters_is_the_longest() -> None:
    assert encode_line("G" * 79) == b"G" * 79 + b"\n"
    with pytest.raises(ValueError, match="79"):
        encode_line("G" * 80)


@pytest.mark.parametrize("text", ["G0\nG1", "G0?", "!", "~", "G0 é", "\x18", "\t"])
def test_a_line_cannot_carry_realtime_or_control_characters(text: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        encode_line(text)


@settings(deadline=None)
@given(st.text())
def test_an_encoded_line_is_always_one_line_without_realtime_bytes(text: str) -> None:
    try:
        encoded = encode_line(text)
    except ValueError:
        return
    assert encoded.endswith(b"\n")
    assert len(encoded) <= codec.LINE_MAX_CHARACTERS + 1
    assert not set(encoded[:-1]) & set(b"?!~\x18\r\n")
    assert max(encoded) < 0x80


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_numbers_keep_three_decimals_and_have_no_exponent(value: float) -> None:
    text = encode_number(value)
    assert abs(float(text) - value) <= 0.0005 + 1e-9
    assert "e" not in text
    assert text != "-0"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="coordinate"):
        encode_number(value)
