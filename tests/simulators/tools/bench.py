"""A hybrid cabinet whose commands are run in memory, in simulated time."""

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.faults.fault import Fault, inject
from simulators.world.description import Extent
from simulators.world.world import World


@dataclass
class Run:
    code: int
    text: str
    seconds: float


class Bench:
    """Commands of one cabinet; device paths are those of its world."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.world = cabinet.world
        self.dev = cabinet.world.folder / "dev"

    async def run(self, word: str, *argv: object, data: bytes = b"") -> Run:
        """Run a command to its end; its output and error together."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        process = await self.cabinet.commands(word).start(*map(str, argv))
        with contextlib.suppress(BrokenPipeError):
            if data:
                await process.write(data)
        await process.close_stdin()
        lines = [line async for line in process.lines()]
        return Run(await process.wait(), "\n".join(lines), loop.time() - began_s)

    async def good(self, word: str, *argv: object, data: bytes = b"") -> str:
        """The same for what must succeed."""
        run = await self.run(word, *argv, data=data)
        assert run.code == 0, run.text
        return run.text

    async def read(self, *argv: object) -> tuple[int, bytes, str]:
        """Exit code, standard output and standard error of `dd`."""
        source = await self.cabinet.commands("dd").start_source(*map(str, argv))
        data = b"".join([chunk async for chunk in source.chunks()])
        code, said = await source.wait()
        return code, data, said

    def fault(self, what: str, where: str = "", value: float | None = None) -> None:
        inject(self.cabinet, Fault(what, where, value=value))

    def lift(self, what: str, where: str = "") -> None:
        inject(self.cabinet, Fault(what, where, lift=True))

    async def until(self, holds: Callable[[], Awaitable[bool]], every_s: float = 0.01) -> None:
        """Ask until it is so; the clock is simulated."""
        if not await holds():
            await asyncio.sleep(every_s)
            await self.until(holds, every_s)

    async def power_on(self, bay: str) -> None:
        """Switch a bay on and wait until its disk answers."""
        self.world.bays.set_power(bay, on=True)
        await asyncio.sleep(9)


def oracle(*words: object, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a real program."""
    return subprocess.run([*map(str, words)], input=data, capture_output=True, check=False)


def make_world(folder: Path) -> World:
    """A hybrid cabinet with two disks, three cartridges and two discs."""
    return World.create(folder, "hybrid", 2, 2048, Extent(disks=2, tapes=3))


@contextlib.contextmanager
def bench(world: World) -> Iterator[Bench]:
    with Cabinet(world) as cabinet:
        yield Bench(cabinet)


def play(folder: Path, story: Callable[[Bench], Awaitable[None]]) -> None:
    """Let a story happen in a fresh cabinet, in simulated time."""

    async def run() -> None:
        with bench(make_world(folder / "world")) as here:
            await story(here)

    run_virtual(run())
