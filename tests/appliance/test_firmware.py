"""The whole firmware over a simulated cabinet in memory, in simulated time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from appliance.agent.content_http import HttpContent
from appliance.building.units import turntable_geometry
from appliance.config import load_config
from appliance.contract.messages import (
    Burn,
    Command,
    CommandBody,
    ContentRef,
    Event,
    JobsTelemetry,
    LibraryTelemetry,
    MediumChanged,
    Reply,
    Status,
    TakeInventory,
    encode,
)
from appliance.firmware import Firmware
from appliance.hardware import Hardware, Unit
from appliance.profiles.profile import load_profile
from appliance.settings import Config
from hal.drivers.grbl.driver import GrblController
from hal.drivers.turntable.driver import TurntableChanger
from hal.drivers.xorriso.drive import XorrisoDrive
from hal.transports.interfaces import SerialLink
from simulators.cabinet import Cabinet
from simulators.clock import run_virtual
from simulators.world.world import World
from tests.appliance.agent.memory_broker import MemoryBroker

DISCS = 5
BASE = "stele/1/north/rack-1"
T = TypeVar("T")
NOWHERE = ContentRef("http://127.0.0.1:1/content", "t")


def configuration(folder: Path) -> Config:
    drives = "".join(f'[[drives]]\nname = "d{n}"\ndevice = "dev/d{n}"\n' for n in range(1, 5))
    file = folder / "appliance.toml"
    file.write_text(
        f'[appliance]\nid = "rack-1"\nsite = "north"\nstate_dir = "state"\n'
        f'[broker]\nurl = "mqtt://memory"\n[changer]\nport = "dev/robot"\n{drives}',
        "utf-8",
    )
    return load_config(file)


def wire(cabinet: Cabinet, config: Config) -> Hardware:
    """The real drivers over the cabinet's wires in memory."""

    async def open_port() -> SerialLink:
        return cabinet.serial()

    names = tuple(drive.name for drive in config.drives)
    drives = {
        name: XorrisoDrive(
            name,
            cabinet.device_path(name),
            cabinet.command_line(name),
            cabinet.block_device(name),
        )
        for name in names
    }
    geometry = turntable_geometry(load_profile("rack"), names)
    changer = TurntableChanger(GrblController(open_port), geometry)
    return Hardware(units={"": Unit("", changer, drives)})


class Appliance:
    """A running firmware and what its console hears."""

    def __init__(self, firmware: Firmware, broker: MemoryBroker) -> None:
        self.firmware = firmware
        self.broker = broker

    def newest(self, leaf: str, kind: type[T]) -> T:
        return msgspec.json.decode(self.broker.on(f"{BASE}/{leaf}")[-1], type=kind)

    def events(self) -> list[Event]:
        return [msgspec.json.decode(p, type=Event) for p in self.broker.on(f"{BASE}/event")]

    def replies(self) -> list[Reply]:
        return [msgspec.json.decode(p, type=Reply) for p in self.broker.on(f"{BASE}/reply")]

    def command(self, command_id: str, body: CommandBody) -> None:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        self.broker.send(f"{BASE}/command", encode(Command(command_id, now, body)))


@asynccontextmanager
async def appliance(
    folder: Path, cabinet: Cabinet, broker: MemoryBroker
) -> AsyncIterator[Appliance]:
    loop = asyncio.get_running_loop()
    started = datetime(2026, 1, 1, tzinfo=UTC)
    config = configuration(folder)
    async with aclosing(HttpContent(folder, connect_timeout_s=1, idle_timeout_s=1)) as content:
        firmware = Firmware(
            config,
            wire(cabinet, config),
            connect=broker.connect,
            content=content,
            now=lambda: started + timedelta(seconds=loop.time()),
        )
        await firmware.start()
        try:
            yield Appliance(firmware, broker)
        finally:
            await firmware.stop()


def cabinet_in(folder: Path) -> Cabinet:
    if (folder / "world").exists():
        return Cabinet(World.open(folder / "world"))
    return Cabinet(World.create(folder / "world", discs=DISCS))


def test_it_finds_its_discs_and_tells_the_console(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        with cabinet_in(tmp_path) as cabinet:
            async with appliance(tmp_path, cabinet, broker) as here:
                await asyncio.sleep(3600)
                status = here.newest("status", Status)
                assert (status.online, status.profile) == (True, "rack")
                assert status.firmware
                library = here.newest("telemetry/library", LibraryTelemetry)
                assert len(library.slots) == 200
                assert sum(slot.medium_id is not None for slot in library.slots) == DISCS
                assert [drive.drive for drive in library.drives] == ["d1", "d2", "d3", "d4"]
                assert here.newest("telemetry/jobs", JobsTelemetry).jobs == []
                found = [e for e in here.events() if isinstance(e.body, MediumChanged)]
                assert len(found) == DISCS
                assert [e.seq for e in here.events()] == list(range(1, len(here.events()) + 1))
            assert here.newest("status", Status).online is False

    run_virtual(story())


def test_without_broker_it_works_and_tells_everything_later(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        broker.is_up = False
        with cabinet_in(tmp_path) as cabinet:
            async with appliance(tmp_path, cabinet, broker) as here:
                await asyncio.sleep(3600)
                assert here.firmware.outbox.last_seq >= DISCS
                assert broker.published == []
                broker.is_up = True
                await asyncio.sleep(60)
                assert [e.seq for e in here.events()] == list(
                    range(1, here.firmware.outbox.last_seq + 1)
                )

    run_virtual(story())


def test_the_same_command_twice_starts_one_job(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        with cabinet_in(tmp_path) as cabinet:
            async with appliance(tmp_path, cabinet, broker) as here:
                await asyncio.sleep(3600)
                burn = Burn("V1", "c1", "use", "V1", "0" * 64, 10_000_000, NOWHERE)
                for _ in range(2):
                    here.command("burn-c1", burn)
                    await asyncio.sleep(5)
                here.command("inventory", TakeInventory(["s001"]))
                await asyncio.sleep(5)
                assert [(r.command_id, r.accepted, r.duplicate) for r in here.replies()] == [
                    ("burn-c1", True, False),
                    ("burn-c1", True, True),
                    ("inventory", True, False),
                ]
                jobs = here.newest("telemetry/jobs", JobsTelemetry).jobs
                assert [job.job_id for job in jobs if job.verb == "burn"] == ["burn-c1"]

    run_virtual(story())


def test_a_restart_keeps_the_epoch_and_the_media(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        with cabinet_in(tmp_path) as cabinet:
            async with appliance(tmp_path, cabinet, broker) as here:
                await asyncio.sleep(3600)
                before = here.newest("telemetry/library", LibraryTelemetry)
                epoch = here.firmware.outbox.epoch
            async with appliance(tmp_path, cabinet, broker) as here:
                await asyncio.sleep(600)
                after = here.newest("telemetry/library", LibraryTelemetry)
                assert here.newest("status", Status).epoch == epoch
                assert [s.medium_id for s in after.slots] == [s.medium_id for s in before.slots]

    run_virtual(story())


def test_a_surprise_in_the_agent_ends_neither_the_firmware_nor_the_agent(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        with cabinet_in(tmp_path) as cabinet:
            async with appliance(tmp_path, cabinet, broker) as here:
                await asyncio.sleep(5)
                broker.latency_s = float("nan")  # whatever this does, it is not a `LinkError`
                broker.retained = None  # type: ignore[assignment]
                await asyncio.sleep(120)
                broker.latency_s, broker.retained = 0.001, {}
                await asyncio.sleep(120)
                assert here.newest("status", Status).online
                assert here.firmware.agent.connected.is_set()

    run_virtual(story())


def test_a_stop_takes_seconds_also_in_the_middle_of_a_motion(tmp_path: Path) -> None:
    async def story() -> None:
        broker = MemoryBroker()
        loop = asyncio.get_running_loop()
        with cabinet_in(tmp_path) as cabinet:
            for running_s in (0.5, 3, 17, 60):
                async with appliance(tmp_path, cabinet, broker):
                    await asyncio.sleep(running_s)
                    asked_s = loop.time()
                assert loop.time() - asked_s < 20

    run_virtual(story())
