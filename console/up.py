"""`stele-console up`: broker, workers and web as processes under one supervisor.

Ctrl-C or SIGTERM ends them in order within ten seconds; a crashed one is started again; and when
the supervisor itself is killed, the kernel ends them all. Logs are in `logs/` of the data folder.
"""

import asyncio
import logging
import os
import signal
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import aiomqtt
from msgspec.structs import replace

from appliance.contract.errors import SteleError
from console.addresses import Addresses, read_addresses, write_addresses
from console.broker import (
    BrokerAddress,
    broker_program,
    free_port,
    parse_broker_url,
    port_is_free,
    write_broker_config,
)
from console.config import ConsoleConfig, load_config
from console.processes import only_one, ready_file
from console.supervision import Child, ChildPlan

log = logging.getLogger(__name__)


def run(
    data: Path,
    port: int | None = None,
    broker_port: int | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Run the console until a signal ends it. `say` gets lines for the person who started it.

    `port` and `broker_port` go before the settings in `console.toml`. A port of 0 means the one
    of the last time if it is free, else one that the system chooses.

    Raises:
        SteleError: 5402, 5450, 5451, 5452, 5453, 5454, 5455; nothing keeps running then.
    """
    data.mkdir(parents=True, exist_ok=True)
    config = load_config(data)
    web = replace(config.web, port=config.web.port if port is None else port)
    broker = replace(config.broker, port=config.broker.port if broker_port is None else broker_port)
    config = replace(config, web=web, broker=broker)
    with only_one(data / "up.lock", f"a console runs already on {data}"):
        addresses = _choose_addresses(data, config)
        write_addresses(data, addresses)
        asyncio.run(_supervise(data, config, addresses, say))


def _choose_addresses(data: Path, config: ConsoleConfig) -> Addresses:
    last = read_addresses(data)
    port = _choose_port(config.web.host, config.web.port, last.page_url if last else "", "page")
    page = f"http://{_seen_here(config.web.host)}:{port}/"
    content = (config.web.content_url or page).rstrip("/") + "/content/1"
    if config.broker.url:
        broker = parse_broker_url(config.broker.url)
    else:
        last_url, host = last.broker_url if last else "", config.broker.host
        port = _choose_port(host, config.broker.port, last_url, "broker")
        broker = BrokerAddress(_seen_here(host), port)
    return Addresses(page, content, broker.url)


def _choose_port(host: str, wanted: int, last_url: str, what: str) -> int:
    if not wanted:
        return free_port(host, _port_of(last_url))
    if not port_is_free(host, wanted):
        raise SteleError(5455, f"the {what} cannot listen on {host}:{wanted}: the port is taken")
    return wanted


def _port_of(url: str) -> int:
    tail = url.rstrip("/").rsplit(":", 1)[-1]
    return int(tail) if tail.isdigit() else 0


def _seen_here(host: str) -> str:
    """The address by which this machine reaches a server that listens on `host`."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - translated away
    return everywhere.get(host, host)


async def _supervise(
    data: Path, config: ConsoleConfig, addresses: Addresses, say: Callable[[str], None]
) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    children = [Child(plan, data / "logs") for plan in _plans(data, config, addresses)]
    greeting = (
        f"page    {addresses.page_url}\nbroker  {addresses.broker_url}\nlogs    {data / 'logs'}"
    )
    running = asyncio.create_task(_run_children(children, lambda: say(greeting)))
    end = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({running, end}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for child in reversed(children):
            await child.stop()
        for ready in _ready_files(data, config):
            ready.unlink(missing_ok=True)


async def _run_children(children: list[Child], greet: Callable[[], None]) -> None:
    """Start one after the other; then keep all of them running until cancelled."""
    for child in children:
        await child.start()
    greet()
    async with asyncio.TaskGroup() as keepers:
        for child in children:
            keepers.create_task(child.keep_running())


def _plans(data: Path, config: ConsoleConfig, addresses: Addresses) -> list[ChildPlan]:
    """The children in the order of their start; they end in the opposite order."""
    folder = os.fspath(data)
    port = str(_port_of(addresses.page_url))
    plans = [
        ChildPlan(
            "web",
            [
                *(sys.executable, "-P", "-m", "console.web.server", "--data", folder),
                *("--host", config.web.host, "--port", port),
                *("--processes", str(config.web.processes)),
            ],
            lambda _pid: asyncio.to_thread(_serves, addresses.page_url + "content/1/"),
        ),
        *(_worker_plan(data, n) for n, _ in enumerate(_ready_files(data, config), 1)),
    ]
    if not config.broker.url:
        address = parse_broker_url(addresses.broker_url)
        file = write_broker_config(data, config.broker.host, address.port)
        argv = [os.fspath(broker_program()), "-c", os.fspath(file)]
        plans.insert(0, ChildPlan("broker", argv, lambda _pid: _welcomes(address)))
    return plans


def _ready_files(data: Path, config: ConsoleConfig) -> list[Path]:
    return [ready_file(data, number) for number in range(1, config.worker.processes + 1)]


def _worker_plan(data: Path, number: int) -> ChildPlan:
    ready = ready_file(data, number)
    argv = (sys.executable, "-P", "-m", "console.worker", "--data", os.fspath(data))
    return ChildPlan(
        ready.stem,
        [*argv, "--number", str(number)],
        lambda pid: asyncio.to_thread(_is_at_work, ready, pid),
    )


def _serves(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def _is_at_work(ready: Path, pid: int) -> bool:
    try:
        return ready.read_text() == str(pid)
    except FileNotFoundError:
        return False


async def _welcomes(broker: BrokerAddress) -> bool:
    try:
        async with aiomqtt.Client(broker.host, broker.port, timeout=2):
            return True
    except aiomqtt.MqttError:
        return False
