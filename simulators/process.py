"""One simulated cabinet as a process of its own, with its wires in the world's folder.

    DIR/world.json       the world, with DIR/changes-….jsonl   DIR/discs/, disks/, tapes/   bytes
    DIR/dev/robot        the robot's serial port (a pty); in a cabinet of nodes robot-n00 …
    DIR/dev/d1 …         the drives' block devices, b01 … the disks'
    DIR/i2c-<bus>.sock, DIR/gpio.sock, DIR/dev/tag-<place>   the electronics
    DIR/wires.toml       the firmware's tables of addresses for this cabinet
    DIR/control.sock     where simulated commands, hands and faults come in

Killing the firmware leaves the cabinet running, with the disc in the gripper; killing
the cabinet is a power cut, and starting it again on the same folder is power coming back.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulators.cabinet import Cabinet
from simulators.clock import ScaledEventLoop
from simulators.faults.scenario import Scenario, load_scenario, play
from simulators.links.control import ControlServer
from simulators.links.electronics_server import ElectronicsServer
from simulators.links.serial import PtyPort
from simulators.wires import describe_wires, robot_port
from simulators.world.description import Extent, load_description
from simulators.world.world import World

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """What `stele-sim cabinet` is told. All but folder, speed and scenario are for a new world."""

    folder: Path
    profile: str = "rack"
    speed: float = 1.0
    discs: int | None = None
    capacity_bytes: int | None = None
    scenario: Path | None = None
    nodes: int | None = None
    modules: int | None = None
    spread: bool = False
    disks: int | None = None
    tapes: int | None = None


def open_world(options: Options) -> World:
    """Go on with the folder's world, or make a new one.

    Raises:
        ValueError: options that do not fit; BlockingIOError: another process has the folder.
    """
    if (options.folder / "world.json").exists():
        world = World.open(options.folder)
        if world.state.profile != options.profile:
            world.close()
            raise ValueError(f"{options.folder} has a cabinet of profile {world.state.profile}")
        return world
    sectors = None if options.capacity_bytes is None else options.capacity_bytes // 2048
    if sectors is not None and sectors < 32:
        raise ValueError("a disc has at least 32 sectors of 2,048 bytes")
    extent = Extent(_count_units(options), options.disks, options.tapes, options.spread)
    return World.create(options.folder, options.profile, options.discs, sectors, extent)


def _count_units(options: Options) -> int | None:
    units = load_description(options.profile).units
    prefix = units.prefix if units else ""
    if options.nodes is not None and prefix != "n":
        raise ValueError(f"a cabinet of profile {options.profile} has no nodes")
    if options.modules is not None and prefix != "m":
        raise ValueError(f"a cabinet of profile {options.profile} has no modules")
    return options.nodes if prefix == "n" else options.modules


def run_cabinet(options: Options) -> None:
    """Serve a cabinet until SIGINT or SIGTERM.

    Raises:
        ValueError, BlockingIOError: as `open_world`; FaultError: a bad scenario.
    """
    scenario = load_scenario(options.scenario) if options.scenario else None
    world = open_world(options)
    with asyncio.Runner(loop_factory=lambda: ScaledEventLoop(options.speed)) as runner:
        runner.run(_serve(world, scenario))


async def _serve(world: World, scenario: Scenario | None) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with Cabinet(world) as cabinet:
        control = ControlServer(cabinet)
        await control.start()
        electronics = ElectronicsServer(cabinet.electronics, world.folder)
        await electronics.start()
        with _ports(cabinet):
            (world.folder / "wires.toml").write_text(describe_wires(cabinet))
            playing = asyncio.create_task(play(cabinet, scenario)) if scenario else None
            print("ready", flush=True)
            await stopped.wait()
            if playing:
                playing.cancel()
            await electronics.stop()
            await control.stop()
    LOG.info("the world is saved in %s", world.folder)


@contextlib.contextmanager
def _ports(cabinet: Cabinet) -> Iterator[None]:
    folder = cabinet.world.folder
    with contextlib.ExitStack() as stack:
        for unit, robot in cabinet.robots.items():
            stack.callback(PtyPort(robot, folder / robot_port(unit)).close)
        yield
