"""What in a configuration contradicts itself or the profile: all of it at once, in words."""

from collections.abc import Collection, Iterator, Sequence

from appliance.contract.errors import SteleError
from appliance.profiles.profile import Profile, load_profile
from appliance.profiles.wiring import MAIN_BUS
from appliance.settings import Config
from appliance.spelling import nearest


def contradictions(config: Config) -> list[str]:
    """A clause for every contradiction."""
    try:
        profile = load_profile(config.appliance.profile)
    except SteleError as error:
        return [f"[appliance] profile: {error.message}"]
    kinds = (_robots, _drives, _modules, _magazines, _printing, _storage, _tape, _wires)
    return [fault for kind in kinds for fault in kind(config, profile)] + list(_addresses(config))


def _robots(config: Config, profile: Profile) -> Iterator[str]:
    if profile.turntable is None:
        if config.changer or config.changers:
            yield f"[changer] is there, but profile {profile.name} has no robot"
    elif not profile.nodes:
        if config.changers:
            yield f"[[changers]] are for nodes, and profile {profile.name} has none: use [changer]"
        if config.changer is None:
            yield f"[changer] is missing: profile {profile.name} has a robot"
    else:
        if config.changer is not None:
            yield f"profile {profile.name} has nodes: use [[changers]] instead of [changer]"
        elif not config.changers:
            yield f"[[changers]] are missing: profile {profile.name} has nodes with robots"
        yield from _known("changers", "unit", [c.unit for c in config.changers], profile.nodes)


def _drives(config: Config, profile: Profile) -> Iterator[str]:
    names = [drive.name for drive in config.drives]
    known = profile.all_drives()
    yield from _known("drives", "name", names, known)
    if known and not names:
        yield f"[[drives]] are missing: profile {profile.name} has optical drives"
    there = {changer.unit for changer in config.changers}
    for name in sorted(set(names) & set(known)):
        unit = name.rpartition(".")[0]
        if profile.nodes and unit not in there:
            yield f"[[drives]] name {name!r} is of node {unit!r}, which no [[changers]] names"
    for unit in sorted(there & set(profile.nodes)):
        if not set(profile.drives(unit)) & set(names):
            yield f"[[changers]] unit {unit!r} has no drive in [[drives]]"


def _modules(config: Config, profile: Profile) -> Iterator[str]:
    known = profile.modules.names if profile.modules else ()
    names = [module.name for module in config.modules]
    yield from _known("modules", "name", names, known)
    if known and not names:
        yield f"[[modules]] are missing: profile {profile.name} has modules"
    buses = {bus.name for bus in config.buses}
    for name in sorted(set(names) & set(known) - buses):
        yield f"[[modules]] name {name!r} has no bus of its name in [[buses]]"


def _magazines(config: Config, profile: Profile) -> Iterator[str]:
    places = [reader.place for reader in config.tag_readers]
    yield from _known("tag_readers", "place", places, profile.magazine_places())
    there = {changer.unit for changer in config.changers}
    for place in sorted(set(places) & set(profile.magazine_places())):
        unit = place.rpartition(".")[0]
        if unit and unit not in there:
            yield f"[[tag_readers]] {place!r} is of node {unit!r}, which no [[changers]] names"


def _printing(config: Config, profile: Profile) -> Iterator[str]:
    if config.printer is not None and profile.printer is None:
        yield f"[printer] is there, but profile {profile.name} has none"
    if config.camera is not None and not profile.has_camera:
        yield f"[camera] is there, but profile {profile.name} has none"


def _storage(config: Config, profile: Profile) -> Iterator[str]:
    known = profile.bays.names if profile.bays else ()
    yield from _known("bays", "name", [bay.name for bay in config.bays], known)
    if config.bays and MAIN_BUS not in {bus.name for bus in config.buses}:
        yield f"[[bays]] need the bus {MAIN_BUS!r} in [[buses]]: their power and locks hang on it"


def _tape(config: Config, profile: Profile) -> Iterator[str]:
    known = profile.tape.drives if profile.tape else ()
    yield from _known("tape_drives", "name", [d.name for d in config.tape_drives], known)
    if config.tape is not None and profile.tape is None:
        yield f"[tape] is there, but profile {profile.name} has no tape unit"
    if (config.tape is None) != (not config.tape_drives):
        yield "[tape] and [[tape_drives]] belong together"


def _wires(config: Config, profile: Profile) -> Iterator[str]:
    modules = profile.modules.names if profile.modules else ()
    yield from _known("buses", "name", [bus.name for bus in config.buses], (MAIN_BUS, *modules))


def _known(section: str, key: str, names: Sequence[str], known: Collection[str]) -> Iterator[str]:
    """Names that the profile does not have, and names that stand twice."""
    for name in sorted(set(names)):
        if name not in known:
            there = nearest(name, known) if known else ": it has nothing of the kind"
            yield f"[[{section}]] {key} {name!r} is not in the profile{there}"
        if names.count(name) > 1:
            yield f"[[{section}]] {key} {name!r} stands {names.count(name)} times"


def _addresses(config: Config) -> Iterator[str]:
    """Two devices at one address."""
    groups = (
        ("changers", "port", [c.port for c in config.changers]),
        ("tag_readers", "port", [reader.port for reader in config.tag_readers]),
        ("drives", "device", [drive.device for drive in config.drives]),
        ("bays", "device", [bay.device for bay in config.bays]),
        ("tape_drives", "device", [drive.device for drive in config.tape_drives]),
        ("buses", "path", [bus.path for bus in config.buses]),
    )
    for section, key, addresses in groups:
        for address in sorted(set(addresses)):
            if addresses.count(address) == 2:
                yield f"[[{section}]] {key} {address!r} stands twice"
            elif addresses.count(address) > 2:
                yield f"[[{section}]] {key} {address!r} stands {addresses.count(address)} times"
    ports = {changer.port for changer in config.changers}
    if config.changer is not None:
        ports.add(config.changer.port)
    for reader in config.tag_readers:
        if reader.port in ports:
            yield f"[[tag_readers]] port {reader.port!r} is a robot's port too"
    drives = {drive.device for drive in config.drives}
    for bay in config.bays:
        if bay.device in drives:
            yield f"[[bays]] device {bay.device!r} is an optical drive's device too"
