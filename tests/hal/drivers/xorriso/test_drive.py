"""The drive driver over scripted runs of xorriso: what no file can show as a real drive would."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hal.drivers.xorriso.drive import XorrisoDrive
from hal.drivers.xorriso.program import DriveTiming
from hal.errors import HalError
from hal.interfaces.optical_drive import BurnProgress, DiscStatus
from simulators.clock import run_virtual

SIZE = 1 << 20
BLANK = [
    "Media current: BD-R sequential recording",
    "Media status : is blank",
    "Media blocks : 0 readable , 12219392 writable , 12219392 overall",
]
CLOSED = [
    "Media status : is written , is closed",
    "Media blocks : 512 readable , 0 writable , 512 overall",
]
TORN = ["Media status : is written , is appendable , but next track is damaged"]
BUSY = ["libburn : SORRY : Cannot open busy device '/dev/sr0'"]
BEGUN = "Beginning to write data track."


class ScriptedRun:
    """One run: some lines, as much input as it likes, an exit code."""

    def __init__(
        self, lines: list[str], exit_code: int = 0, *, takes: int = 1 << 60, hangs: bool = False
    ) -> None:
        self._lines = lines
        self._exit_code = exit_code
        self._takes = takes
        self._hangs = hangs
        self._ended = asyncio.Event()
        self.taken = 0
        self.kills = 0
        self.eof = False

    async def write(self, data: bytes | memoryview) -> None:
        if self.taken + len(data) > self._takes:
            self._ended.set()
            raise BrokenPipeError
        self.taken += len(data)

    async def close_stdin(self) -> None:
        self.eof = True
        if not self._hangs:
            self._ended.set()

    async def lines(self) -> AsyncIterator[str]:
        for line in self._lines:
            yield line
        await self._ended.wait()

    async def wait(self) -> int:
        await self._ended.wait()
        return self._exit_code

    def kill(self) -> None:
        self.kills += 1
        self._ended.set()


class Script:
    """`CommandLine` that answers one run after the other, and a `BlockDevice` of a given size."""

    def __init__(self) -> None:
        self.runs: list[ScriptedRun | OSError] = []
        self.words: list[str] = []
        self.sizes: list[int | OSError] = []
        self.bad_from: int | None = None

    async def start(self, *argv: str) -> ScriptedRun:
        self.words.append(" ".join(argv))
        run = self.runs.pop(0)
        if isinstance(run, OSError):
            raise run
        return run

    async def open(self) -> int:
        size = self.sizes.pop(0)
        if isinstance(size, OSError):
            raise size
        return size

    async def read_at(self, offset: int, length: int) -> bytes:
        if self.bad_from is None:
            return bytes(length)
        if offset >= self.bad_from:
            raise OSError(errno.EIO, "Input/output error")
        return bytes(min(length, self.bad_from - offset))

    async def aclose(self) -> None:
        pass


def play(story: Callable[[Script, XorrisoDrive], Awaitable[None]]) -> None:
    async def whole() -> None:
        script = Script()
        await story(script, XorrisoDrive("d1", "/dev/sr0", script, script))
        assert not script.runs, "not everything that was scripted has been asked"

    run_virtual(whole())


async def image(size: int = SIZE) -> AsyncIterator[bytes]:
    for _ in range(size // 4096):
        yield bytes(4096)


async def error_of(call: Awaitable[object]) -> HalError:
    with pytest.raises(HalError) as caught:
        await call
    return caught.value


def test_a_burn_asks_before_burns_and_asks_after() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        burn = ScriptedRun([BEGUN])
        script.runs = [ScriptedRun(BLANK), burn, ScriptedRun(CLOSED)]
        result = await drive.burn(image(), SIZE, speed=4)
        assert result.bytes_written == burn.taken == SIZE
        assert script.words == [
            "-no_rc -outdev /dev/sr0 -toc",
            "-no_rc -as cdrecord -v dev=/dev/sr0 fs=64m tsize=512s speed=4 -nopad -",
            "-no_rc -outdev /dev/sr0 -toc",
        ]

    play(story)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (["Media status : is not present"], 3203),
        (["Media status : is not recognizable"], 3210),
        (CLOSED, 3204),
        (TORN, 3204),
        ([*BLANK[:2], "Media blocks : 0 readable , 511 writable , 511 overall"], 3205),
        (BLANK[:2], 3205),
        (BUSY, 3202),
        (["libburn : FAILURE : File object '/dev/sr0' not found"], 3201),
        ([], 3201),
    ],
)
def test_nothing_is_burned_on_anything_but_a_blank_disc_with_room(
    report: list[str], code: int
) -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(report)]
        assert (await error_of(drive.burn(image(), SIZE))).code == code
        assert len(script.words) == 1

    play(story)


@pytest.mark.parametrize(
    ("complaint", "code"),
    [
        (
            "libburn : FATAL : SCSI error on write(32,32): [3 0C 00] Medium error. Write error.",
            3206,
        ),
        ("libburn : FATAL : SCSI error on write(0,32): [3 73 03] Medium error.", 3207),
        ("libburn : FATAL : Lost connection to drive", 3213),
        ("something new", 3206),
    ],
)
def test_a_burn_that_the_drive_gives_up_tells_why_and_what_became_of_the_disc(
    complaint: str, code: int
) -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [
            ScriptedRun(BLANK),
            ScriptedRun([BEGUN, complaint], 5, takes=SIZE // 2),
            ScriptedRun(TORN),
        ]
        error = await error_of(drive.burn(image(), SIZE))
        assert error.code == code
        assert "disc spoiled" in error.detail
        assert "is now appendable, damaged" in error.detail
        assert "exit code 5" in error.detail

    play(story)


def test_a_burn_refused_before_writing_does_not_spoil_the_disc() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        too_big = "xorriso : FAILURE : Image size 512s exceeds free space on media 500s"
        script.runs = [ScriptedRun(BLANK), ScriptedRun([too_big], 5, takes=0), ScriptedRun(BLANK)]
        error = await error_of(drive.burn(image(), SIZE))
        assert error.code == 3205
        assert "spoiled" not in error.detail
        assert "is now blank" in error.detail

    play(story)


def test_exit_code_0_is_not_believed_when_the_disc_is_still_blank() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(BLANK), ScriptedRun([BEGUN]), ScriptedRun(BLANK)]
        assert (await error_of(drive.burn(image(), SIZE))).code == 3214

    play(story)


def test_exit_code_0_is_not_believed_when_the_program_took_too_little() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [
            ScriptedRun(BLANK),
            ScriptedRun([BEGUN], takes=SIZE // 2),
            ScriptedRun(CLOSED),
        ]
        assert (await error_of(drive.burn(image(), SIZE))).code == 3206

    play(story)


def test_a_burn_that_never_closes_is_ended_after_its_time() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        burn = ScriptedRun([BEGUN], hangs=True)
        script.runs = [ScriptedRun(BLANK), burn, ScriptedRun(TORN)]
        error = await error_of(drive.burn(image(), SIZE))
        assert error.code == 3206
        assert burn.kills >= 1
        assert asyncio.get_running_loop().time() == DriveTiming().closing_s

    play(story)


def test_a_burn_that_ignores_the_end_of_its_input_is_told_to_end() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        burn = ScriptedRun([BEGUN], hangs=True)
        script.runs = [ScriptedRun(BLANK), burn]

        async def broken() -> AsyncIterator[bytes]:
            yield bytes(4096)
            raise LookupError

        with pytest.raises(LookupError):
            await drive.burn(broken(), SIZE)
        assert burn.eof
        assert burn.kills == 1

    play(story)


def test_progress_is_what_the_drive_has_and_never_more_than_was_handed_over() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        update = "xorriso : UPDATE : {:4d} of    9 MB written (fifo 64%) [buf  98%]   4.0x."
        script.runs = [
            ScriptedRun(BLANK),
            ScriptedRun([BEGUN, update.format(0), update.format(900)]),
            ScriptedRun(CLOSED),
        ]
        told: list[BurnProgress] = []
        await drive.burn(image(), SIZE, on_progress=told.append)
        assert [p.bytes_written for p in told] == sorted(p.bytes_written for p in told)
        assert all(p.bytes_written <= SIZE for p in told)
        assert (told[0].fifo_pct, told[0].buffer_pct) == (64, 98)
        assert told[-1].bytes_written == SIZE

    play(story)


def test_progress_that_raises_ends_the_burn() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        update = "xorriso : UPDATE :    0 of    9 MB written"
        burn = ScriptedRun([BEGUN, update])
        script.runs = [ScriptedRun(BLANK), burn]

        def tell(_: BurnProgress) -> None:
            raise LookupError

        with pytest.raises(LookupError):
            await drive.burn(image(), SIZE, on_progress=tell)
        assert burn.kills >= 1

    play(story)


def test_the_tray_that_we_opened_is_not_asked_because_asking_closes_it() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun([]), ScriptedRun(BLANK), ScriptedRun(BLANK)]
        await drive.open_tray()
        await drive.open_tray()
        assert (await drive.disc()).status is DiscStatus.ABSENT
        assert script.words == ["-no_rc -outdev /dev/sr0 -eject out"]
        await drive.close_tray()
        assert (await drive.disc()).status is DiscStatus.BLANK

    play(story)


def test_a_tray_that_does_not_open_is_an_error_and_counts_as_closed() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [
            ScriptedRun(["xorriso : FAILURE : Cannot eject"], 5),
            ScriptedRun(CLOSED),
        ]
        assert (await error_of(drive.open_tray())).code == 3211
        assert (await drive.disc()).status is DiscStatus.CLOSED

    play(story)


def test_a_burner_left_by_an_earlier_process_is_waited_for() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(BUSY, 5), ScriptedRun(BUSY, 5), ScriptedRun(TORN)]
        await drive.wait_idle(60)
        assert asyncio.get_running_loop().time() == 10
        script.runs = [ScriptedRun(BUSY, 5) for _ in range(12)]
        assert (await error_of(drive.wait_idle(58))).code == 3202

    play(story)


def test_waiting_ends_at_once_when_the_drive_is_gone() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(["libburn : FAILURE : File object '/dev/sr0' not found"], 5)]
        assert (await error_of(drive.wait_idle(60))).code == 3201

    play(story)


def test_a_drive_that_never_answers_is_an_error() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        stuck = ScriptedRun([], hangs=True)
        script.runs = [stuck]
        assert (await error_of(drive.disc())).code == 3201
        assert stuck.kills >= 1

    play(story)


def test_a_missing_program_is_an_error() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [FileNotFoundError("xorriso")]
        assert (await error_of(drive.disc())).code == 3212

    play(story)


def test_the_tray_is_cycled_when_the_kernel_still_believes_the_size_before_the_burn() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(BLANK), ScriptedRun([BEGUN]), ScriptedRun(CLOSED)]
        await drive.burn(image(), SIZE)
        for stale in (0, SIZE - 2048, OSError(errno.ENOMEDIUM, "No medium found")):
            script.words.clear()
            script.runs = [ScriptedRun(CLOSED), ScriptedRun([]), ScriptedRun(CLOSED)]
            script.sizes = [stale, SIZE]
            reader = await drive.open_reader()
            assert reader.size_bytes == SIZE
            assert [words.split()[-1] for words in script.words] == ["-toc", "out", "-toc"]

    play(story)


def test_a_disc_is_read_as_it_is_when_the_kernel_never_sees_all_of_it() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(CLOSED), ScriptedRun([]), ScriptedRun(CLOSED)]
        script.sizes = [SIZE - 2048, SIZE - 2048]
        assert (await drive.open_reader()).size_bytes == SIZE - 2048

    play(story)


def test_an_image_without_a_byte_leaves_the_disc_blank() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(BLANK)]
        assert (await error_of(drive.burn(image(0), SIZE))).code == 3208

    play(story)


@pytest.mark.parametrize(
    ("size", "code"),
    [
        (OSError(errno.ENOMEDIUM, "No medium found"), 3203),
        (OSError(errno.ENOENT, "No such file or directory"), 3203),
        (OSError(errno.EIO, "Input/output error"), 3210),
        (0, 3210),
    ],
)
def test_a_disc_that_cannot_be_opened_is_an_error(size: int | OSError, code: int) -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(BLANK)]
        script.sizes = [size]
        assert (await error_of(drive.open_reader())).code == code

    play(story)


def test_a_bad_sector_is_named_by_its_byte_offset() -> None:
    async def story(script: Script, drive: XorrisoDrive) -> None:
        script.runs = [ScriptedRun(CLOSED)]
        script.sizes = [SIZE]
        script.bad_from = 300 * 2048
        reader = await drive.open_reader()
        assert len(await reader.read_at(0, 300 * 2048)) == 300 * 2048
        error = await error_of(reader.read_at(0, SIZE))
        assert error.code == 3209
        assert f"offset {300 * 2048}" in error.detail
        assert reader.bytes_read == 300 * 2048

    play(story)


@pytest.mark.parametrize("size", [0, -2048, 1000, 2049])
def test_an_image_is_whole_sectors(size: int) -> None:
    async def story(_: Script, drive: XorrisoDrive) -> None:
        with pytest.raises(ValueError, match="sectors"):
            await drive.burn(image(), size)

    play(story)
