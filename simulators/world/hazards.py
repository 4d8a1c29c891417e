"""What the safety inputs sense: smoke, water on the floor, the mains."""

import msgspec


class Hazards(msgspec.Struct):
    """As it really is; a sensor's wire may say otherwise."""

    smoke: bool = False
    water: bool = False
    mains_lost: bool = False
    """The cabinet runs on its battery."""
