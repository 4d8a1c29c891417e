"""mtx, mt and dd over a simulated tape unit."""

import asyncio
import io
import os
import tarfile
from pathlib import Path

import pytest

from simulators.clock import run_virtual
from simulators.world.world import World
from tests.simulators.tools.bench import Bench, bench, oracle, play

BLOCK = 65_536


async def load(here: Bench, slot: int = 1, drive: int = 0) -> Path:
    """Load a cartridge and wait until it is online; the drive's device."""
    await here.good("mtx", "-f", here.dev / "changer", "load", slot, drive)
    device = here.dev / f"td{drive + 1}"
    await here.good("mt", "-f", device, "rewind")
    return device


async def write(here: Bench, device: Path, data: bytes) -> str:
    words = (f"of={device}", f"bs={BLOCK}", "iflag=fullblock")
    return await here.good("dd", *words, data=data)


def test_status_is_what_mtx_prints(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        changer = here.dev / "changer"
        lines = (await here.good("mtx", "-f", changer, "status")).split("\n")
        assert lines[0] == f"  Storage Changer {changer}:2 Drives, 24 Slots ( 0 Import/Export )"
        assert lines[1:3] == ["Data Transfer Element 0:Empty", "Data Transfer Element 1:Empty"]
        assert lines[3].rstrip() == "      Storage Element 1:Full :VolumeTag=STL001L7"
        assert lines[6] == "      Storage Element 4:Empty"
        assert len(lines) == 27
        told = await here.good("mtx", "-f", changer, "load", 2, 1)
        assert told == "Loading media from Storage Element 2 into drive 1...done"
        lines = (await here.good("mtx", "-f", changer, "status")).split("\n")
        wanted = "Data Transfer Element 1:Full (Storage Element 2 Loaded):VolumeTag = STL002L7"
        assert lines[2].rstrip() == wanted
        assert lines[4] == "      Storage Element 2:Empty"
        here.fault("tape-unlabelled", "STL001L7")
        lines = (await here.good("mtx", "-f", changer, "status")).split("\n")
        assert lines[3] == "      Storage Element 1:Full "

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("load", 9, 0), "drive 0...Source Element Address 4104 is Empty"),
        (("load", 2, 1), "Drive 1 Full (Storage Element 1 loaded)"),
        (("load", 99, 0), "Invalid <storage-element-number> argument '99' to 'load' command"),
        (("load", 2, 7), "illegal <drive-number> argument '7' to 'load' command"),
        (("load",), "No source specified"),
        (("unload", 3, 0), "Data Transfer Element 0 is Empty"),
        (("unload", 3, 1), "Storage Element 3 is Already Full"),
        (("unload", 1, 1), "Drive needs offline before move"),
        (("dance",), "Usage"),
    ],
)
def test_refusals_are_mtx_own(tmp_path: Path, words: tuple[object, ...], answer: str) -> None:
    async def story(here: Bench) -> None:
        await load(here, 1, 1)
        run = await here.run("mtx", "-f", here.dev / "changer", *words)
        assert run.code == 1
        assert answer in run.text

    play(tmp_path, story)


def test_the_real_mtx_ends_alike_without_its_device(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        for words in (("-f", "/nonexistent", "status"), ("-f", "/nonexistent", "load", "1", "0")):
            real = oracle("/usr/sbin/mtx", *words)
            ours = await here.run("mtx", *words)
            assert (ours.code, ours.text) == (real.returncode, real.stderr.decode().strip())
        words = ("-f", "/nonexistent", "status")
        real = oracle("mt-st", *words)
        ours = await here.run("mt", *words)
        assert (ours.code, ours.text) == (real.returncode, real.stderr.decode().strip())

    play(tmp_path, story)


def test_a_jammed_picker_tells_its_sense_and_leaves_the_cartridge(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        here.fault("picker-jam")
        run = await here.run("mtx", "-f", here.dev / "changer", "load", 1, 0)
        assert run.code == 1
        assert "mtx: Request Sense: Additional Sense Code = 15" in run.text
        assert "MOVE MEDIUM from Element Address 4096 to 256 Failed" in run.text
        assert here.world.state.tapes["STL001L7"].place == "t01"

    play(tmp_path, story)


def test_two_drives_can_claim_one_home_slot(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        await load(here, 1, 0)
        await load(here, 2, 1)
        here.fault("tape-homes", "STL001L7")
        status = await here.good("mtx", "-f", here.dev / "changer", "status")
        assert status.count("Full (Storage Element 1 Loaded)") == 2

    play(tmp_path, story)


def test_loading_takes_a_minute_and_status_tells_when_it_is_over(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        empty = await here.good("mt", "-f", here.dev / "td1", "status")
        assert "File number=-1, block number=-1, partition=0." in empty
        assert empty.endswith("General status bits on (50000):\n DR_OPEN IM_REP_EN")
        refused = await here.run("mt", "-f", here.dev / "td1", "rewind")
        assert (refused.code, refused.text) == (1, f"{here.dev}/td1: No medium found")
        run = await here.run("mtx", "-f", here.dev / "changer", "load", 1, 0)
        assert "ONLINE" not in await here.good("mt", "-f", here.dev / "td1", "status")
        waiting = await here.run("mt", "-f", here.dev / "td1", "rewind")
        assert 20 <= run.seconds + waiting.seconds <= 60
        status = await here.good("mt", "-f", here.dev / "td1", "status")
        assert status.split("\n") == [
            "SCSI 2 tape drive:",
            "File number=0, block number=0, partition=0.",
            "Tape block size 0 bytes. Density code 0x5c (LTO-7).",
            "Soft error count since last status=0",
            "General status bits on (41010000):",
            " BOT ONLINE IM_REP_EN",
        ]

    play(tmp_path, story)


def test_tape_files_are_written_one_after_the_other_and_read_again(tmp_path: Path) -> None:
    first, second = os.urandom(3 * BLOCK), os.urandom(BLOCK + 17)

    async def story(here: Bench) -> None:
        device = await load(here)
        assert "3+0 records in\n3+0 records out" in await write(here, device, first)
        assert "1+1 records out" in await write(here, device, second)
        status = await here.good("mt", "-f", device, "status")
        assert "File number=2, block number=0" in status
        assert " EOF ONLINE" in status
        for number, data in ((1, second), (0, first)):
            await here.good("mt", "-f", device, "asf", number)
            code, read, said = await here.read(f"if={device}", f"bs={BLOCK}")
            assert (code, read) == (0, data), said
        await here.good("mt", "-f", device, "eod")
        assert " EOD ONLINE" in await here.good("mt", "-f", device, "status")
        code, read, said = await here.read(f"if={device}", f"bs={BLOCK}")
        assert (code, read) == (1, b"")
        assert "Input/output error" in said
        await here.good("mt", "-f", device, "bsf", 1)
        await here.good("mt", "-f", device, "fsf", 1)
        code, read, said = await here.read(f"if={device}", f"bs={BLOCK}", "status=none")
        assert (code, read, said) == (0, b"", "")  # behind a file mark, once, nothing is no error
        far = await here.run("mt", "-f", device, "asf", 7)
        assert (far.code, far.text) == (2, f"{device}: Input/output error")

    play(tmp_path, story)


def test_real_tar_reads_what_is_on_the_tape(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("bag/" + "long name 名 " * 12)
        entry.size = 300_000
        archive.addfile(entry, io.BytesIO(b"x" * entry.size))

    async def story(here: Bench) -> None:
        device = await load(here)
        await write(here, device, b"earlier")
        words = (f"of={device}", f"bs={BLOCK}", "iflag=fullblock", "conv=sync,nocreat,notrunc")
        told = await here.good("dd", *words, data=buffer.getvalue())
        blocks = -(-len(buffer.getvalue()) // BLOCK)
        assert f"{blocks}+0 records out" in told
        path = here.world.tape_folder("STL001L7") / "00001"
        assert path.stat().st_size == blocks * BLOCK
        listed = oracle("tar", "-tvf", path)
        assert b"300000" in listed.stdout
        await here.good("mt", "-f", device, "asf", 1)
        _, read, _ = await here.read(f"if={device}", f"bs={BLOCK}")
        assert oracle("tar", "-xf", "-", "-C", tmp_path, data=read).returncode == 0
        assert next((tmp_path / "bag").iterdir()).read_bytes() == b"x" * 300_000

    play(tmp_path, story)


def test_writing_before_the_end_makes_the_tape_end_there(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        device = await load(here)
        for _ in range(3):
            await write(here, device, bytes(BLOCK))
        await here.good("mt", "-f", device, "asf", 1)
        await write(here, device, b"new")
        assert here.world.state.tapes["STL001L7"].files == [BLOCK, 3]
        assert sorted(path.name for path in here.world.tape_folder("STL001L7").iterdir()) == [
            "00000",
            "00001",
        ]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("fault", "value", "error", "kept"),
    [
        ("tape-write-error", 2.5 * BLOCK, "Input/output error", 2),
        ("tape-short", 3.5 * BLOCK, "No space left on device", 3),
    ],
)
def test_writing_stops_where_the_tape_fails_or_ends(
    tmp_path: Path, fault: str, value: float, error: str, kept: int
) -> None:
    async def story(here: Bench) -> None:
        device = await load(here)
        here.fault(fault, "STL001L7", value)
        words = (f"of={device}", f"bs={BLOCK}", "iflag=fullblock")
        run = await here.run("dd", *words, data=bytes(9 * BLOCK))
        assert run.code == 1
        assert f"dd: error writing '{device}': {error}" in run.text
        assert f"{kept}+0 records out" in run.text
        tape = here.world.state.tapes["STL001L7"]
        assert tape.files == ([kept * BLOCK] if fault == "tape-short" else [])
        assert tape.cut_off is (fault == "tape-write-error")

    play(tmp_path, story)


def test_what_cannot_be_written_or_read_is_told_in_the_kernels_words(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        device = await load(here)
        await write(here, device, bytes(8 * BLOCK))
        here.fault("tape-protected", "STL001L7")
        assert "WR_PROT ONLINE" in await here.good("mt", "-f", device, "status")
        refused = await here.run("dd", f"of={device}", "bs=1k", data=b"x")
        assert "Read-only file system" in refused.text
        assert "Read-only" in (await here.run("mt", "-f", device, "weof")).text
        await here.good("mt", "-f", device, "rewind")
        code, _, said = await here.read(f"if={device}", "bs=512")
        assert code == 1
        assert "Cannot allocate memory" in said
        here.fault("tape-file", "STL001L7", 0)
        code, read, said = await here.read(f"if={device}", f"bs={BLOCK}")
        assert (code, len(read)) == (1, 4 * BLOCK)
        assert "Input/output error" in said
        here.fault("tape-snapped", "STL001L7")
        assert (await here.run("mt", "-f", device, "rewind")).code == 2
        here.fault("tape-drive-gone", "td1")
        gone = await here.run("mt", "-f", device, "status")
        assert (gone.code, gone.text) == (1, f"{device}: No such file or directory")

    play(tmp_path, story)


def test_a_killed_writer_leaves_a_file_mark_and_frees_the_drive(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        device = await load(here)
        process = await here.cabinet.commands("dd").start(f"of={device}", f"bs={BLOCK}")
        await process.write(bytes(200 * BLOCK))

        async def is_writing() -> bool:
            return here.world.state.tapes["STL001L7"].cut_off

        await here.until(is_writing)
        busy = await here.run("mt", "-f", device, "status")
        assert busy.text == f"{device}: Device or resource busy"
        await asyncio.sleep(1)
        process.kill()
        assert await process.wait() == -15
        tape = here.world.state.tapes["STL001L7"]
        assert tape.files == [128 * BLOCK]
        assert not tape.cut_off
        assert "File number=1" in await here.good("mt", "-f", device, "status")

    play(tmp_path, story)


def test_a_power_cut_while_writing_leaves_no_file_mark(tmp_path: Path) -> None:
    async def before(here: Bench) -> None:
        device = await load(here)
        await write(here, device, bytes(BLOCK))
        process = await here.cabinet.commands("dd").start(f"of={device}", f"bs={BLOCK}")
        await process.write(bytes(300 * BLOCK))
        await asyncio.sleep(1)

    async def after() -> None:
        with bench(World.open(tmp_path / "world")) as here:
            device = here.dev / "td1"
            assert here.world.state.tapes["STL001L7"].cut_off
            await here.good("mt", "-f", device, "eod")
            status = await here.good("mt", "-f", device, "status")
            assert "File number=1, block number=-1" in status
            await here.good("mt", "-f", device, "asf", 1)
            code, read, said = await here.read(f"if={device}", f"bs={BLOCK}")
            assert code == 1
            assert len(read) >= 128 * BLOCK
            assert "Input/output error" in said
            await here.good("mt", "-f", device, "asf", 1)
            await write(here, device, b"instead")
            assert here.world.state.tapes["STL001L7"].files == [BLOCK, 7]

    play(tmp_path, before)
    run_virtual(after())


def test_streams_take_the_drives_time(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        device = await load(here)
        words = (f"of={device}", "bs=256k", "iflag=fullblock")
        run = await here.run("dd", *words, data=bytes(60_000_000))
        assert 0.19 < run.seconds < 0.3  # LTO-7 writes 300 MB/s
        assert "MB/s" in run.text

    play(tmp_path, story)


def test_an_ejected_cartridge_goes_home_with_its_files(tmp_path: Path) -> None:
    async def story(here: Bench) -> None:
        device = await load(here)
        await write(here, device, b"kept")
        await here.good("mt", "-f", device, "offline")
        assert " DR_OPEN IM_REP_EN" in await here.good("mt", "-f", device, "status")
        await here.good("mtx", "-f", here.dev / "changer", "unload", 5, 0)
        assert here.world.state.tapes["STL001L7"].place == "t05"
        device = await load(here, 5, 1)
        assert (await here.read(f"if={device}", f"bs={BLOCK}"))[1] == b"kept"

    play(tmp_path, story)
