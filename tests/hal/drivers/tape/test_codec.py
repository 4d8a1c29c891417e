"""What mtx, mt and dd say, real and broken."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.drivers.tape import codec
from hal.errors import HalError

SPACE, PAD = " ", " " * 24
"""What stands at the ends of lines."""

STATUS = f"""\
  Storage Changer /dev/sg3:2 Drives, 5 Slots ( 1 Import/Export )
Data Transfer Element 0:Full (Storage Element 3 Loaded):VolumeTag = STE003L8{PAD}
Data Transfer Element 1:Full (Unknown Storage Element Loaded)
      Storage Element 1:Full :VolumeTag=STE001L8{PAD}
      Storage Element 2:Full{SPACE}
      Storage Element 3:Empty
      Storage Element 4:Full :VolumeTag=STE004L8:AlternateVolumeTag=XYZ
      Storage Element 5 IMPORT/EXPORT:Empty
"""

MT_STATUS = """\
SCSI 2 tape drive:
File number=3, block number=0, partition=0.
Tape block size 0 bytes. Density code 0x5e (no translation).
Soft error count since last status=0
General status bits on (81010000):
 EOF ONLINE IM_REP_EN
"""


def code_of(parse: Callable[[], object]) -> int:
    """The number of the failure, 0 without one. Any other exception fails the test."""
    try:
        parse()
    except HalError as error:
        return error.code
    return 0


def elements_code(lines: list[str]) -> int:
    return code_of(lambda: codec.parse_elements(lines))


def test_every_element_is_read() -> None:
    found = codec.parse_elements(STATUS.splitlines())
    assert found.drives == {0: "STE003L8", 1: ""}
    assert found.sources == {0: 3}
    assert found.slots == {1: "STE001L8", 2: "", 3: None, 4: "STE004L8", 5: None}


@pytest.mark.parametrize("count", range(8))
def test_an_answer_that_was_cut_off_is_none(count: int) -> None:
    assert elements_code(STATUS.splitlines()[:count]) == 1042


def test_unknown_lines_are_passed_over() -> None:
    lines = ["Warning:Too Many Storage Elements Reported", *STATUS.splitlines(), "what?", ""]
    assert codec.parse_elements(lines) == codec.parse_elements(STATUS.splitlines())


@pytest.mark.parametrize(
    "line",
    [
        "      Storage Element 3:Empty",  # a second time
        "Data Transfer Element 0:Half full",
        "      Storage Element 9:Perhaps",
        "      Storage Element 9:Full :VolumeTag=" + "A" * 41,
        "      Storage Element 9:Full :VolumeTag=A\x07B",
    ],
)
def test_what_cannot_be_is_refused(line: str) -> None:
    assert elements_code([*STATUS.splitlines(), line]) == 1042


@given(st.lists(st.sampled_from(STATUS.splitlines()) | st.text(max_size=80), max_size=12))
def test_any_lines_are_elements_or_a_number(lines: list[str]) -> None:
    assert code_of(lambda: codec.parse_elements(lines)) in (0, 1042)


@given(st.data())
def test_a_spoiled_answer_never_moves_a_cartridge(data: st.DataObject) -> None:
    """Characters changed on the way give other elements or a number, never another exception."""
    text = list(STATUS)
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.characters())
    assert code_of(lambda: codec.parse_elements("".join(text).splitlines())) in (0, 1042)


def test_the_position_and_the_bits_of_a_drive_are_read() -> None:
    status = codec.parse_status(MT_STATUS.splitlines())
    assert status.online
    assert (status.file_number, status.block_number) == (3, 0)
    assert status.density == "LTO-8"
    assert not status.write_protected
    assert not status.at_end_of_data


def test_bits_are_read_wherever_they_stand() -> None:
    text = MT_STATUS.replace(" EOF ONLINE", " EOD WR_PROT\n DR_OPEN ONLINE")
    status = codec.parse_status(text.splitlines())
    assert status.at_end_of_data
    assert status.write_protected
    assert not status.online


@given(st.lists(st.sampled_from(MT_STATUS.splitlines()) | st.text(max_size=60), max_size=8))
def test_any_lines_are_a_status_or_a_number(lines: list[str]) -> None:
    assert code_of(lambda: codec.parse_status(lines)) in (0, 1042)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("/dev/nst0: No medium found", 3250),
        ("dd: failed to open '/dev/nst0': No such file or directory", 3257),
        ("dd: error writing '/dev/nst0': No space left on device", 3253),
        ("dd: failed to open '/dev/nst0': Read-only file system", 3251),
        ("/dev/nst0: Device or resource busy", 3256),
        ("dd: error writing '/dev/nst0': Input/output error", 3252),
        ("", 3252),
    ],
)
def test_the_words_of_mt_and_dd_have_numbers(said: str, code: int) -> None:
    assert codec.classify_tape([said], 3252)[0] == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Drive 0 Full (Storage Element 3 loaded)", 2141),
        ("Storage Element 3 is Already Full", 2143),
        ("Destination Element Address 1 is Already Full", 2143),
        ("Data Transfer Element 1 is Empty", 2140),
        ("Source Element Address 4097 is Empty", 2140),
        ("Drive needs offline before move", 2145),
        ("cannot open SCSI device '/dev/sg9' - No such file or directory", 2144),
        ("/dev/null is not an sg device, or old sg driver", 2144),
        ("Invalid <storage-element-number> argument '99' to 'load' command", 2146),
        ("illegal <drive-number> argument '7' to 'unload' command", 2146),
        ("MOVE MEDIUM from Element Address 257 to 4097 Failed", 2142),
        ("Segmentation fault", 2142),
    ],
)
def test_the_words_of_mtx_have_numbers(said: str, code: int) -> None:
    assert codec.classify_move([said])[0] == code


def test_a_failed_move_tells_its_sense() -> None:
    lines = [
        "mtx: Request Sense: Sense Key=Not Ready",
        "mtx: Request Sense: Additional Sense Code = 04",
        "mtx: Request Sense: Additional Sense Qualifier = 12",
        "MOVE MEDIUM from Element Address 257 to 4097 Failed",
    ]
    assert codec.classify_move(lines) == (2142, "the move failed, sense 04/12")


def test_dd_tells_the_blocks_it_wrote() -> None:
    assert codec.records_out(["3+1 records in", "4+0 records out", "1048576 bytes copied"]) == 4
    assert codec.records_out(["dd: what"]) is None


@given(st.lists(st.text(max_size=50), max_size=6), st.sampled_from([3252, 3254, 3255, 3257]))
def test_any_words_have_a_number(lines: list[str], otherwise: int) -> None:
    assert 3250 <= codec.classify_tape(lines, otherwise)[0] <= 3257
    assert 2140 <= codec.classify_move(lines)[0] <= 2146
    blocks = codec.records_out(lines)
    assert blocks is None or blocks >= 0
