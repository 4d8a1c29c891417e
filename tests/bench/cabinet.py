"""The firmware as a process over a simulated hybrid cabinet: what it takes, and how fast it stops.

Every byte goes the real way: GPIO through the gpiozero factory over a socket, the robot over a pty.
A relay in the middle of both notes when the door contact's edge goes in and when the feed hold
comes out, so the figure is the firmware's own time, its threads and kernel calls with it.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance.local.client import connected

BIN = Path(sys.executable).parent
# A machine's own pandas would be imported by sqlite-utils; an appliance has none.
FIRMWARE = (
    "import sys; sys.modules.update(pandas=None, numpy=None)\n"
    "from appliance.cli import main; main()"
)
DOOR_LINE = 5
HOLD, RESUME = b"!", b"~"
PATIENCE_S = 60.0
EDGES = 20
WATCH_S = 15.0


class Relay:
    """Two wires with a stopwatch: the GPIO socket and the robot's line."""

    def __init__(self, world: Path) -> None:
        self.edge_at: list[float] = []
        self.hold_at: list[float] = []
        self.resumed = threading.Event()
        self.gpio = world.parent / "gpio-relay.sock"
        self._world = world
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.gpio))
        self._listener.listen()
        self._firmware, follower = os.openpty()
        self._robot = os.open(world / "dev/robot", os.O_RDWR | os.O_NOCTTY)
        for end in (self._firmware, follower, self._robot):
            tty.setraw(end)
        self.port = os.ttyname(follower)
        for work in (self._accept, self._to_robot, self._from_robot):
            threading.Thread(target=work, daemon=True).start()

    def _accept(self) -> None:
        while True:
            inner, _ = self._listener.accept()
            outer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            outer.connect(str(self._world / "gpio.sock"))
            threading.Thread(target=self._copy, args=(inner, outer), daemon=True).start()
            threading.Thread(target=self._note_edges, args=(outer, inner), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    def _note_edges(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for line in source.makefile("rb"):
                told = json.loads(line)
                if told.get("pin") == DOOR_LINE and told.get("value") == 1:
                    self.edge_at.append(time.perf_counter())
                target.sendall(line)

    def _to_robot(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._firmware, 4096):
                if HOLD in data:
                    self.hold_at.append(time.perf_counter())
                if RESUME in data:
                    self.resumed.set()
                os.write(self._robot, data)

    def _from_robot(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._robot, 4096):
                os.write(self._firmware, data)


@contextmanager
def _process(*argv: object, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("ab") as said,
        subprocess.Popen([*map(str, argv)], stdout=subprocess.PIPE, stderr=said) as running,
    ):
        try:
            assert running.stdout is not None
            if running.stdout.readline() != b"ready\n":
                raise RuntimeError(log.read_text("utf-8", "replace")[-2000:])
            yield running
        finally:
            running.terminate()
            running.wait(60)


def _sim(*words: object) -> None:
    subprocess.run(
        [str(BIN / "stele-sim"), *map(str, words)], check=True, stdout=subprocess.DEVNULL
    )


def _config(work: Path, relay: Relay, interval_s: float) -> Path:
    """The cabinet's own wires, but for the two that the relay is in."""
    wires = (work / "world/wires.toml").read_text("utf-8")
    wires = re.sub(r'(?m)(\[changer\]\nport = )".*"', rf'\1"{relay.port}"', wires)
    wires = re.sub(r'(?m)(\[gpio\][^\[]*?chip = )".*"', rf'\1"{relay.gpio}"', wires)
    file = work / "appliance.toml"
    file.write_text(
        '[appliance]\nid = "hybrid-1"\nsite = "north"\nprofile = "hybrid"\nstate_dir = "state"\n'
        '[broker]\nurl = "mqtt://127.0.0.1:1"\nretry_longest_s = 3600\n'
        f"[environment]\ninterval_s = {interval_s}\n{wires}",
        "utf-8",
    )
    return file


def _firmware(work: Path, relay: Relay, interval_s: float) -> Any:
    file = _config(work, relay, interval_s)
    return _process(sys.executable, "-c", FIRMWARE, "run", "--config", file, log=work / "firmware")


def _await_inventory(work: Path) -> None:
    with connected(work / "state/local.sock") as client:
        for answer in client.watch("jobs"):
            jobs = answer.jobs.jobs if answer.jobs else []
            if jobs and all(job.state == "done" for job in jobs):
                return


def _await_motion(work: Path) -> None:
    """Return while the robot is at a slot; homing is broken off by a reset, not by a hold."""
    with connected(work / "state/local.sock") as client:
        for answer in client.watch("library"):
            robots = answer.library.robots if answer.library else []
            if robots and robots[0].state == "moving":
                return


def _load(pid: int) -> tuple[float, float]:
    """Percent of one core over the watch, and megabytes resident now."""

    def used_s() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before_s, began_s = used_s(), time.perf_counter()
    time.sleep(WATCH_S)
    percent = 100 * (used_s() - before_s) / (time.perf_counter() - began_s)
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    resident = re.search(r"VmRSS:\s+(\d+) kB", status)
    return percent, int(resident[1]) / 1000 if resident else 0.0


def _stop_times_ms(work: Path, relay: Relay) -> list[float]:
    """Force the door open while the robot looks into its slots, again and again."""
    times = []
    for _ in range(EDGES):
        _await_motion(work)
        relay.edge_at.clear()
        relay.hold_at.clear()
        relay.resumed.clear()
        _sim("fault", work / "world", "force-door", "front")
        end_s = time.perf_counter() + PATIENCE_S
        while not relay.hold_at:
            if time.perf_counter() > end_s:
                raise RuntimeError("no feed hold came")
            time.sleep(0.005)
        times.append(1000 * (relay.hold_at[0] - relay.edge_at[0]))
        _sim("fault", work / "world", "force-door", "front", "--lift")
        relay.resumed.wait(PATIENCE_S)
    return times


def benchmarks() -> Iterator[dict[str, Any]]:
    """Memory and CPU at rest and with every sensor at 10 Hz; from contact to feed hold."""
    work = Path(tempfile.mkdtemp(prefix="stele-bench-"))
    world = work / "world"
    cabinet = (BIN / "stele-sim", "cabinet", "--profile", "hybrid", "--world", world)
    try:
        with _process(*cabinet, "--discs", 3, log=work / "cabinet"):
            relay = Relay(world)
            with _firmware(work, relay, 2.0):
                times = _stop_times_ms(work, relay)
                _sim("speed", world, 300)
                _await_inventory(work)
                _sim("speed", world, 1)
            for name, interval_s in (("at rest", 2.0), ("every sensor at 10 Hz", 0.1)):
                with _firmware(work, relay, interval_s) as running:
                    time.sleep(10.0)
                    percent, megabytes = _load(running.pid)
                yield {"name": f"firmware CPU, {name}", "value": percent, "unit": "% of a core"}
                yield {
                    "name": f"firmware memory, {name}",
                    "value": megabytes,
                    "unit": "MB",
                    "aim": "under 100",
                }
        spread = (max(times) - min(times)) / 2 / statistics.median(times)
        yield {
            "name": "door contact to feed hold, median",
            "value": statistics.median(times),
            "unit": "ms",
            "runs": len(times),
            "spread": spread,
            "aim": "under 50",
        }
        yield {"name": "door contact to feed hold, worst", "value": max(times), "unit": "ms"}
    finally:
        shutil.rmtree(work)
