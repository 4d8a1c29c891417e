"""`stele-appliance run` as a process, over a simulated cabinet of its own and a real broker."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from appliance.contract.messages import Status
from tests.appliance.agent.real_broker import RealBroker, running_broker

BIN = Path(sys.executable).parent
STATUS = "stele/1/north/rack-1/status"
# A machine's own pandas would be imported by sqlite-utils; an appliance has none.
FIRMWARE = (
    "import sys; sys.modules.update(pandas=None, numpy=None)\n"
    "from appliance.cli import main; main()"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("appliance")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[RealBroker]:
    with running_broker("mosquitto", folder) as running:
        yield running


@pytest.fixture(scope="module")
def config(folder: Path, broker: RealBroker) -> Iterator[Path]:
    """A configuration for a simulated cabinet that runs as a process of its own."""
    world = folder / "world"
    argv = [BIN / "stele-sim", "cabinet", "--world", world, "--speed", "100", "--discs", "3"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as cabinet:
        assert cabinet.stdout is not None
        assert cabinet.stdout.readline() == b"ready\n"
        file = folder / "appliance.toml"
        file.write_text(
            f'[appliance]\nid = "rack-1"\nsite = "north"\nstate_dir = "state"\n'
            f'[broker]\nurl = "{broker.url}"\n' + (world / "wires.toml").read_text("utf-8"),
            "utf-8",
        )
        yield file
        cabinet.terminate()


@pytest.fixture
def firmware(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A firmware that has said that it is ready."""
    with (config.parent / "firmware.log").open("wb") as log:
        argv = [sys.executable, "-c", FIRMWARE, "run", "--config", os.fspath(config)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == b"ready\n"
            yield running
            running.kill()


def status_until(broker: RealBroker, *, online: bool) -> Status:
    """Wait for a status, retained or new, that says `online`."""
    return asyncio.run(_status_until(broker, online))


async def _status_until(broker: RealBroker, online: bool) -> Status:
    async with aiomqtt.Client("127.0.0.1", broker.port, timeout=10) as client:
        await client.subscribe(STATUS, qos=1)
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            status = msgspec.json.decode(message.payload, type=Status)
            if status.online is online:
                return status
    raise AssertionError("the broker went away")


def test_it_comes_up_and_takes_leave_on_sigterm(
    firmware: subprocess.Popen[bytes], broker: RealBroker, config: Path
) -> None:
    status = status_until(broker, online=True)
    assert (status.site, status.appliance, status.profile) == ("north", "rack-1", "rack")
    firmware.send_signal(signal.SIGTERM)
    assert firmware.wait(20) == 0
    status_until(broker, online=False)
    for line in (config.parent / "firmware.log").read_text("utf-8").splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}Z (INFO|WARNING) [\w.]+: ", line), line


def test_a_second_firmware_on_the_same_state_is_refused(
    firmware: subprocess.Popen[bytes], config: Path
) -> None:
    argv = [BIN / "stele-appliance", "run", "--config", config]
    second = subprocess.run(argv, capture_output=True, check=False, timeout=30)
    assert second.returncode == 1
    assert second.stdout == b""
    assert f"error 5010: process {firmware.pid} already runs".encode() in second.stderr
    assert firmware.poll() is None


def test_after_kill_9_it_comes_back_in_the_same_epoch(
    firmware: subprocess.Popen[bytes], broker: RealBroker, config: Path
) -> None:
    before = status_until(broker, online=True)
    firmware.send_signal(signal.SIGKILL)
    firmware.wait()
    status_until(broker, online=False)
    argv = [BIN / "stele-appliance", "run", "--config", config]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as again:
        after = status_until(broker, online=True)
        assert after.epoch == before.epoch
        assert after.last_seq >= before.last_seq
        again.send_signal(signal.SIGINT)
        assert again.wait(20) == 0


def test_idle_it_takes_less_than_100_mb(
    firmware: subprocess.Popen[bytes], broker: RealBroker
) -> None:
    status_until(broker, online=True)
    memory = Path(f"/proc/{firmware.pid}/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", memory)
    assert found is not None
    assert int(found[1]) < 100_000
