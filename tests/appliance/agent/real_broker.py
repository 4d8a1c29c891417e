"""Real brokers as child processes on free loopback ports: killed and started again."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_S = 20.0


class RealBroker:
    """One broker; its files live in `folder`, so that it comes back as it was."""

    def __init__(self, folder: Path, port: int, argv: list[str]) -> None:
        self.port = port
        self._argv = argv
        self._log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return when it takes connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline_s = time.monotonic() + _START_S
        while time.monotonic() < deadline_s:
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)  # another process starts: nothing here can be waited for
        raise RuntimeError(self._log.read_text("utf-8", "replace")[-2000:])

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mosquitto(folder: Path, settings: str = "allow_anonymous true\n") -> RealBroker:
    """Mosquitto, saving its queue at each change: without that it loses it on kill -9."""
    port, config = free_port(), folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\npersistence true\npersistence_location {folder}/\n"
        "autosave_interval 1\nautosave_on_changes true\nmax_queued_messages 100000\n"
        f"user root\n{settings}",
        "utf-8",
    )
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    return RealBroker(folder, port, [program, "-c", os.fspath(config)])


def nats(folder: Path) -> RealBroker:
    """The NATS server with MQTT, as the console embeds it."""
    port, config = free_port(), folder / "nats.json"
    config.write_text(
        json.dumps(
            {
                "server_name": "test",
                "host": "127.0.0.1",
                "port": -1,
                "jetstream": {"store_dir": os.fspath(folder / "store"), "sync_interval": "always"},
                "mqtt": {"host": "127.0.0.1", "port": port},
                "max_payload": 8 << 20,
            }
        ),
        "utf-8",
    )
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    return RealBroker(folder, port, [os.fspath(program), "-c", os.fspath(config)])


MAKERS = {"mosquitto": mosquitto, "nats": nats}


@contextmanager
def running_broker(kind: str, folder: Path) -> Iterator[RealBroker]:
    """A started broker that is gone when the block ends."""
    with running(MAKERS[kind](folder)) as broker:
        yield broker


@contextmanager
def running(broker: RealBroker) -> Iterator[RealBroker]:
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
