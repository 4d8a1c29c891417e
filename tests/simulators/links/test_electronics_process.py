"""The electronics of a cabinet in a process of its own, through the ends that it serves."""

import errno
import json
import os
import queue
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from gpiozero import DigitalInputDevice, DigitalOutputDevice, OutputDevice
from gpiozero.pins import Factory

from simulators.world.world import read_state

SIM = [sys.executable, "-m", "simulators.cli"]
CONTACT, BOLT, LOCK, SMOKE, TACHOMETER, FAN = 5, 13, 6, 17, 23, 18


class Served:
    """A running `stele-sim cabinet`."""

    def __init__(self, folder: Path, profile: str, speed: str = "10") -> None:
        self.folder = folder
        words = ("cabinet", "--profile", profile, "--world", os.fspath(folder), "--speed", speed)
        self.process = subprocess.Popen([*SIM, *words], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def tell(self, **fault: object) -> None:
        """Bring a fault about, through the control socket."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(os.fspath(self.folder / "control.sock"))
            line.sendall(json.dumps({"fault": fault}).encode() + b"\n")
            answer = json.loads(line.makefile().readline())
        assert "done" in answer, answer

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=20) == 0
        assert self.process.stdout
        self.process.stdout.close()


class Bus:
    """A host on a bus's socket."""

    def __init__(self, path: Path) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.connect(os.fspath(path))

    def transfer(self, address: int, data: bytes, count: int = 0) -> bytes:
        self.line.sendall(struct.pack("<BHH", address, len(data), count) + data)
        status = self.line.recv(1)[0]
        if status:
            raise OSError(status, os.strerror(status))
        answer = b""
        while len(answer) < count:
            answer += self.line.recv(count - len(answer))
        return answer


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("hybrid") / "world", "hybrid")
    yield served
    served.end()


@pytest.fixture
def factory(hybrid: Served) -> Iterator[Factory]:
    """The pin factory as a firmware loads it: by its name, with its chip."""
    (point,) = entry_points(group="gpiozero_pin_factories", name="stele-sim")
    made = point.load()(os.fspath(hybrid.folder / "gpio.sock"))
    yield made
    made.close()


def test_inputs_of_gpiozero_see_contacts_and_their_changes(
    hybrid: Served, factory: Factory
) -> None:
    changes: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
    contact = DigitalInputDevice(CONTACT, pull_up=True, pin_factory=factory)
    contact.when_deactivated = lambda: changes.put(("open", time.monotonic()))
    contact.when_activated = lambda: changes.put(("closed", time.monotonic()))
    assert contact.is_active  # low: the door is closed
    hybrid.tell(what="force-door", where="front")
    assert changes.get(timeout=5)[0] == "open"
    assert not contact.is_active
    began_s = time.monotonic()
    hybrid.tell(what="force-door", where="front", lift=True)
    state, at_s = changes.get(timeout=5)
    assert state == "closed"
    assert at_s - began_s < 0.5
    assert changes.empty()


def test_one_can_wait_for_an_input(hybrid: Served, factory: Factory) -> None:
    smoke = DigitalInputDevice(SMOKE, pull_up=True, pin_factory=factory)
    assert smoke.value == 1
    hybrid.tell(what="smoke")
    assert smoke.wait_for_inactive(timeout=5)
    hybrid.tell(what="smoke", lift=True)
    assert smoke.wait_for_active(timeout=5)


@pytest.mark.parametrize("kind", [OutputDevice, DigitalOutputDevice])
def test_outputs_of_gpiozero_draw_the_bolt(factory: Factory, kind: type[OutputDevice]) -> None:
    bolt = DigitalInputDevice(BOLT, pull_up=True, pin_factory=factory)
    with kind(LOCK, initial_value=False, pin_factory=factory) as lock:
        assert bolt.is_active
        lock.on()
        assert lock.value == 1
        assert bolt.wait_for_inactive(timeout=5)
        lock.off()
        assert bolt.wait_for_active(timeout=5)
        lock.on()
        assert bolt.wait_for_inactive(timeout=5)
    assert bolt.wait_for_active(timeout=5)  # closed, the line is let go


def test_a_callback_may_use_another_line(factory: Factory) -> None:
    lock = DigitalOutputDevice(LOCK, pin_factory=factory)
    bolt = DigitalInputDevice(BOLT, pull_up=True, pin_factory=factory)
    made: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def look() -> None:
        with DigitalInputDevice(SMOKE, pull_up=True, pin_factory=factory) as smoke:
            made.put(smoke.is_active)

    bolt.when_deactivated = look
    lock.on()
    assert made.get(timeout=5) is True
    lock.off()
    assert bolt.wait_for_active(timeout=5)


def test_a_turning_fan_pulses(factory: Factory) -> None:
    pulses: queue.SimpleQueue[None] = queue.SimpleQueue()
    tachometer = DigitalInputDevice(TACHOMETER, pull_up=True, pin_factory=factory)
    tachometer.when_activated = lambda: pulses.put(None)
    with DigitalOutputDevice(FAN, pin_factory=factory) as fan:
        fan.on()
        for _ in range(3):
            pulses.get(timeout=5)


def test_pull_ups_are_the_hosts_to_set(hybrid: Served, factory: Factory) -> None:
    hybrid.tell(what="wire-cut", where="water")
    with DigitalInputDevice(27, pull_up=True, pin_factory=factory) as water:
        assert water.pin.pull == "up"
        assert water.pin.state == 1
        water.pin.pull = "down"
        assert water.pin.state == 0
    hybrid.tell(what="wire-cut", where="water", lift=True)


def test_pins_go_by_their_names_on_the_board(factory: Factory) -> None:
    with DigitalInputDevice("BOARD29", pull_up=True, pin_factory=factory) as contact:
        assert contact.pin.info.name == "GPIO5"
        assert contact.is_active


def test_a_line_that_does_not_exist_is_refused_by_the_cabinet(hybrid: Served) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.fspath(hybrid.folder / "gpio.sock"))
        answers = line.makefile()
        for said, told in (
            (b'{"setup":99,"output":false}', "no line 99"),
            (b'{"set":5,"value":1}', "no output"),
            (b'{"setup":5,"output":false,"pull":"sideways"}', "sideways"),
            (b"[]", ""),
            (b"gremlins", ""),
        ):
            line.sendall(said + b"\n")
            assert told in json.loads(answers.readline())["error"]
        line.sendall(b'{"setup":5,"output":false}\n')
        answer = json.loads(answers.readline())
        assert (answer["pin"], answer["value"]) == (5, 0)
        assert abs(time.monotonic_ns() - answer["at_ns"]) < 5e9


def test_a_cabinet_that_goes_is_noticed(tmp_path: Path) -> None:
    served = Served(tmp_path / "world", "rack")
    (point,) = entry_points(group="gpiozero_pin_factories", name="stele-sim")
    factory = point.load()(os.fspath(tmp_path / "world" / "gpio.sock"))
    contact = DigitalInputDevice(CONTACT, pull_up=True, pin_factory=factory)
    bus = Bus(tmp_path / "world" / "i2c-main.sock")
    bus.transfer(0x44, b"")
    served.end()
    factory.line.until_gone(timeout_s=5)
    with pytest.raises(OSError, match="gone"):
        contact.is_active  # noqa: B018  # asking is what fails
    assert bus.line.recv(1) == b""
    bus.line.close()
    factory.close()
    with pytest.raises(OSError, match="no cabinet answers"):
        point.load()(os.fspath(tmp_path / "world" / "gpio.sock"))


def test_a_bus_is_served_byte_by_byte(hybrid: Served) -> None:
    bus = Bus(hybrid.folder / "i2c-main.sock")
    # 0x40: write FE, read 2 bytes; as the transport's description has it.
    bus.line.sendall(b"\x40\x01\x00\x02\x00\xfe")
    assert bus.line.recv(3) == b"\x00\x54\x49"
    bus.line.sendall(b"\x33\x00\x00\x00\x00")
    assert bus.line.recv(1)[0] == errno.ENXIO
    for byte in b"\x40\x01\x00\x02\x00\xff":  # a request may come in pieces
        bus.line.sendall(bytes([byte]))
    assert bus.line.recv(3) == b"\x00\x22\x60"
    bus.line.sendall(b"\xff\x00\x00\x00\x00")
    assert bus.line.recv(1)[0] == errno.EINVAL
    bus.line.sendall(b"\x40\x01\x00\x02\x00\xfe" * 50)  # and many at once
    answers = b""
    while len(answers) < 150:
        answers += bus.line.recv(200)
    assert answers == b"\x00\x54\x49" * 50
    bus.line.close()


def test_a_chip_that_a_fault_took_away_is_not_there(hybrid: Served) -> None:
    bus = Bus(hybrid.folder / "i2c-main.sock")
    hybrid.tell(what="chip-absent", where="climate")
    with pytest.raises(OSError, match="No such device"):
        bus.transfer(0x44, b"\x24\x00")
    hybrid.tell(what="chip-absent", where="climate", lift=True)
    bus.transfer(0x44, b"\x24\x00")
    time.sleep(0.02)
    assert len(bus.transfer(0x44, b"", 6)) == 6
    bus.line.close()


def test_720_slots_are_read_well_below_half_a_second(tmp_path: Path) -> None:
    served = Served(tmp_path / "world", "disc-cabinet", speed="1")
    try:
        bus = Bus(tmp_path / "world" / "i2c-m1.sock")
        began_s = time.monotonic()
        present = _read_shelf(bus)
        took_s = time.monotonic() - began_s
        assert len(present) == 720
        assert [slot for slot, there in enumerate(present, 1) if there] == list(range(1, 25))
        assert took_s < 0.5
        bus.line.close()
    finally:
        served.end()


def _read_shelf(bus: Bus) -> list[bool]:
    present = []
    for expander in range(90):
        if expander % 8 == 0:
            if expander == 64:
                bus.transfer(0x70, b"\x00")
            bus.transfer(0x70 + expander // 64, bytes([1 << expander // 8 % 8]))
        address = 0x20 + expander % 8
        bus.transfer(address, b"\x0c\xff")
        port = bus.transfer(address, b"\x12", 1)[0]
        present += [not port >> bit & 1 for bit in range(8)]
    return present


def test_a_tag_reader_is_a_terminal(tmp_path: Path) -> None:
    served = Served(tmp_path / "world", "pb-library", speed="1")
    try:
        wires = tomllib.loads((tmp_path / "world" / "wires.toml").read_text())
        ports = {one["place"]: one["port"] for one in wires["tag_readers"]}
        magazines = read_state(tmp_path / "world").magazines
        tags = {one.place: tag for tag, one in magazines.items()}
        asked = os.open(ports["n01.g2"], os.O_RDWR | os.O_NOCTTY)
        os.write(asked, bytes.fromhex("BB 00 22 00 00 22 7E"))
        assert _hear(asked, 24)[8:20] == bytes.fromhex(tags["n01.g2"].rjust(24, "0"))
        os.close(asked)
        by_itself = os.open(ports["n01.g1"], os.O_RDWR | os.O_NOCTTY)
        assert tags["n01.g1"].encode() in _hear(by_itself, 28)
        os.close(by_itself)
    finally:
        served.end()


def _hear(port: int, count: int) -> bytes:
    data = b""
    while len(data) < count:
        ready, _, _ = select.select([port], [], [], 5)
        assert ready, f"only {data!r} came"
        data += os.read(port, 4096)
    return data
