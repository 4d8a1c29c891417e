"""Rigs of the conformance suites over a simulated cabinet's electronics, whatever the wires."""

from collections.abc import Mapping
from typing import ClassVar

from hal.drivers.ina226.driver import Ina226
from hal.drivers.line import BoltLock, LineContact, TachometerFan
from hal.drivers.mcp23017.driver import Expander
from hal.drivers.mcp23017.polled import PolledLines
from hal.drivers.rdm6300.driver import BAUD as RDM6300_BAUD
from hal.drivers.rdm6300.driver import Rdm6300
from hal.drivers.sht3x.driver import Sht3x
from hal.drivers.slot_panel.driver import SlotPanel
from hal.drivers.sps30.driver import Sps30
from hal.drivers.tca9548a.driver import Multiplexers
from hal.drivers.yrm100.driver import BAUD as YRM100_BAUD
from hal.drivers.yrm100.driver import Yrm100
from hal.transports.interfaces import GpioLines
from tests.conformance import bus_sensor
from tests.conformance.electronics_rig import Wires, set_fault

FAULTS = {
    bus_sensor.ABSENT: "chip-absent",
    bus_sensor.DEAD_BUS: "bus-dead",
    bus_sensor.OTHER_KIND: "chip-wrong",
    bus_sensor.BROKEN_OFF: "chip-short",
    bus_sensor.TWICE: "chip-twice",
    bus_sensor.CHECKSUM: "bad-crc",
    bus_sensor.STUCK: "stuck-value",
}
BACK, FRONT = "n00.g2", "n00.g1"
MODULE = "m1"


class OnTheBus:
    """What the rigs of all sensors have in common: `chip` is its name in the cabinet."""

    chip: ClassVar[str]
    troubles: Mapping[str, frozenset[int]] = bus_sensor.WITH_CHECKSUMS
    twice = frozenset({1012})

    def __init__(self, wires: Wires) -> None:
        self.wires = wires

    def set_trouble(self, name: str, *, present: bool) -> None:
        where = "main" if name == bus_sensor.DEAD_BUS else self.chip
        set_fault(self.wires, FAULTS[name], where, present=present)


class Climate(OnTheBus):
    """In a hybrid cabinet."""

    chip = "climate"

    def __init__(self, wires: Wires) -> None:
        super().__init__(wires)
        self.sensor = Sht3x(wires.bus(), 0x44)

    def set_air(self, temperature_c: float, humidity_pct: float) -> None:
        air = {"temperature_c": temperature_c, "humidity_pct": humidity_pct}
        self.wires.do(lambda cabinet: cabinet.world.air.set_room(air, at_once=True))


class Dust(OnTheBus):
    """In a hybrid cabinet."""

    chip = "dust"

    def __init__(self, wires: Wires) -> None:
        super().__init__(wires)
        self.sensor = Sps30(wires.bus())

    def set_dust(self, pm10_ug_m3: float) -> None:
        air = {"dust_ug_m3": pm10_ug_m3}
        self.wires.do(lambda cabinet: cabinet.world.air.set_room(air, at_once=True))


class Watts(OnTheBus):
    """In a hybrid cabinet."""

    chip = "power"
    troubles: Mapping[str, frozenset[int]] = bus_sensor.ON_ANY_BUS
    twice = frozenset({1016, 1018})

    def __init__(self, wires: Wires) -> None:
        super().__init__(wires)
        self.sensor = Ina226(wires.bus(), stuck_after=bus_sensor.READINGS_MAX - 10)
        self.patient = Ina226(wires.bus())

    @property
    def load_w(self) -> float:
        return self.wires.do(lambda cabinet: cabinet.world.power.watts)

    def change_load(self) -> None:
        self.wires.do(lambda cabinet: cabinet.world.power.set("robot", 60.0))


class Door:
    """The front door of a hybrid cabinet, on the computer's own lines."""

    door = "front"

    def __init__(self, wires: Wires) -> None:
        self.wires = wires
        self.wire_up(wires.gpio(), contact=5, key=19, bolt=13, lock=6)

    def wire_up(self, lines: GpioLines, *, contact: int, key: int, bolt: int, lock: int) -> None:
        self.contact = LineContact("door-front", lines.input(contact, active_high=True))
        self.key = LineContact("key-front", lines.input(key))
        self.lock = BoltLock("front", bolt=lines.input(bolt), release=lines.output(lock))

    async def open_door(self) -> None:
        self.wires.do(lambda cabinet: cabinet.world.doors.open(self.door))

    async def close_door(self) -> None:
        self.wires.do(lambda cabinet: cabinet.world.doors.close(self.door))

    async def turn_key(self, *, turned: bool) -> None:
        self.wires.do(lambda cabinet: cabinet.world.doors.turn_key(self.door, turned=turned))

    async def stick_bolt(self, *, stuck: bool) -> None:
        set_fault(self.wires, "stuck-bolt", self.door, present=stuck)

    async def cut_wire(self, *, cut: bool) -> None:
        set_fault(self.wires, "wire-cut", f"{self.door}.contact", present=cut)

    async def lose_board(self) -> None:
        self.wires.power_off()


class ModuleDoor(Door):
    """The door of a disc cabinet's module, on an expander behind a multiplexer."""

    door = MODULE

    def __init__(self, wires: Wires) -> None:
        self.wires = wires
        bus = Multiplexers(wires.bus(MODULE), (0x70, 0x71, 0x72)).channel(0x72, 0)
        self.lines = PolledLines(Expander(bus, 0x20, outputs=0xFF00, name="door of m1"))
        self.wire_up(self.lines, contact=0, key=1, bolt=2, lock=8)


class SmokeDetector:
    """One of the hybrid cabinet's lines that say of a danger."""

    line, number, danger = "smoke", 17, "smoke"

    def __init__(self, wires: Wires) -> None:
        self.wires = wires
        lines = wires.gpio()
        self.detector = LineContact(self.line, lines.input(self.number, active_high=True))

    def set_danger(self, *, present: bool) -> None:
        set_fault(self.wires, self.danger, "", present=present)

    async def cut_wire(self, *, cut: bool) -> None:
        set_fault(self.wires, "wire-cut", self.line, present=cut)

    async def lose_board(self) -> None:
        self.wires.power_off()


class WaterDetector(SmokeDetector):
    line, number, danger = "water", 27, "wet-floor"


class MainsMonitor(SmokeDetector):
    line, number, danger = "mains", 22, "mains-lost"


class Ventilator:
    """The fan of a hybrid cabinet."""

    def __init__(self, wires: Wires) -> None:
        self.wires = wires
        lines = wires.gpio()
        self.fan = TachometerFan("fan1", power=lines.output(18), tachometer=lines.input(23))

    async def block(self, *, blocked: bool) -> None:
        set_fault(self.wires, "fan-stalled", "fan1", present=blocked)


class Module:
    """A module of a disc cabinet."""

    lost = "m1/0x71.1/0x22"
    """Expander 74: slots 593 to 600."""

    def __init__(self, wires: Wires) -> None:
        self.wires = wires
        self.panel = self.restarted()

    def restarted(self) -> SlotPanel:
        slots = self.wires.do(lambda cabinet: tuple(cabinet.world.layout.units[MODULE].slots))
        self.panel = SlotPanel(
            Multiplexers(self.wires.bus(MODULE), (0x70, 0x71, 0x72)), slots, name=MODULE
        )
        return self.panel

    def full(self) -> set[str]:
        slots = self.panel.slots
        return self.wires.do(
            lambda cabinet: {slot for slot in slots if cabinet.world.disc_at(slot) is not None}
        )

    def lit(self) -> set[str]:
        return self.wires.do(lambda cabinet: set(cabinet.world.state.lights))

    def take_out(self, slot: str) -> None:
        def act(cabinet: "object") -> None:
            world = cabinet.world  # type: ignore[attr-defined]
            world.move(world.disc_at(slot), "outside")

        self.wires.do(act)

    def lose_expander(self, *, lost: bool) -> set[str]:
        set_fault(self.wires, "chip-absent", self.lost, present=lost)
        return set(self.panel.slots[592:600])

    def lose_bus(self) -> None:
        set_fault(self.wires, "bus-dead", MODULE, present=True)


class Magazine:
    """A place of a magazine in a node of a PB library: 125 kHz."""

    place = FRONT

    def __init__(self, wires: Wires) -> None:
        self.wires = wires
        self.reader = self.open_reader()
        self._taken = ""

    def open_reader(self) -> "Rdm6300 | Yrm100":
        return Rdm6300(self.wires.connect(self.place, RDM6300_BAUD), name=self.place)

    def tag(self) -> str | None:
        magazine = self.wires.do(lambda cabinet: cabinet.world.magazines.at(self.place))
        return None if magazine is None else magazine.tag

    def take_magazine(self) -> None:
        self._taken = self.wires.do(lambda cabinet: cabinet.world.take_magazine(self.place))

    def put_magazine(self) -> None:
        self.wires.do(lambda cabinet: cabinet.world.put_magazine(self._taken, self.place))

    def garble(self, *, garbled: bool) -> None:
        set_fault(self.wires, "tag-garbled", self.place, present=garbled)

    def add_stray_tag(self, *, there: bool) -> None:
        set_fault(self.wires, "two-tags", self.place, present=there)

    def silence(self, *, silent: bool) -> None:
        set_fault(self.wires, "reader-silent", self.place, present=silent)


class UhfMagazine(Magazine):
    """The other place: UHF."""

    place = BACK

    def open_reader(self) -> Yrm100:
        return Yrm100(self.wires.connect(self.place, YRM100_BAUD), name=self.place)

    def tag(self) -> str | None:
        magazine = self.wires.do(lambda cabinet: cabinet.world.magazines.at(self.place))
        return None if magazine is None else magazine.epc
