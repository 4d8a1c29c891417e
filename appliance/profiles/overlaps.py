"""What in a profile stands in one another, or cannot be reached: places, chips, lines, names."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, islice
from typing import TYPE_CHECKING

from appliance.profiles.geometry import Place
from appliance.profiles.wiring import FIRST_EXPANDER, LAST_EXPANDER, MAIN_BUS, ChipPlace

if TYPE_CHECKING:
    from appliance.profiles.profile import Profile

NAMED_MAX = 5
"""So many faults of one kind are named."""


def faults_of(profile: "Profile") -> list[str]:
    """Every reason why the profile cannot be."""
    kinds = (_missing, _slots, _drives, _travel, _magazines, _chips, _gpio, _names)
    return [fault for kind in kinds for fault in islice(kind(profile), NAMED_MAX)]


def chips(profile: "Profile") -> Iterator[tuple[str, ChipPlace]]:
    """Every chip on every bus, with what it is for."""
    sensors = profile.sensors
    for chip in (*sensors.climate, *sensors.dust, *sensors.power):
        yield chip.name, chip.place
    yield from expanders(profile)


def expanders(profile: "Profile") -> Iterator[tuple[str, ChipPlace]]:
    """Every port expander, with what it is for."""
    if profile.bays is not None:
        groups = -(-profile.bays.count // profile.bays.group)
        for number in range(2 * groups):
            what = "power" if number % 2 else "presence"
            yield f"{what} of bay group {number // 2}", profile.bays.expanders.place(number)
    if profile.latches is not None:
        for number in range(-(-len(profile.magazine_places()) // 16)):
            yield f"magazine latches {number}", profile.latches.place(number)
    if profile.modules is not None:
        panel, door = profile.modules.panel, profile.modules.door
        for module in profile.modules.names:
            yield f"door of {module}", ChipPlace(module, door.address, door.mux, door.channel)
            for number in range(panel.expanders):
                yield f"slots {number} of {module}", panel.place(module, number)


def lines(profile: "Profile") -> Iterator[tuple[str, int]]:
    """Every line of the computer itself, with what it is for."""
    for door in profile.doors:
        yield f"contact of {door.name}", door.contact
        yield f"key of {door.name}", door.key
        yield f"bolt of {door.name}", door.bolt
        yield f"lock of {door.name}", door.lock
    for contact in profile.sensors.contacts:
        yield contact.name, contact.line
    for fan in profile.sensors.fans:
        yield f"switch of {fan.name}", fan.switch
        yield f"tachometer of {fan.name}", fan.tachometer


def _missing(profile: "Profile") -> Iterator[str]:
    table, stack = profile.turntable, profile.drive_stack
    if len({part is None for part in (profile.robot, table, stack)}) > 1:
        yield "robot, turntable and drive_stack belong together"
    if profile.nodes and table is None:
        yield "nodes need a turntable"
    if (profile.modules is None) != (profile.desk is None):
        yield "modules and desk belong together"
    if profile.modules is not None and table is not None:
        yield "a cabinet has modules or a turntable, not both"
    if bool(profile.magazines) != (profile.latches is not None):
        yield "magazines and latches belong together"
    if not profile.units and profile.bays is None and profile.tape is None:
        yield "there is no place for any medium"


def _slots(profile: "Profile") -> Iterator[str]:
    table = profile.turntable
    if table is None:
        return
    if table.slots_per_tier >= table.divisions:
        yield f"{table.slots_per_tier} slots leave no gate among {table.divisions} divisions"
        return
    if not table.touch_reach_mm < table.probe_reach_mm <= table.grip_reach_mm:
        yield "the reaches must rise from touch over probe to grip"
    if table.pitch_deg >= table.slot_width_deg and (
        table.tiers == 1 or table.tier_pitch_mm >= profile.media.diameter_mm
    ):
        return
    for (name, place), (other, at) in combinations(table.slots().items(), 2):
        apart_mm, apart_deg = abs(place.lift_mm - at.lift_mm), _apart_deg(place, at)
        if apart_mm < profile.media.diameter_mm and apart_deg < table.slot_width_deg:
            yield (
                f"slots {name} and {other} overlap: {apart_deg:.2f} deg and {apart_mm} mm apart, "
                f"each {table.slot_width_deg} deg wide and {profile.media.diameter_mm} mm high"
            )


def _apart_deg(one: Place, other: Place) -> float:
    apart = abs(one.turn_deg - other.turn_deg) % 360.0
    return min(apart, 360.0 - apart)


def _drives(profile: "Profile") -> Iterator[str]:
    stack = profile.drive_stack
    if stack is None:
        return
    if not stack.drives:
        yield "a drive_stack needs at least one drive"
    if len(stack.stations) > 1 and stack.pitch_mm < stack.height_mm:
        first, second = stack.stations[:2]
        yield (
            f"drives {first} and {second} overlap: {stack.height_mm} mm high at a pitch of "
            f"{stack.pitch_mm} mm"
        )


def _travel(profile: "Profile") -> Iterator[str]:
    """Places where the robot cannot get to."""
    robot = profile.robot
    if robot is None:
        return
    for name, place in {**profile.slots(), **profile.stations()}.items():
        if (
            place.turn_deg > robot.turn_travel_deg
            or place.lift_mm > robot.lift_travel_mm
            or place.reach_mm > robot.reach_travel_mm
        ):
            yield (
                f"{name} at {place.turn_deg:.1f} deg, {place.lift_mm} mm, "
                f"reach {place.reach_mm} mm is out of travel"
            )


def _magazines(profile: "Profile") -> Iterator[str]:
    slots = len(profile.turntable.slots()) if profile.turntable else 0
    for magazine in profile.magazines:
        if not magazine.first_slot <= magazine.last_slot <= slots:
            yield (
                f"magazine {magazine.name} has slots {magazine.first_slot} to "
                f"{magazine.last_slot} of {slots}"
            )
    for one, other in combinations(profile.magazines, 2):
        if max(one.first_slot, other.first_slot) <= min(one.last_slot, other.last_slot):
            shared = max(one.first_slot, other.first_slot)
            yield f"magazines {one.name} and {other.name} overlap: both have slot s{shared:03}"


def _chips(profile: "Profile") -> Iterator[str]:
    """Two chips at one address; a chip on the bus itself answers behind every multiplexer too."""
    users: dict[ChipPlace, list[str]] = defaultdict(list)
    for what, place in chips(profile):
        users[place].append(what)
    for mux in {ChipPlace(place.bus, place.mux) for place in users if place.mux is not None}:
        users[mux].append("a multiplexer")
    for place, whats in users.items():
        direct = () if place.mux is None else users.get(ChipPlace(place.bus, place.address), ())
        if len(whats) + len(direct) > 1:
            yield f"{' and '.join((*whats, *direct))} are both at {place}"
    for what, place in expanders(profile):
        if not FIRST_EXPANDER <= place.address <= LAST_EXPANDER:
            yield f"{what} would be at {place}, where no expander can be"


def _gpio(profile: "Profile") -> Iterator[str]:
    users: dict[int, list[str]] = defaultdict(list)
    for what, number in lines(profile):
        users[number].append(what)
    for number, whats in users.items():
        if len(whats) > 1:
            yield f"GPIO line {number} is used twice: by {' and by '.join(whats)}"


def _names(profile: "Profile") -> Iterator[str]:
    groups: list[tuple[str, tuple[str, ...]]] = [
        ("node", profile.nodes),
        ("drive", profile.drive_stack.stations if profile.drive_stack else ()),
        ("magazine", tuple(magazine.name for magazine in profile.magazines)),
        ("door", tuple(door.name for door in profile.doors)),
        ("sensor", tuple(name for name, _ in chips(profile)) + _contacts(profile)),
    ]
    if profile.desk is not None:
        printer = (profile.desk.printer,) if profile.desk.printer else ()
        groups.append(("drive", (*profile.desk.drives, *printer)))
    if profile.modules is not None:
        groups.append(("module", profile.modules.names))
        if MAIN_BUS in profile.modules.names:
            yield f"no module can be named {MAIN_BUS!r}: that is the cabinet's own bus"
    if profile.tape is not None:
        groups.append(("tape drive", profile.tape.drives))
    for kind, names in groups:
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"{kind}s need names of their own: {name!r} stands {names.count(name)} times"


def _contacts(profile: "Profile") -> tuple[str, ...]:
    return (
        *(contact.name for contact in profile.sensors.contacts),
        *(fan.name for fan in profile.sensors.fans),
    )
