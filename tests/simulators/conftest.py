"""Benches for the simulators' tests: a controller on a table, a world in a folder."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.devices.grbl.controller import Controller, Inputs, Outputs
from simulators.devices.grbl.planner import Contact
from simulators.devices.grbl.settings import Settings
from simulators.world.world import World

HOME = (100.0, 200.0, 30.0)


class GrblBench:
    """A controller whose clock and pins are in the test's hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.probe = False
        self.limits = ""
        self.probe_at_mm: float | None = None
        self.crash_at_mm: float | None = None
        self.settings = Settings((7200.0, 9000.0, 6000.0), (400.0, 500.0, 500.0), (360, 700, 320))
        self.controller = Controller(self.settings)
        self.told: Outputs = self.step()
        self.greeting = self.told.sent.decode()

    def step(self, received: bytes = b"") -> Outputs:
        contact = None
        motion = self.controller.planner.motion
        if motion:
            contact = Contact(motion, self.probe_at_mm, self.crash_at_mm)
        inputs = Inputs(received, self.probe, self.limits, HOME, contact)
        self.told = self.controller.update(self.now_s, inputs)
        return self.told

    def send(self, data: bytes | str, until_s: float = math.inf) -> str:
        """Send, then let time pass until all is quiet or `until_s`; return what was answered."""
        sent = self.step(data.encode() if isinstance(data, str) else data).sent
        for _ in range(10_000):
            self.step()  # a motion that has just begun now learns of its contacts
            sent += self.told.sent
            if self.told.wake_s > until_s or self.told.wake_s == math.inf:
                break
            self.now_s = max(self.now_s, self.told.wake_s)
            sent += self.step().sent
        else:
            raise AssertionError("the controller finds no rest")
        if until_s < math.inf:
            self.now_s = until_s
        return sent.decode()

    def after(self, seconds: float, data: bytes | str = b"") -> str:
        """Let time pass, then send; return the answers to both."""
        return self.send(b"", self.now_s + seconds) + self.send(data, self.now_s + 1e-6)

    def status(self) -> str:
        """The answer to one `?`."""
        return self.send("?", self.now_s + 0.005)


@pytest.fixture
def grbl() -> GrblBench:
    """A controller fresh from power-on, locked."""
    return GrblBench()


@pytest.fixture
def homed(grbl: GrblBench) -> GrblBench:
    grbl.send("$H\n")
    return grbl


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A rack with blank discs of 4 MiB in its first ten slots."""
    made = World.create(tmp_path / "world", discs=10, capacity_sectors=2048)
    yield made
    made.close()
