"""`stele-console up`: all of it comes up, comes back after a crash, leaves nothing behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.contract.errors import SteleError
from console.addresses import Addresses, read_addresses, write_addresses
from console.broker import BrokerAddress, free_port, parse_broker_url, port_is_free
from console.processes import only_one
from console.up import run

pytestmark = pytest.mark.timeout(90)


class Console:
    """One `up` as a process of its own. `pids` are those of its children and their children."""

    def __init__(self, data: Path, at: Path | None = None) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-c"),
                "import sys; from pathlib import Path; from console.up import run;"
                "run(Path(sys.argv[1]), 0, 0, lambda text: print('READY', flush=True))",
                os.fspath(data),
            ],
            stdout=subprocess.PIPE,
            cwd=at,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"READY\n"

    @property
    def pids(self) -> dict[int, str]:
        """Its children and their children, and what each of them is."""
        found: dict[int, str] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
                if os.fspath(self.data) in words:
                    kinds = ("nats", "server", "worker", words)
                    found[int(entry.name)] = next(kind for kind in kinds if kind in words)
        return found

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(self.pids.values()))

    @property
    def addresses(self) -> Addresses:
        addresses = read_addresses(self.data)
        assert addresses is not None
        return addresses

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    made = Console(tmp_path / "data")
    yield made
    made.close()


def test_a_data_folder_called_like_the_program_does_not_hide_it(tmp_path: Path) -> None:
    """A folder `console` where `up` is typed is no Python package."""
    (tmp_path / "console" / "worker").mkdir(parents=True)
    made = Console(tmp_path / "console", tmp_path)
    assert {"server", "worker"} <= made.counts.keys()
    made.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for other processes."""
    deadline_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)  # other processes end: nothing here can be waited for


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


WHOLE = {"nats": 1, "server": 2, "worker": 1}


def test_a_signal_ends_everything_and_it_comes_back_at_the_same_addresses(
    console: Console,
) -> None:
    assert console.counts == WHOLE
    with pytest.raises(SteleError) as raised:
        run(console.data, 0, 0)
    assert raised.value.code == 5453
    addresses = console.addresses
    host, port = addresses.page_url.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port))) as stalled:
        stalled.sendall(b"GET /content/1/ HTTP/1.1\r\nHost:")  # never finished
        console.process.send_signal(signal.SIGINT)
        assert console.process.wait(10) == 0
    assert console.counts == {}
    again = Console(console.data)
    try:
        assert again.addresses == addresses
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(10) == 0
        assert again.counts == {}
    finally:
        again.close()


def test_what_crashes_is_started_again_and_kill_9_leaves_nothing_behind(console: Console) -> None:
    log = console.data / "logs" / "worker.log"
    until(lambda: "connected to" in log.read_text())
    before = console.pids
    for pid in before:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: console.counts == WHOLE and not before.keys() & console.pids.keys())
    until(lambda: answers(console.addresses.content_url + "/"))
    until(lambda: log.read_text().count("connected to") == 2)
    console.process.kill()
    console.process.wait()
    until(lambda: console.pids == {})


def test_as_many_processes_run_as_the_settings_say_and_each_comes_back(tmp_path: Path) -> None:
    (tmp_path / "console.toml").write_text("[web]\nprocesses = 2\n[worker]\nprocesses = 3\n")
    console = Console(tmp_path)
    try:
        whole = {"nats": 1, "server": 3, "worker": 3}
        assert console.counts == whole
        before = console.pids
        ready = [tmp_path / f"{name}.ready" for name in ("worker", "worker-2", "worker-3")]
        for pid in [*(int(file.read_text()) for file in ready), web_processes(before)[-1]]:
            os.kill(pid, signal.SIGKILL)
        until(lambda: console.counts == whole and len(before.keys() - console.pids.keys()) == 4)
        until(lambda: {file.read_text() for file in ready} <= {str(p) for p in console.pids})
        until(lambda: answers(console.addresses.content_url + "/"))
        console.process.send_signal(signal.SIGTERM)
        assert console.process.wait(20) == 0
        assert console.counts == {}
        assert not any(file.exists() for file in ready)
    finally:
        console.close()


def web_processes(pids: dict[int, str]) -> list[int]:
    """The web server's processes, the first of them at the head."""
    return sorted(pid for pid, kind in pids.items() if kind == "server")


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for ports in ((taken.getsockname()[1], 0), (0, taken.getsockname()[1])):
            with pytest.raises(SteleError) as raised:
                run(tmp_path, *ports)
            assert raised.value.code == 5455
    assert not (tmp_path / "logs").exists()


def test_a_part_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "token.key").write_bytes(b"cut short")
    with pytest.raises(SteleError) as raised:
        run(tmp_path, 0, 0)
    assert raised.value.code == 5454
    assert "web" in raised.value.message
    assert "4003" in raised.value.detail


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://host", BrokerAddress("host", 1883)),
        ("mqtts://host", BrokerAddress("host", 8883, encrypted=True)),
        ("mqtt://u:p%40x@[::1]:99/", BrokerAddress("::1", 99, "u", "p@x")),
    ],
)
def test_a_broker_url_is_read_and_shown_without_its_secrets(
    url: str, address: BrokerAddress
) -> None:
    assert parse_broker_url(url) == address
    assert "p@x" not in address.url
    assert parse_broker_url(address.url).port == address.port


@pytest.mark.parametrize(
    "url", ["", "host:1883", "http://host", "mqtt://", "mqtt://h:x", "mqtt://h/p"]
)
def test_an_odd_broker_url_is_refused(url: str) -> None:
    with pytest.raises(SteleError) as raised:
        parse_broker_url(url)
    assert raised.value.code == 5450


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(SteleError) as raised:
        free_port("192.0.2.1")
    assert raised.value.code == 5451
    assert not port_is_free("192.0.2.1", 0)


def test_addresses_are_kept_and_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    assert read_addresses(tmp_path) is None
    addresses = Addresses("http://p/", "http://p/content/1", "mqtt://b:1")
    write_addresses(tmp_path, addresses)
    assert read_addresses(tmp_path) == addresses
    (tmp_path / "addresses.json").write_text(json.dumps({"page_url": 5}))
    assert read_addresses(tmp_path) is None


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    with only_one(tmp_path / "lock", "taken"):
        with pytest.raises(SteleError) as raised, only_one(tmp_path / "lock", "taken"):
            pass
        assert raised.value.code == 5453
    with only_one(tmp_path / "lock", "taken"):
        pass
