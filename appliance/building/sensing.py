"""Sensors of air and power, contacts, doors, fans, and what tells a magazine."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import TypedDict

from appliance.building.chips import Chips
from appliance.building.wires import Wires
from appliance.contract.errors import SteleError
from appliance.profiles.profile import Profile
from appliance.profiles.wiring import MAIN_BUS, ChipPlace, Door, ModuleDoor, line_number
from appliance.settings import Config
from hal.drivers.ina226.driver import Ina226
from hal.drivers.line.contact import LineContact
from hal.drivers.line.fan import TachometerFan
from hal.drivers.line.lock import BoltLock, Latch
from hal.drivers.mcp23017.polled import PolledLines
from hal.drivers.rdm6300.driver import Rdm6300
from hal.drivers.sht3x.driver import Sht3x
from hal.drivers.sps30.driver import Sps30
from hal.drivers.yrm100.driver import Yrm100
from hal.interfaces.climate_sensor import ClimateSensor
from hal.interfaces.contact import Contact
from hal.interfaces.dust_sensor import DustSensor
from hal.interfaces.fan import Fan
from hal.interfaces.lock import Lock
from hal.interfaces.power_meter import PowerMeter
from hal.interfaces.tag_reader import TagReader
from hal.transports.interfaces import GpioLines

UNUSABLE_LINES = 5012
READERS: dict[str, tuple[type[Rdm6300] | type[Yrm100], int]] = {
    "rdm6300": (Rdm6300, 9600),
    "yrm100": (Yrm100, 115_200),
}
"""Driver and speed of each kind of tag reader."""
LATCHES_AN_EXPANDER = 16


class Air(TypedDict):
    climate: dict[str, ClimateSensor]
    dust: dict[str, DustSensor]
    power: dict[str, PowerMeter]


class Lines(TypedDict):
    contacts: dict[str, Contact]
    locks: dict[str, Lock]
    fans: dict[str, Fan]


class Tags(TypedDict):
    tag_readers: dict[str, TagReader]
    latches: dict[str, Lock]


def build_air(profile: Profile, chips: Chips) -> Air:
    """The sensors on those buses that the configuration names."""
    sensors = profile.sensors
    return Air(
        climate={
            chip.name: Sht3x(chips.bus_of(chip.place), chip.address, name=chip.name)
            for chip in sensors.climate
            if chips.has_bus(chip.bus)
        },
        dust={
            chip.name: Sps30(chips.bus_of(chip.place), chip.address, name=chip.name)
            for chip in sensors.dust
            if chips.has_bus(chip.bus)
        },
        power={
            chip.name: Ina226(
                chips.bus_of(chip.place),
                chip.address,
                name=chip.name,
                shunt_ohm=chip.shunt_ohm,
                current_lsb_a=chip.current_lsb_a,
            )
            for chip in sensors.power
            if chips.has_bus(chip.bus)
        },
    )


def build_lines(
    config: Config, profile: Profile, chips: Chips, wires: Wires, links: AsyncExitStack
) -> Lines:
    """Contacts, locks and fans on the computer's own lines, and the doors of modules.

    Raises:
        SteleError: 5012 the lines cannot be used.
    """
    built = Lines(contacts={}, locks={}, fans={})
    if config.gpio is not None:
        try:
            gpio = wires.gpio(config.gpio.factory, config.gpio.chip)
            links.callback(gpio.close)
            _build_gpio(profile, gpio, built, links)
        except OSError as error:
            raise SteleError(
                UNUSABLE_LINES,
                f"the digital lines of {config.gpio.factory!r}, chip {config.gpio.chip!r}, "
                "cannot be used",
                str(error),
            ) from error
    if profile.modules is not None:
        for module in config.modules:
            if chips.has_bus(module.name):
                _build_module_door(module.name, profile.modules.door, chips, built, links)
    return built


def _build_gpio(profile: Profile, gpio: GpioLines, built: Lines, links: AsyncExitStack) -> None:
    """Low is the good answer of contact, smoke, water and mains, so a cut wire is not."""
    for line in profile.sensors.contacts:
        built["contacts"][line.name] = LineContact(
            line.name, gpio.input(line.line, active_high=True)
        )
    for door in profile.doors:
        for name, number, active_high in _door_lines(door):
            line_in = gpio.input(number, active_high=active_high)
            built["contacts"][name] = LineContact(name, line_in)
        built["locks"][door.name] = BoltLock(
            door.name, bolt=gpio.input(door.bolt), release=gpio.output(door.lock)
        )
    for fan in profile.sensors.fans:
        turning = TachometerFan(
            fan.name, power=gpio.output(fan.switch), tachometer=gpio.input(fan.tachometer)
        )
        links.callback(turning.close)
        built["fans"][fan.name] = turning
    for contact in built["contacts"].values():
        links.callback(contact.close)


def _door_lines(door: Door) -> Iterator[tuple[str, int, bool]]:
    """A door's contact is closed, a key turned, when its line is low."""
    yield f"door-{door.name}", door.contact, True
    yield f"key-{door.name}", door.key, False


def _build_module_door(
    module: str, door: ModuleDoor, chips: Chips, built: Lines, links: AsyncExitStack
) -> None:
    place = ChipPlace(module, door.address, door.mux, door.channel)
    lock = line_number(door.lock)
    name = f"door of {module}"
    lines = PolledLines(chips.expander(place, outputs=1 << lock, name=name))
    links.callback(lines.close)
    contact = lines.input(line_number(door.contact), active_high=True)
    key = lines.input(line_number(door.key))
    built["contacts"][f"door-{module}"] = LineContact(f"door-{module}", contact)
    built["contacts"][f"key-{module}"] = LineContact(f"key-{module}", key)
    built["locks"][module] = BoltLock(
        module, bolt=lines.input(line_number(door.bolt)), release=lines.output(lock)
    )


def build_tags(config: Config, profile: Profile, chips: Chips, wires: Wires) -> Tags:
    """Readers at the places that the configuration names, and the latches of these places."""
    kinds = {magazine.name: magazine.reader for magazine in profile.magazines}
    built = Tags(tag_readers={}, latches={})
    places = profile.magazine_places()
    for reader in config.tag_readers:
        driver, baud = READERS[kinds[reader.place.rpartition(".")[2]]]
        built["tag_readers"][reader.place] = driver(
            wires.serial(reader.port, baud), name=f"tag reader {reader.place}"
        )
        if profile.latches is not None and chips.has_bus(MAIN_BUS):
            number, bit = divmod(places.index(reader.place), LATCHES_AN_EXPANDER)
            expander = chips.expander(
                profile.latches.place(number), outputs=0xFFFF, name=f"latches {number}"
            )
            built["latches"][reader.place] = Latch(
                reader.place, release=expander.pin(bit, active_high=True)
            )
    return built
