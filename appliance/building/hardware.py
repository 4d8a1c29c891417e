"""The whole hardware of one appliance, from its configuration and its profile."""

from contextlib import AsyncExitStack

from appliance.building.chips import Chips
from appliance.building.sensing import build_air, build_lines, build_tags
from appliance.building.storage import build_bays, build_camera, build_printer, build_tape
from appliance.building.units import build_panels, build_units
from appliance.building.wires import LocalWires, Wires
from appliance.hardware import Hardware
from appliance.profiles.profile import Profile
from appliance.settings import Config


def build_hardware(config: Config, profile: Profile, wires: Wires | None = None) -> Hardware:
    """The drivers over the machine's ports, buses, lines, devices and commands, or over `wires`.

    Call it in the running loop. Nothing is opened but the digital lines, which are left as they
    are without power.

    Raises:
        SteleError: 5012 the digital lines cannot be used.
    """
    wires = wires or LocalWires()
    links = AsyncExitStack()
    chips = Chips(config, profile, wires, links)
    panels = build_panels(config, profile, chips)
    tape_changer, tape_drives = build_tape(config, profile, wires)
    return Hardware(
        units=build_units(config, profile, wires, panels, build_printer(config, profile, wires)),
        **build_air(profile, chips),
        **build_lines(config, profile, chips, wires, links),
        **build_tags(config, profile, chips, wires),
        magazine_slots={
            reader.place: profile.magazine_slots(reader.place) for reader in config.tag_readers
        },
        slot_sensors={module: panel.sensors for module, panel in panels.items()},
        slot_lights={module: panel.lights.layer("shown") for module, panel in panels.items()},
        bays=build_bays(config, profile, chips, wires),
        tape_changer=tape_changer,
        tape_drives=tape_drives,
        camera=build_camera(config),
        links=links,
    )
