"""The burner command's words and answers, in one loop under virtual time."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.links.memory_program import MemoryProcess
from simulators.links.xorriso.words import Request, Verb, WordError, parse_words
from simulators.world.disc import DiscState
from simulators.world.world import World

IMAGE = os.urandom(1000 * 2048)


@dataclass
class Run:
    """What came of one run of the command."""

    exit_code: int
    lines: list[str]
    seconds: float


class Bench:
    """A cabinet with a blank disc in drive d1."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.device = cabinet.device_path("d1")

    async def start(self, *argv: str) -> MemoryProcess:
        return await self.cabinet.command_line("d1").start(*argv)

    async def run(self, *argv: str, data: bytes = b"") -> Run:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        process = await self.start(*argv)
        try:
            await process.write(data)
        except BrokenPipeError:
            assert data
        await process.close_stdin()
        lines = [line async for line in process.lines()]
        return Run(await process.wait(), lines, loop.time() - began_s)

    async def burn(self, data: bytes = IMAGE, *options: str, sectors: int = 1000) -> Run:
        return await self.run(*self.burn_words(sectors, *options), data=data)

    def burn_words(self, sectors: int = 1000, *options: str) -> tuple[str, ...]:
        head = ("-no_rc", "-as", "cdrecord", "-v", f"dev={self.device}", "fs=64m")
        return (*head, f"tsize={sectors}s", *options, "-nopad", "-")

    async def toc(self) -> Run:
        return await self.run("-no_rc", "-outdev", self.device, "-toc")

    async def read(self) -> bytes:
        device = self.cabinet.block_device("d1")
        size = await device.open()
        try:
            return await device.read_at(0, size)
        finally:
            await device.aclose()


@pytest.fixture
def tell(world: World) -> Callable[[Callable[[Bench], Coroutine[Any, Any, None]]], None]:
    """Run a story about a cabinet whose drive d1 has a blank disc."""

    def run(story: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
        async def told() -> None:
            with Cabinet(world) as cabinet:
                await story(Bench(cabinet))

        disc = world.disc_at("s001")
        assert disc
        world.move(disc, "d1")
        run_virtual(told())

    return run


Tell = Callable[[Callable[[Bench], Coroutine[Any, Any, None]]], None]


def test_words_of_a_burn() -> None:
    words = ("-no_rc", "-as", "cdrecord", "-v", "dev=/dev/sr0", "fs=64m", "tsize=20s", "-nopad")
    assert parse_words((*words, "speed=2", "-")) == Request(
        "/dev/sr0", (Verb.BURN,), cdrecord=True, size_bytes=40960, speed=2.0, pad=False
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-foo",), "Not a known command:  '-foo'"),
        (("-as", "mkfoo"), "-as : Not a known emulation personality: 'mkfoo'"),
        (("-as", "cdrecord", "-frobnicate"), "-as cdrecord: Unknown option '-frobnicate'"),
    ],
)
def test_unknown_words_are_refused_in_xorrisos_words(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(WordError) as refused:
        parse_words(words)
    assert str(refused.value) == message


def test_report_of_a_blank_disc(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        run = await bench.toc()
        assert run.exit_code == 0
        assert "Media current: BD-R sequential recording" in run.lines
        assert "Media status : is blank" in run.lines
        assert "Media blocks : 0 readable , 2048 writable , 2048 overall" in run.lines
        assert "Media summary: 0 sessions, 0 data blocks, 0 data, 4096k free" in run.lines

    tell(story)


def test_burn_and_read_back(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        run = await bench.burn()
        assert run.exit_code == 0
        assert "Beginning to write data track." in run.lines
        assert f"Writing to '{bench.device}' completed successfully." in run.lines
        assert await bench.read() == IMAGE + bytes(24 * 2048)  # whole clusters
        report = (await bench.toc()).lines
        assert "Media status : is written , is closed" in report
        assert "Media blocks : 1024 readable , 0 writable , 1024 overall" in report
        disc = bench.cabinet.world.disc_at("d1")
        assert disc
        assert (disc.state, disc.burns, disc.damaged) == (DiscState.CLOSED, 1, False)

    tell(story)


def test_burning_takes_the_drives_time(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        run = await bench.burn(IMAGE, "speed=0.1")
        # 8 s to spin up, 0.5 s of questions, 2.048 MB at 0.45 MB/s, 20 s to close
        assert run.seconds == pytest.approx(28.5 + 2_048_000 / 449_562.5)
        updates = [line for line in run.lines if "MB written" in line]
        assert updates[0] == (
            "xorriso : UPDATE :    1 of    1 MB written (fifo 99%) [buf  50%]   0.1x."
        )

    tell(story)


def test_a_disc_is_written_once(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        await bench.burn()
        again = await bench.burn(os.urandom(2048 * 1000))
        assert again.exit_code == 5
        assert "MEDIA: closed or not recordable," in again.lines
        assert (await bench.read())[: len(IMAGE)] == IMAGE

    tell(story)


def test_input_that_ends_early_spoils_the_disc(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        run = await bench.burn(IMAGE[:500_000])
        assert run.exit_code == 5
        missing = 1024 * 2048 - 500_000
        assert (
            f"libburn : FAILURE : Premature end of input encountered. Missing: {missing} bytes"
            in run.lines
        )
        report = (await bench.toc()).lines
        assert "Media status : is written , is appendable , but next track is damaged" in report
        again = await bench.burn()
        assert again.exit_code == 5
        assert any("[5 30 05] Illegal request" in line for line in again.lines)

    tell(story)


def test_an_image_larger_than_the_disc_writes_nothing(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        run = await bench.burn(b"", sectors=2049)
        assert run.exit_code == 5
        assert "xorriso : FAILURE : Image size 2080s exceeds free space on media 2048s" in run.lines
        assert "Media status : is blank" in (await bench.toc()).lines

    tell(story)


def test_an_empty_drive(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        bench.device = bench.cabinet.device_path("d2")
        run = await bench.toc()
        assert run.exit_code == 0
        assert run.lines[-2:] == [
            "Media current: is not recognizable",
            "Media status : is not present",
        ]
        assert "MEDIA: no writeable media detected" in (await bench.burn()).lines

    tell(story)


def test_a_device_that_is_not_there(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        run = await bench.run("-no_rc", "-outdev", "/dev/sr7", "-toc")
        assert run.exit_code == 5
        assert run.lines[1:] == [
            "libburn : FAILURE : File object '/dev/sr7' not found",
            "libburn : FAILURE : Cannot access '/dev/sr7' as SG_IO CDROM drive",
            "xorriso : FAILURE : Cannot acquire drive '/dev/sr7'",
            "xorriso : aborting : -abort_on 'FAILURE' encountered 'FAILURE'",
        ]

    tell(story)


def test_eject_and_the_report_that_loads_again(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        assert (await bench.run("-no_rc", "-outdev", bench.device, "-eject", "out")).exit_code == 0
        assert bench.cabinet.world.state.open_trays == {"d1"}
        assert "Media status : is blank" in (await bench.toc()).lines
        assert bench.cabinet.world.state.open_trays == set()

    tell(story)


def test_a_busy_drive_refuses_at_once(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        burning = await bench.start(*bench.burn_words())
        await asyncio.sleep(20)
        run = await bench.toc()
        assert run.exit_code == 5
        assert f"libburn : SORRY : Cannot open busy device '{bench.device}'" in run.lines
        assert run.seconds == 0
        burning.kill()
        assert await burning.wait() == 1

    tell(story)


@pytest.mark.parametrize(("kills", "code"), [(1, 1), (2, -9)])
def test_killing_a_burn_spoils_the_disc_and_frees_the_drive(
    tell: Tell, kills: int, code: int
) -> None:
    async def story(bench: Bench) -> None:
        process = await bench.start(*bench.burn_words(1000, "speed=0.1"))
        await process.write(IMAGE)
        await asyncio.sleep(11)
        for _ in range(kills):
            process.kill()
        assert await process.wait() == code
        with pytest.raises(BrokenPipeError):
            await process.write(b"more")
        assert "Media status : is written , is appendable , but next track is damaged" in (
            (await bench.toc()).lines
        )

    tell(story)


def test_a_writer_waits_for_the_drive(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        process = await bench.start(*bench.burn_words(2048))
        loop = asyncio.get_running_loop()
        for _ in range(5):
            await process.write(bytes(1024 * 1024))
        assert loop.time() >= 8.5  # the fifth block waited until the burn had begun
        process.kill()
        await process.wait()

    tell(story)


@pytest.mark.parametrize(
    ("fault", "sense"),
    [
        (Fault("write-error", "d1", sector=640), "write(640,32): [3 0C 00] Medium error. Write"),
        (Fault("calibration", "d1"), "[3 73 03] Medium error. Power calibration area error."),
    ],
)
def test_faults_of_writing(tell: Tell, fault: Fault, sense: str) -> None:
    async def story(bench: Bench) -> None:
        inject(bench.cabinet, fault)
        run = await bench.burn()
        assert run.exit_code == 5
        assert sense in "\n".join(run.lines)
        assert run.lines[-1] == "xorriso : aborting : -abort_on 'FAILURE' encountered 'FATAL'"

    tell(story)


def test_a_drive_that_goes_away_during_a_burn(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        process = await bench.start(*bench.burn_words(1000, "speed=0.1"))
        await process.write(IMAGE)
        await asyncio.sleep(11)
        inject(bench.cabinet, Fault("drive-gone", "d1"))
        lines = [line async for line in process.lines()]
        assert await process.wait() == 5
        assert "libburn : FATAL : Lost connection to drive" in lines
        assert (await bench.toc()).exit_code == 5

    tell(story)


@pytest.mark.parametrize("where", ["BD000001", "d1"])
def test_a_weak_burn_succeeds_and_reads_wrong(tell: Tell, where: str) -> None:
    async def story(bench: Bench) -> None:
        inject(bench.cabinet, Fault("weak-burn", where))
        assert (await bench.burn()).exit_code == 0
        read = await bench.read()
        assert len(read) == 1024 * 2048
        assert read[: len(IMAGE)] != IMAGE

    tell(story)


def test_a_dirty_lens_reads_wrong_in_one_drive_only(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        await bench.burn()
        inject(bench.cabinet, Fault("dirty-lens", "d1"))
        assert (await bench.read())[: len(IMAGE)] != IMAGE
        inject(bench.cabinet, Fault("dirty-lens", "d1", lift=True))
        assert (await bench.read())[: len(IMAGE)] == IMAGE

    tell(story)


def test_a_scratch_cannot_be_read(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        await bench.burn()
        inject(bench.cabinet, Fault("scratch", "d1", sector=10, sectors=2))
        device = bench.cabinet.block_device("d1")
        await device.open()
        assert len(await device.read_at(8 * 2048, 8 * 2048)) == 2 * 2048
        with pytest.raises(OSError, match="sector 10"):
            await device.read_at(10 * 2048, 2048)
        assert await device.read_at(12 * 2048, 2048) == IMAGE[12 * 2048 : 13 * 2048]
        await device.aclose()

    tell(story)


def test_nothing_can_be_read_from_a_blank_disc_or_an_open_tray(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(FileNotFoundError):
            await bench.read()
        await bench.burn()
        await bench.run("-no_rc", "-outdev", bench.device, "-eject", "out")
        with pytest.raises(FileNotFoundError):
            await bench.read()

    tell(story)


def test_a_power_cut_during_a_burn(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        process = await bench.start(*bench.burn_words(1000, "speed=0.1"))
        await process.write(IMAGE)
        await asyncio.sleep(10)
        bench.cabinet.stop()
        world = World.open(bench.cabinet.world.folder)
        assert "libburn : FATAL : Lost connection to drive" in [
            line async for line in process.lines()
        ]
        assert await process.wait() == 5
        disc = world.disc_at("d1")
        assert disc
        assert (disc.state, disc.damaged) == (DiscState.APPENDABLE, True)
        assert 0 < disc.written_sectors < 1000
        with Cabinet(world) as cabinet:
            again = Bench(cabinet)
            assert "is appendable , but next track" in "".join((await again.toc()).lines)

    tell(story)


def test_drives_burn_side_by_side(tell: Tell) -> None:
    async def story(bench: Bench) -> None:
        world = bench.cabinet.world
        disc = world.disc_at("s002")
        assert disc
        world.move(disc, "d2")
        bench.cabinet.refresh()
        other = Bench(bench.cabinet)
        other.device = bench.cabinet.device_path("d2")
        await other.run("-no_rc", "-outdev", other.device, "-eject", "out")
        first, second = await asyncio.gather(bench.burn(), other.burn())
        assert (first.exit_code, second.exit_code) == (0, 0)
        assert asyncio.get_running_loop().time() < 50

    tell(story)
