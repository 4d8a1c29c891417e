"""A tape unit whose programs fail, hang or lie; and dd as it really is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hal.drivers.tape import MtTapeDrive, MtxChanger, TapeTiming
from hal.drivers.tape.codec import BLOCK_BYTES
from hal.errors import HalError
from hal.transports.command_line import LocalCommandLine
from tests.hal.drivers.fake_program import Answer, FakeProgram, MissingProgram
from tests.hal.drivers.tape.test_codec import STATUS

FAST = TapeTiming(status_s=0.2, wind_s=0.2, stall_s=0.2, closing_s=0.2)
PATIENT = TapeTiming()


async def code_of(call: object) -> int:
    with pytest.raises(HalError) as caught:
        await call  # type: ignore[misc]
    return caught.value.code


async def chunks(*data: bytes) -> AsyncIterator[bytes]:
    for chunk in data:
        yield chunk


def changer(program: FakeProgram | MissingProgram) -> MtxChanger:
    return MtxChanger("/dev/sg3", program, ("td1", "td2"), 5, limit_s=0.2)


def unit(move: Answer) -> FakeProgram:
    return FakeProgram(lambda argv: (0, STATUS) if argv[-1] == "status" else move)


async def test_mtx_is_told_slots_from_one_and_drives_from_zero() -> None:
    text = STATUS.replace("Full (Unknown Storage Element Loaded)", "Empty")
    program = FakeProgram(lambda argv: (0, text))
    await changer(program).load("t04", "td2")
    await changer(program).unload("td1", "t03")
    assert program.runs[1] == ("-f", "/dev/sg3", "load", "4", "1")
    assert program.runs[3] == ("-f", "/dev/sg3", "unload", "3", "0")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Drive needs offline before move", 2145),
        ("Storage Element 3 is Already Full", 2143),
        ("MOVE MEDIUM from Element Address 257 to 4097 Failed", 2142),
        ("", 2142),
    ],
)
async def test_a_move_that_fails_has_a_number(said: str, code: int) -> None:
    assert await code_of(changer(unit((1, said))).unload("td1", "t03")) == code


async def test_a_cartridge_of_unknown_origin_is_another_one() -> None:
    assert await code_of(changer(unit((0, ""))).load("t03", "td2")) == 2141


async def test_a_unit_smaller_than_the_settings_is_told() -> None:
    program = FakeProgram(lambda argv: (0, STATUS))
    assert await code_of(MtxChanger("/dev/sg3", program, ("td1",), 24).inventory()) == 2146
    assert await code_of(MtxChanger("/dev/sg3", program, ("a", "b", "c"), 5).inventory()) == 2146


async def test_mtx_that_hangs_fails_or_is_missing_has_a_number() -> None:
    assert await code_of(changer(FakeProgram(lambda argv: None)).inventory()) == 1041
    assert await code_of(changer(MissingProgram()).inventory()) == 1040
    assert await code_of(changer(FakeProgram(lambda argv: (0, ""))).inventory()) == 1042
    assert await code_of(changer(FakeProgram(lambda argv: (1, "what?"))).inventory()) == 2144


# The drive --------------------------------------------------------------------------------------


class Mt:
    """mt over a tape that has as many files as appends were tried; `bits` are its status."""

    def __init__(self, bits: str = "ONLINE IM_REP_EN", counts: bool = True) -> None:
        self.bits = bits
        self.asked = 0
        self.counts = counts
        self.program = FakeProgram(self.answer)

    def answer(self, argv: tuple[str, ...]) -> Answer:
        if "status" not in argv:
            return 0, ""
        number = self.asked if self.counts else 0
        self.asked += 1
        return 0, (
            f"SCSI 2 tape drive:\nFile number={number}, block number=0, partition=0.\n"
            f"Tape block size 0 bytes. Density code 0x5e (LTO-8).\n"
            f"General status bits on (1010000):\n {self.bits}\n"
        )


def drive(mt: Mt, device: Path | str, timing: TapeTiming = PATIENT) -> MtTapeDrive:
    dd = LocalCommandLine(["dd"])
    return MtTapeDrive("td1", str(device), mt.program, dd, dd, timing=timing)


async def test_real_dd_fills_the_last_block_and_brings_it_back(tmp_path: Path) -> None:
    device = tmp_path / "nst0"
    device.touch()
    data = bytes(range(256)) * 3000
    assert await drive(Mt(), device).append(chunks(data[:5], data[5:])) == 0
    assert device.stat().st_size == 3 * BLOCK_BYTES
    reading = drive(Mt(), device).read(0)
    assert b"".join([chunk async for chunk in reading]) == data.ljust(3 * BLOCK_BYTES, b"\0")


async def test_real_dd_makes_no_plain_file_where_the_device_is_missing(tmp_path: Path) -> None:
    assert await code_of(drive(Mt(), tmp_path / "nst0").append(chunks(b"x"))) == 3257
    assert not (tmp_path / "nst0").exists()
    assert await code_of(anext(drive(Mt(), tmp_path / "nst0").read(0))) == 3257


async def test_real_dd_on_a_device_without_room_is_a_full_tape() -> None:
    assert await code_of(drive(Mt(), "/dev/full").append(chunks(b"x" * 600_000))) == 3253


async def test_an_empty_tape_file_is_none(tmp_path: Path) -> None:
    device = tmp_path / "nst0"
    device.touch()
    assert await code_of(anext(drive(Mt(), device).read(0))) == 3254


async def test_a_file_mark_that_was_not_written_is_noticed(tmp_path: Path) -> None:
    device = tmp_path / "nst0"
    device.touch()
    assert await code_of(drive(Mt(counts=False), device).append(chunks(b"x"))) == 3252


async def test_bits_of_the_status_are_heeded() -> None:
    assert await code_of(drive(Mt("WR_PROT ONLINE"), "/nowhere").append(chunks(b"x"))) == 3251
    assert await code_of(drive(Mt("DR_OPEN"), "/nowhere").append(chunks(b"x"))) == 3250
    assert await code_of(anext(drive(Mt("EOD ONLINE"), "/nowhere").read(0))) == 3254


def fake_drive(mt: Mt, dd: FakeProgram | MissingProgram) -> MtTapeDrive:
    return MtTapeDrive("td1", "/dev/nst0", mt.program, dd, dd, timing=FAST)


async def test_dd_that_says_too_little_was_written_is_believed() -> None:
    dd = FakeProgram(lambda argv: (0, "1+0 records in\n1+0 records out\n"))
    assert await code_of(fake_drive(Mt(), dd).append(chunks(bytes(BLOCK_BYTES + 1)))) == 3252


async def test_dd_that_hangs_or_is_missing_has_a_number_and_is_ended() -> None:
    hanging = FakeProgram(lambda argv: None, data=b"x")
    assert await code_of(fake_drive(Mt(), hanging).append(chunks(b"x"))) == 3252
    reading = fake_drive(Mt(), hanging).read(0)
    assert await anext(reading) == b"x"
    assert await code_of(anext(reading)) == 3255
    assert hanging.killed >= 2
    assert await code_of(fake_drive(Mt(), MissingProgram()).append(chunks(b"x"))) == 1040
    assert await code_of(anext(fake_drive(Mt(), MissingProgram()).read(0))) == 1040


async def test_a_read_error_comes_after_what_could_be_read() -> None:
    said = "dd: error reading '/dev/nst0': Input/output error"
    reading = fake_drive(Mt(), FakeProgram(lambda argv: (1, said), data=b"abc")).read(0)
    assert await anext(reading) == b"abc"
    assert await code_of(anext(reading)) == 3255


async def test_mt_that_says_nonsense_hangs_or_fails_has_a_number() -> None:
    dd = FakeProgram(lambda argv: (0, ""))
    for answer, code in (
        ((0, "nonsense"), 1042),
        (None, 1041),
        ((2, "/dev/nst0: Device or resource busy"), 3256),
        ((1, "/dev/nst0: No such file or directory"), 3257),
    ):
        program = FakeProgram(lambda argv, answer=answer: answer)  # type: ignore[misc]
        broken = MtTapeDrive("td1", "/dev/nst0", program, dd, dd, timing=FAST)
        assert await code_of(broken.status()) == code
