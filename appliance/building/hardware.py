"""The whole hardware of one appliance."""

from appliance.building.units import build_units
from appliance.hardware import Hardware
from appliance.profiles.profile import Profile
from appliance.settings import Config


def build_hardware(config: Config, profile: Profile) -> Hardware:
    """The drivers over the machine's ports, buses, lines, devices and commands."""
    return Hardware(units=build_units(config, profile))
