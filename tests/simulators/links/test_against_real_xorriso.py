"""The burner command beside the real xorriso, given the same words and the same input.

The real one writes to a `stdio:` file, which is overwriteable and has no tray; lines that
tell of device, kind of medium, sizes of the whole and times are left out of the comparison.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.world.world import World

pytestmark = pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso is not installed")

PECULIAR = re.compile(
    r"^(xorriso : UPDATE|Drive |Media current|Media blocks|Media summary: 0|Other session"
    r"|xorriso : NOTE : (Loading|Disc status)|.*Image size)"
)


def run_real(argv: Sequence[str], data: bytes) -> tuple[int, list[str]]:
    done = subprocess.run(
        ["xorriso", *argv],
        input=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=60,
    )
    return done.returncode, comparable(done.stdout.decode().splitlines())


async def run_simulated(
    cabinet: Cabinet, argv: Sequence[str], data: bytes
) -> tuple[int, list[str]]:
    process = await cabinet.command_line("d1").start(*argv)
    try:
        await process.write(data)
    except BrokenPipeError:
        assert data
    await process.close_stdin()
    lines = [line async for line in process.lines()]
    return await process.wait(), comparable(lines)


def comparable(lines: Sequence[str]) -> list[str]:
    kept = [line for line in lines if line and not PECULIAR.match(line)]
    return [re.sub(r"'\S*(image|dev/d1)'", "DEVICE", line) for line in kept]


BURN = ("-no_rc", "-as", "cdrecord", "-v", "dev=DEVICE", "fs=64m")


@pytest.mark.parametrize(
    ("argv", "input_bytes"),
    [
        (("-no_rc", "-outdev", "DEVICE", "-toc"), 0),
        ((*BURN, "tsize=1000s", "-nopad", "-"), 1000 * 2048),
        ((*BURN, "tsize=1000s", "-"), 1000 * 2048),
        ((*BURN, "tsize=500s", "-nopad", "-"), 1000 * 2048),
        ((*BURN, "tsize=500s", "-"), 1000 * 2048),
        ((*BURN, "tsize=1000s", "-nopad", "-"), 1_000_000),
        ((*BURN, "tsize=100s", "-nopad", "-"), 0),
        ((*BURN, "-frobnicate", "-"), 0),
        (("-no_rc", "-frobnicate"), 0),
        (("-no_rc", "-as", "mkfoo"), 0),
        (("-no_rc", "-outdev", "/dev/sr7", "-toc"), 0),
        ((), 0),
    ],
)
def test_same_words_same_answers(
    world: World, tmp_path: Path, argv: tuple[str, ...], input_bytes: int
) -> None:
    data = os.urandom(input_bytes)
    image = tmp_path / "image"
    real = run_real([word.replace("DEVICE", f"stdio:{image}") for word in argv], data)

    async def story() -> tuple[int, list[str]]:
        with Cabinet(world) as cabinet:
            device = cabinet.device_path("d1")
            words = [word.replace("DEVICE", device) for word in argv]
            return await run_simulated(cabinet, words, data)

    disc = world.disc_at("s001")
    assert disc
    world.move(disc, "d1")
    simulated = run_virtual(story())
    assert simulated == real
    if real[0] == 0 and input_bytes:
        assert world.image_path(disc).read_bytes() == image.read_bytes()


def test_the_report_of_a_written_disc_has_the_same_lines(world: World, tmp_path: Path) -> None:
    image = tmp_path / "image"
    data = os.urandom(640 * 2048)
    burn = [*BURN, "tsize=640s", "-nopad", "-"]
    toc = ["-no_rc", "-outdev", "DEVICE", "-toc"]
    run_real([word.replace("DEVICE", f"stdio:{image}") for word in burn], data)
    real = run_real([word.replace("DEVICE", f"stdio:{image}") for word in toc], b"")

    async def story() -> tuple[int, list[str]]:
        with Cabinet(world) as cabinet:
            device = cabinet.device_path("d1")
            for words, given in ((burn, data), (toc, b"")):
                named = [word.replace("DEVICE", device) for word in words]
                told = await run_simulated(cabinet, named, given)
            return told

    disc = world.disc_at("s001")
    assert disc
    world.move(disc, "d1")
    code, lines = run_virtual(story())
    assert code == real[0]
    assert sorted(lines) == sorted(real[1])  # two streams, merged differently
