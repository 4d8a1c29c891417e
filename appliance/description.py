"""What an appliance is, in words, from its configuration and its profile: what it has, what of the
profile is not used, and who watches what."""

from collections.abc import Collection, Iterator, Sequence

from appliance.building.units import robot_ports
from appliance.profiles.profile import Profile
from appliance.profiles.wiring import MAIN_BUS
from appliance.settings import Config

NAMED_MAX = 12
"""Longer lists are told by their first and last."""


def describe(config: Config, profile: Profile) -> list[str]:
    """One sentence or two a subject."""
    parts = (_discs, _robots, _modules, _magazines, _printing, _disks, _tapes, _air, _doors)
    return [
        f"Appliance {config.appliance.id} of site {config.appliance.site}: "
        f"{profile.title} ({profile.title_zh}), model {profile.id}.",
        *(sentence for part in parts for sentence in part(config, profile)),
        f"Its state is in {config.appliance.state_dir}.",
        f"It reports to the broker {config.broker.host}, port {config.broker.port}, "
        + ("with TLS." if config.broker.tls else "without TLS."),
        *_local(config),
    ]


def _discs(config: Config, profile: Profile) -> Iterator[str]:
    slots = [slot for unit in robot_ports(config) for slot in profile.slots(unit)]
    slots += [slot for module in config.modules for slot in profile.module_slots(module.name)]
    if not slots:
        yield "It has no slots for discs."
        return
    capacity_bytes = profile.media.nominal_capacity_bytes
    drives = [drive.name for drive in config.drives]
    yield (
        f"It has {len(slots)} slots ({_terabytes(len(slots) * capacity_bytes)} with "
        f"{capacity_bytes / 1e9:.0f} GB discs) and uses {_many('drive', drives)}"
        + _unused(profile.all_drives(), drives)
    )


def _robots(config: Config, profile: Profile) -> Iterator[str]:
    ports = robot_ports(config)
    for unit, port in ports.items():
        yield f"The robot of node {unit} is on {port}." if unit else f"Its robot is on {port}."
    if len(ports) > 1:
        yield "If a robot or its line fails, its node alone stands still; the others go on."
    if unused := [node for node in profile.nodes if node not in ports]:
        yield f"{_many('Node', unused)} of the profile {_are(unused)} not used."


def _modules(config: Config, profile: Profile) -> Iterator[str]:
    if profile.modules is None:
        return
    names = [module.name for module in config.modules]
    yield (
        f"A person carries the discs of {_many('module', names)} to the desk, guided by the lights "
        "and checked by the sensors of the slots" + _unused(profile.modules.names, names)
    )


def _magazines(config: Config, profile: Profile) -> Iterator[str]:
    if not profile.magazines:
        return
    units = robot_ports(config)
    there = [p for p in profile.magazine_places() if p.rpartition(".")[0] in units]
    read = [reader.place for reader in config.tag_readers]
    if read:
        yield f"Tags are read at {_many('magazine place', read)}."
    if blind := [place for place in there if place not in read]:
        yield f"Nobody reads {_many('magazine place', blind)}: what is there cannot be taken out."
    if read and MAIN_BUS not in {bus.name for bus in config.buses}:
        yield "Without the bus 'main' in [[buses]] no magazine can be released."


def _printing(config: Config, profile: Profile) -> Iterator[str]:
    if profile.printer is None:
        return
    if config.printer is None:
        yield f"Printer {profile.printer} of the profile is not used."
        return
    checked = (
        f"the camera {config.camera.device} checks them" if config.camera else "nobody checks them"
    )
    yield f"Labels are printed by {profile.printer}, queue {config.printer.queue!r}; {checked}."


def _disks(config: Config, profile: Profile) -> Iterator[str]:
    if profile.bays is None:
        return
    names = [bay.name for bay in config.bays]
    if not names:
        yield f"The {profile.bays.count} hard disk bays of the profile are not used."
        return
    yield (
        f"It uses hard disk {_many('bay', names)}, up to "
        f"{_terabytes(len(names) * profile.bays.largest_bytes)}; a disk idle for "
        f"{config.disks.idle_off_s:g} s is switched off, and two start "
        f"{config.disks.start_every_s:g} s apart" + _unused(profile.bays.names, names)
    )


def _tapes(config: Config, profile: Profile) -> Iterator[str]:
    if profile.tape is None:
        return
    if config.tape is None:
        yield "The tape unit of the profile is not used."
        return
    names = [drive.name for drive in config.tape_drives]
    yield (
        f"It has {profile.tape.slots} tape slots on {config.tape.changer} and uses "
        f"{_many('tape drive', names)}" + _unused(profile.tape.drives, names)
    )


def _air(config: Config, profile: Profile) -> Iterator[str]:
    """Who measures air and power, and who notices smoke and water."""
    buses = {bus.name for bus in config.buses}
    sensors = profile.sensors
    chips = (*sensors.climate, *sensors.dust, *sensors.power)
    if read := [chip.name for chip in chips if chip.bus in buses]:
        policy = config.environment.policy
        yield (
            f"Every {config.environment.interval_s:g} s it reads {_many('sensor', read)}; the "
            f"limits are {f'those of {policy}' if policy else 'its own'}."
        )
    if blind := [chip.name for chip in chips if chip.bus not in buses]:
        yield f"Nobody reads {_many('sensor', blind)}: their bus is not in [[buses]]."
    felt = [contact.name for contact in sensors.contacts]
    fans = [fan.name for fan in sensors.fans]
    if config.gpio is None and felt + fans:
        yield f"Nobody watches {', '.join(felt + fans)}: there is no [gpio]."
    elif felt + fans:
        yield f"It watches {', '.join(felt + fans)} on the chip {config.gpio.chip}."  # type: ignore[union-attr]


def _doors(config: Config, profile: Profile) -> Iterator[str]:
    doors = [door.name for door in profile.doors]
    buses = {bus.name for bus in config.buses}
    watched = doors if config.gpio is not None else []
    watched = [*watched, *(module.name for module in config.modules if module.name in buses)]
    if watched:
        yield (
            f"{_many('Door', watched)} {'opens' if len(watched) == 1 else 'open'} with a key and "
            "a PIN, and only when nothing moves."
        )
    if doors and config.gpio is None:
        moves = " and a robot moves while they are open" if profile.robot is not None else ""
        yield f"Nobody watches {_many('door', doors)}{moves}: there is no [gpio]."


def _local(config: Config) -> Iterator[str]:
    socket = config.local.socket or config.appliance.state_dir / "local.sock"
    yield f"At the cabinet it answers on {socket}."


def _terabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e12:.0f} TB"


def _are(names: Collection[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _many(word: str, names: Sequence[str]) -> str:
    """The names after their word; of a long list first, last and count."""
    listed = ", ".join(names)
    if len(names) > NAMED_MAX:
        listed = f"{names[0]} to {names[-1]} ({len(names)})"
    return f"{word}{'s' if len(names) != 1 else ''} {listed}"


def _unused(there: Sequence[str], used: Collection[str]) -> str:
    missing = [name for name in there if name not in used]
    if not missing:
        return "."
    listed = ", ".join(missing)
    if len(missing) > NAMED_MAX:
        listed = f"{missing[0]} to {missing[-1]} ({len(missing)})"
    return f"; {listed} of the profile {_are(missing)} not used."
