"""Ten thousand appliances at one console: what it takes in, how soon, an hour that comes at once.

The console is the real one (`stele-console up`: embedded broker, worker, web), the appliances are
`stele-sim fleet`. All share this machine's cores: a console with a machine of its own does better.
``STELE_BENCH_FLEET=500`` plays fewer appliances.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.broker import broker_program, free_port, write_broker_config

APPLIANCES = int(os.environ.get("STELE_BENCH_FLEET", "10000"))
SITES = 40
HOUR = 24
"""Events of an appliance in an hour. Four drives that never rest fill 8 discs, 8 events each; these
rest five hours of eight."""
LIVE_S = 30
LATE_S = 120
PATIENCE_S = 1_800


def benchmarks() -> Iterator[dict[str, Any]]:
    """An hour of outboxes beside a bare subscriber, then a day's stream of telemetry and events."""
    with _folder() as folder:
        peer_s = _peer(folder)
    with _folder() as folder, _console(folder) as console:
        yield from _burst(console, peer_s)
    # Another one: to the first these would be the same appliances without their memory.
    with _folder() as folder, _console(folder) as console:
        yield from _live(console)


# --- the console ---


class _Console:
    """A running console, seen from outside: its store, its processes."""

    def __init__(self, folder: Path, process: "subprocess.Popen[str]", broker_url: str) -> None:
        self.broker_url = broker_url
        self._process = process
        self._database = folder / "console.db"

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        url = f"file:{self._database}?mode=ro"
        with closing(sqlite3.connect(url, uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()

    def peak_mb(self, word: str) -> float:
        """The largest resident size of any of the console's processes with `word` in its words."""
        found = [0.0]
        for pid in _descendants(self._process.pid):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            if word in words:
                found.append(int(status.split("VmHWM:")[1].split()[0]) / 1024)
        return max(found)


@contextmanager
def _console(folder: Path) -> Iterator[_Console]:
    (folder / "console.toml").write_text("[web]\nport = 0\n[broker]\nport = 0\n")
    up = [sys.executable, "-m", "console.cli", "--data", str(folder), "up", "--json"]
    process = subprocess.Popen(up, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        yield _Console(folder, process, said["broker_url"])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


@contextmanager
def _fleet(url: str, **options: object) -> Iterator["subprocess.Popen[str]"]:
    words = [Path(sysconfig.get_path("scripts")) / "stele-sim", "fleet", "--broker", url]
    for name, value in {"appliances": APPLIANCES, "site-count": SITES, **options}.items():
        words += [f"--{name}", str(value)]
    process = subprocess.Popen([*map(str, words)], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


# --- an hour at once ---


def _burst(console: _Console, peer_s: float) -> Iterator[dict[str, Any]]:
    events = APPLIANCES * HOUR
    quiet = {"telemetry-every-s": 0, "events-per-hour": 0, "status-every-s": 20}
    with _fleet(console.broker_url, outbox=HOUR, **quiet) as fleet:
        _expect(fleet, "ready")
        started_s = time.perf_counter()
        _wait(lambda: _stored(console) >= events, "all events in the store")
        taken_s = time.perf_counter() - started_s
    counted, numbers = console.ask("SELECT count(*), count(DISTINCT appliance) FROM events")[0]
    (behind,) = console.ask("SELECT count(*) FROM appliances WHERE next_seq <> ?", HOUR + 1)[0]
    if (counted, numbers, behind) != (events, APPLIANCES, 0):
        raise RuntimeError(f"{counted} events of {numbers} appliances, {behind} behind")
    peer = {
        "peer": "subscriber + bare INSERT",
        "peer_value": events / peer_s,
        "ratio": peer_s / taken_s,
    }
    name = f"an hour of {APPLIANCES:,} outboxes at once"
    yield {"name": f"{name}: all in the store", "value": taken_s, "unit": "s", "events": events}
    yield {"name": f"{name}: taken in", "value": events / taken_s, "unit": "msg/s", **peer}
    yield {"name": f"{name}: worker's peak", "value": console.peak_mb("worker"), "unit": "MB"}
    yield {"name": f"{name}: broker's peak", "value": console.peak_mb("nats-server"), "unit": "MB"}


def _stored(console: _Console) -> int:
    # By the cursors: an event counts when its effect is in the store.
    return int(console.ask("SELECT coalesce(sum(next_seq - 1), 0) FROM appliances")[0][0])


# --- a day's stream ---


def _live(console: _Console) -> Iterator[dict[str, Any]]:
    with _fleet(console.broker_url, **{"events-per-hour": HOUR * 5}) as fleet:
        _expect(fleet, "taken")
        _wait(lambda: _known(console) >= APPLIANCES, "all appliances in the store")
        delays_s = _delays(console)
        ages_s = [
            (datetime.now(UTC) - _instant(at)).total_seconds()
            for (at,) in console.ask("SELECT library_at FROM appliances WHERE library_at NOT NULL")
        ]
        fleet.send_signal(signal.SIGINT)
        said = json.loads(fleet.stdout.read().splitlines()[-1]) if fleet.stdout else {}
    spoken = APPLIANCES * (4 / 10 + 1 / 60 + HOUR * 5 / 3600)
    name = f"{APPLIANCES:,} appliances live, {spoken:,.0f} msg/s"
    for share, text in ((0.5, "median"), (0.99, "p99")):
        yield {
            "name": f"{name}: event to store, {text}",
            "value": _quantile(delays_s, share) * 1000,
            "unit": "ms",
            "events": len(delays_s),
        }
    yield {
        "name": f"{name}: age of a picture, p99",
        "value": _quantile(ages_s, 0.99),
        "unit": "s",
        "pictures": len(ages_s),
        "said": said,
    }
    yield {"name": f"{name}: worker's peak", "value": console.peak_mb("worker"), "unit": "MB"}
    yield {"name": f"{name}: broker's peak", "value": console.peak_mb("nats-server"), "unit": "MB"}


def _delays(console: _Console) -> list[float]:
    """From publish to store, of all events that happen in `LIVE_S` seconds from now.

    Goes on until later ones come, so that none of them is left out because it is late.
    """
    begun = datetime.now(UTC)
    end = begun + timedelta(seconds=LIVE_S)
    last = int(console.ask("SELECT coalesce(max(rowid), 0) FROM events")[0][0])
    found: list[float] = []
    later = 0
    while later < 20 and datetime.now(UTC) < end + timedelta(seconds=LATE_S):
        time.sleep(0.02)
        rows = console.ask("SELECT rowid, at FROM events WHERE rowid > ?", last)
        seen = datetime.now(UTC)
        last = max([last, *(row for row, _ in rows)])
        happened = [_instant(at) for _, at in rows]
        found += [(seen - at).total_seconds() for at in happened if begun <= at < end]
        later += sum(at >= end for at in happened)
    return found


def _known(console: _Console) -> int:
    return int(console.ask("SELECT count(*) FROM appliances WHERE online")[0][0])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] if values else float("nan")


# --- the peer ---

_PEER = """
import sqlite3, sys, time, json, threading, queue
import paho.mqtt.client as mqtt
port, events, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
db.execute("PRAGMA journal_mode=WAL"); db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE events (appliance, epoch, seq, at, kind, body, "
           "PRIMARY KEY (appliance, epoch, seq))")
came = queue.Queue()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_message = lambda c, u, m: came.put((m.topic, m.payload))
client.on_subscribe = lambda *a: print("ready", flush=True)
client.on_connect = lambda *a: client.subscribe("stele/1/+/+/event", 1)
client.connect("127.0.0.1", port); client.loop_start()
done = 0
while done < events:
    batch = [came.get()]
    while len(batch) < 500 and not came.empty():
        batch.append(came.get())
    rows = []
    for topic, payload in batch:
        told = json.loads(payload)
        _, _, site, name, _ = topic.split("/")
        body = told["body"]
        rows.append((f"{site}/{name}", told["epoch"], told["seq"], told["at"], body["type"],
                     json.dumps(body)))
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT OR IGNORE INTO events VALUES (?,?,?,?,?,?)", rows)
    db.execute("COMMIT")
    done = db.execute("SELECT count(*) FROM events").fetchone()[0] if done + 500 > events else (
        done + len(rows))
print("done", flush=True)
"""


def _peer(folder: Path) -> float:
    """Seconds until a bare subscriber has inserted the same hour of events."""
    port = free_port("127.0.0.1")
    config = write_broker_config(folder, "127.0.0.1", port)
    log = (folder / "broker.log").open("wb")
    broker = subprocess.Popen([str(broker_program()), "-c", str(config)], stderr=log)
    try:
        _wait(lambda: _listens(port), "the broker")
        words = [sys.executable, "-c", _PEER, str(port), str(APPLIANCES * HOUR)]
        with subprocess.Popen(
            [*words, str(folder / "peer.db")], stdout=subprocess.PIPE, text=True
        ) as peer:
            _expect(peer, "ready")
            quiet = {"telemetry-every-s": 0, "events-per-hour": 0, "status-every-s": 3600}
            with _fleet(f"mqtt://127.0.0.1:{port}", outbox=HOUR, **quiet) as fleet:
                _expect(fleet, "ready")
                started_s = time.perf_counter()
                _expect(peer, "done")
                return time.perf_counter() - started_s
    finally:
        broker.kill()
        broker.wait()
        log.close()


# --- all ---


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="stele-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _expect(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == word:
            return
    raise RuntimeError(f"{process.args} ended before it said {word}")


def _wait(condition: Any, what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"waited {PATIENCE_S} s for {what}")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _descendants(pid: int) -> list[int]:
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        children = [
            int(child) for thread in threads for child in (thread / "children").read_text().split()
        ]
    except OSError:
        return []
    return [pid, *children, *(one for child in children for one in _descendants(child))]
