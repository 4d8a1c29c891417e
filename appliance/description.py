"""What an appliance is, in words, from its configuration and its profile."""

from collections.abc import Collection, Iterable, Iterator

from appliance.building.units import robot_ports
from appliance.profiles.profile import Profile
from appliance.settings import Config


def describe(config: Config, profile: Profile) -> list[str]:
    """One sentence or two a subject."""
    return [
        f"Appliance {config.appliance.id} of site {config.appliance.site}: "
        f"{profile.title} ({profile.title_zh}), model {profile.id}.",
        *_discs(config, profile),
        *_robots(config),
        f"Its state is in {config.appliance.state_dir}.",
        f"It reports to the broker {config.broker.host}, port {config.broker.port}, "
        + ("with TLS." if config.broker.tls else "without TLS."),
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


def _robots(config: Config) -> Iterator[str]:
    for unit, port in robot_ports(config).items():
        yield f"The robot of node {unit} is on {port}." if unit else f"Its robot is on {port}."


def _terabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e12:.0f} TB"


def _many(word: str, names: Collection[str]) -> str:
    return f"{word}{'s' if len(names) != 1 else ''} {', '.join(names)}"


def _unused(there: Iterable[str], used: Collection[str]) -> str:
    missing = [name for name in there if name not in used]
    return f"; {', '.join(missing)} of the profile are not used." if missing else "."
