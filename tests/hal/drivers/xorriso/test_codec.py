"""xorriso's reports and progress lines, as the real program and owners of real drives show them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.drivers.xorriso import codec
from hal.drivers.xorriso.codec import Fault, Update, classify, parse_toc, parse_update
from hal.interfaces.optical_drive import Disc, DiscStatus

HEAD = [
    "xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.",
    "Drive current: -outdev '/dev/sr0'",
    "Drive access : exclusive:unrestricted",
    "Drive type   : vendor 'HL-DT-ST' product 'BD-RE WH16NS40' revision '1.05'",
]
BD_R = "BD-R sequential recording"


def report(*lines: str) -> list[str]:
    return [*HEAD, *lines]


def test_a_blank_disc_tells_its_capacity() -> None:
    disc = parse_toc(
        report(
            f"Media current: {BD_R}",
            "Media product: CMCMAG/BA5/0 , CMC Magnetics Corporation",
            "Media status : is blank",
            "Media blocks : 0 readable , 12219392 writable , 12219392 overall",
            "Media summary: 0 sessions, 0 data blocks, 0 data, 23.3g free",
        )
    )
    assert disc == Disc(DiscStatus.BLANK, BD_R, 25_025_314_816, 0)


def test_a_closed_disc_has_no_capacity_left() -> None:
    disc = parse_toc(
        report(
            f"Media current: {BD_R}",
            "Media status : is written , is closed",
            "Media blocks : 9792 readable , 0 writable , 9792 overall",
            "TOC layout   : Idx ,  sbsector ,       Size , Volume Id",
            "Other session:   1 ,         0 ,      9792s , ",
            "Media summary: 1 session, 9792 data blocks, 19.1m data,     0 free",
        )
    )
    assert disc == Disc(DiscStatus.CLOSED, BD_R, None, 9792 * 2048)


@pytest.mark.parametrize(
    ("status", "readable", "summary", "expected", "damaged"),
    [
        ("is written , is appendable", 9792, "1 session, 9792", DiscStatus.APPENDABLE, False),
        (
            "is written , is appendable , but next track is damaged",
            *(0, "1 session, 0", DiscStatus.APPENDABLE, True),
        ),
        (
            "is written , is appendable , but no writable address",
            *(0, "1 session, 0", DiscStatus.APPENDABLE, True),
        ),
        ("is written , is appendable", 0, "2 sessions, 0", DiscStatus.APPENDABLE, False),
        ("is written , is appendable", 0, "1 session, 16", DiscStatus.APPENDABLE, False),
        ("is written , is appendable", 0, "1 session, 0", DiscStatus.BLANK, False),
        ("is blank , but next track is damaged", 0, "0 sessions, 0", DiscStatus.BLANK, True),
    ],
)
def test_appendable_is_blank_only_when_nothing_at_all_is_on_the_disc(
    status: str, readable: int, summary: str, expected: DiscStatus, damaged: bool
) -> None:
    disc = parse_toc(
        report(
            f"Media current: {BD_R}",
            f"Media status : {status}",
            f"Media blocks : {readable} readable , 11826176 writable , 11826176 overall",
            f"Media summary: {summary} data blocks,     0 data, 22.5g free",
        )
    )
    assert disc is not None
    assert (disc.status, disc.damaged) == (expected, damaged)
    assert disc.capacity_bytes == 11_826_176 * 2048


def test_an_empty_drive_and_a_disc_that_cannot_be_made_out() -> None:
    kind = "Media current: is not recognizable"
    assert parse_toc(report(kind, "Media status : is not present")) == Disc(DiscStatus.ABSENT)
    assert parse_toc(report(kind, "Media status : is not recognizable")) == Disc(
        DiscStatus.UNREADABLE
    )


def test_the_full_report_counts_whichever_of_the_two_comes_first() -> None:
    """stdout has the full report, stderr a short one; merged, their order is not certain."""
    short = [f"Media current: {BD_R}", "Media status : is blank"]
    full = [*short, "Media blocks : 0 readable , 100 writable , 100 overall"]
    assert parse_toc(short + full) == parse_toc(full + short)


def test_no_report_is_no_disc() -> None:
    assert parse_toc(["libburn : FAILURE : File object '/dev/sr0' not found"]) is None
    assert parse_toc([]) is None


@settings(deadline=None)
@given(st.lists(st.text()))
def test_no_text_makes_parsing_fail(lines: list[str]) -> None:
    parse_toc(lines)
    for line in lines:
        parse_update(line)
    classify(lines, Fault(3206, "?"))
    codec.complaints(lines)


@settings(deadline=None)
@given(st.from_regex(r"Media (status|blocks|summary|current) *: .*", fullmatch=True))
def test_no_report_line_makes_parsing_fail(line: str) -> None:
    parse_toc(["Media status : is written , is appendable", line])


@pytest.mark.parametrize(
    ("line", "update"),
    [
        (
            "xorriso : UPDATE :  112 of  499 MB written (fifo 99%) [buf  50%]  62.7x.",
            Update(112 << 20, 99, 50),
        ),
        ("xorriso : UPDATE :    0 of 1986 MB written [buf  50%]", Update(0, None, 50)),
        ("xorriso : UPDATE :   57 of  195 MB written (fifo  0%)", Update(57 << 20, 0, None)),
        ("xorriso : UPDATE :    5 MB written [buf  99%]   8.0x.", Update(5 << 20, None, 99)),
        ("xorriso : UPDATE : 24000 of 47732 MB written", Update(24000 << 20, None, None)),
        ("xorriso : UPDATE : Closing track/session. Working since 350 seconds", None),
        ("xorriso : UPDATE : Thank you for being patient. Working since 0 seconds.", None),
        ("Beginning to write data track.", None),
    ],
)  # fmt: skip
def test_progress_lines(line: str, update: Update | None) -> None:
    assert parse_update(line) == update


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["libburn : SORRY : Cannot open busy device '/dev/sr0'",
          "xorriso : FAILURE : Cannot acquire drive '/dev/sr0'"], 3202),
        (["libburn : SORRY : Device busy. Failed to fcntl-lock '/dev/sr0'"], 3202),
        (["libburn : FAILURE : File object '/dev/sr0' not found"], 3201),
        (["xorriso : FAILURE : Failed to find a suitable write type:",
          "MEDIA: closed or not recordable,"], 3204),
        (["xorriso : FAILURE : Failed to find a suitable write type:",
          "MEDIA: no writeable media detected"], 3203),
        (["xorriso : FAILURE : Image size 9900s exceeds free space on media 4126s"], 3205),
        (["libburn : FAILURE : Premature end of input encountered. Missing: 157344 bytes",
          "xorriso : FAILURE : libburn indicates failure with writing."], 3208),
        (["libburn : FATAL : SCSI error on write(2015616,32): [3 0C 00] Medium error. Write error.",
          "libburn : FATAL : Burn run failed"], 3206),
        (["libburn : FAILURE : SCSI error condition on command 53h RESERVE TRACK: [3 72 01] Medium"
          " error. Session fixation error writing lead-in."], 3206),
        (["libburn : FATAL : SCSI error on write(0,16): [3 73 03] Medium error."], 3207),
        (["libburn : FATAL : SCSI error on write(0,16): [5 30 05] Illegal request."], 3207),
        (["libburn : FATAL : SCSI error on write(0,16): [2 3A 01] Not ready."], 3203),
        (["libburn : FATAL : Lost connection to drive"], 3213),
        (["libburn : FATAL : SCSI error on write(0,16): [4 08 03] Hardware error."], 3206),
        ([], 3206),
    ],
)  # fmt: skip
def test_failures_have_numbers(lines: list[str], code: int) -> None:
    assert classify(lines, Fault(3206, "the burn failed")).code == code


def test_complaints_leave_out_what_is_no_problem() -> None:
    lines = [
        *HEAD,
        "xorriso : NOTE : Disc status unsuitable for writing",
        "libburn : FATAL : Burn run failed",
        "xorriso : UPDATE :    5 MB written",
        "xorriso : FAILURE : libburn indicates failure with writing.",
    ]
    assert codec.complaints(lines) == (
        "libburn : FATAL : Burn run failed; "
        "xorriso : FAILURE : libburn indicates failure with writing."
    )


def test_the_words_of_a_burn() -> None:
    assert codec.burn_argv("/dev/sr0", 4096, None) == (
        *("-no_rc", "-as", "cdrecord", "-v", "dev=/dev/sr0", "fs=64m", "tsize=2s", "-nopad", "-"),
    )
    assert "speed=4" in codec.burn_argv("/dev/sr0", 4096, 4.0)
    assert "speed=2.4" in codec.burn_argv("/dev/sr0", 4096, 2.4)
